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

/* All steps from here to the program.  */
void pj_child_become(const pj_child_plan *plan) __attribute__((noreturn));

/* To the program of csrc/init, which reads `order_fd` and goes on.  */
void pj_child_hand_over(const pj_child_plan *plan, int order_fd,
                        char *const *argv) __attribute__((noreturn));

/* The init of a pid namespace: starts the program as its child, reaps,
   forwards signals, and ends when that child ends.  */
void pj_child_init(const pj_child_plan *plan) __attribute__((noreturn));

#endif
