/* steps.h: what every step of a child needs.  */
#ifndef PJ_STEPS_H
#define PJ_STEPS_H

#include "system/plan.h"

/* The kernel's signal set is 64 bits, whatever libc's sigset_t is.  */
#define KERNEL_SIGNALS 64
#define KERNEL_SIGSET_SIZE (KERNEL_SIGNALS / 8)

/* Reports the failed step with errno, and exits.  */
void pj_child_give_up(const pj_child_plan *plan, int step)
    __attribute__((noreturn));

/* Every signal to its default disposition.  0, or -1 with errno.  */
int pj_child_default_signals(void);

#endif
