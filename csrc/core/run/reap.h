/* reap.h: the end of a whole tree.  */
#ifndef PJ_REAP_H
#define PJ_REAP_H

#include "run/process.h"

/* Whether the leader has ended; looks, and never blocks.  */
int pj_reap_has_ended(pj_process *process);

/* Kills all of it, waits for the leader, and takes its status.  -1 when the
   kernel does not let go of it within the bound.  */
int pj_reap_tree(pj_process *process);

#endif
