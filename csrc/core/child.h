/* child.h: what child.c and child_init.c share.  Both run between clone and
   exec, under the contract at the top of child.c.  */
#ifndef PJ_CHILD_H
#define PJ_CHILD_H

#include "spawn.h"

/* Reports the failed step with errno, and ends.  */
void pj_child_give_up(const pj_child_plan *plan, int step)
    __attribute__((noreturn));

/* Every signal to its default disposition.  0, or -1 with errno.  */
int pj_child_default_signals(void);

/* For the probe of features.c: does what the init of a namespace would do
   first, and returns 0 when that works.  Takes a pj_child_plan.  */
int pj_child_probe(void *plan);

/* The init of a pid namespace: starts `program` as its child, reaps,
   forwards signals, and ends when that child ends.  */
void pj_child_init(const pj_child_plan *plan,
                   void (*program)(const pj_child_plan *))
    __attribute__((noreturn));

#endif
