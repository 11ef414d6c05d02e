/* reap.h: the end of a whole tree.  */
#ifndef PJ_REAP_H
#define PJ_REAP_H

#include "run/process.h"

/* Whether the leader has ended.  Never blocks.  */
int pj_reap_has_ended(pj_process *process);

/* Kills all of it, waits for the leader, and collects its status.  -1 if the
   leader does not exit within the bound.  */
int pj_reap_tree(pj_process *process);

#endif
