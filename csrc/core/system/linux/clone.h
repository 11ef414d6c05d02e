/* clone.h: making a child.  */
#ifndef PJ_CLONE_H
#define PJ_CLONE_H

#include "system/platform.h"

/* Starts a child at `entry`, on its own stack, with every signal blocked: no
   handler of the host may run in it.  `flags` are those of clone.  -1 with
   errno.  */
int pj_clone(int (*entry)(void *), void *argument, char *stack_end, int flags,
             pj_child *child);

#endif
