/*
 * steps.c: what every step between clone and exec needs, on Linux.
 *
 * The contract: the child may share its parent's memory (CLONE_VM) while
 * another thread of that parent holds any lock.  So nothing here allocates,
 * locks, formats, or calls into libc beyond syscall(2): no stdio, no
 * sigaction wrapper, no closedir.  The parent put all that is needed into
 * the plan.  The child writes only its own stack, the report, and errno,
 * which belongs to the thread that is suspended until the child executes
 * or exits.  A test checks the external functions this file may call.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "system/linux/steps.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Status 127 is never mistaken for the program's own: the stage decides.
   The byte wakes a parent that waits for the end of the pipe, which a copy
   of this process may hold open.  */
void
pj_child_give_up(const pj_child_plan *plan, int step)
{
    plan->report->number = errno;
    plan->report->step = step;
    plan->report->stage = PJ_STAGE_FAILED;
    if (plan->report_fd >= 0)
        syscall(SYS_write, plan->report_fd, "f", (size_t)1);
    for (;;)
        syscall(SYS_exit_group, 127);
}

/* exec keeps ignored signals ignored (Python ignores SIGPIPE), and no
   handler of the parent may run here once signals are unblocked.  */
int
pj_child_default_signals(void)
{
    /* Zeros mean SIG_DFL without flags in every kernel's layout.  */
    static const char action[64] = {0};

    for (int number = 1; number <= KERNEL_SIGNALS; number++)
        if (number != SIGKILL && number != SIGSTOP
            && syscall(SYS_rt_sigaction, number, action, NULL,
                       (size_t)KERNEL_SIGSET_SIZE) != 0)
            return -1;
    return 0;
}
