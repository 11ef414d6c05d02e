/* clone.c: making a child, and whether it really shares memory if asked to.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "system/linux/clone.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/linux/linux.h"

/* Blocks every signal, including those that libc reserves and sigfillset
   leaves out: no handler of the host may run in the child.  */
static void
set_mask(const uint64_t *mask, uint64_t *old)
{
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, old, sizeof *mask);
}

/* CLONE_PIDFD is new in 5.2: older kernels
   ignore it, and some containers refuse it.  */
int
pj_clone(int (*entry)(void *), void *argument, char *stack_end, int flags,
            pj_child *child)
{
    uint64_t all = ~(uint64_t)0, old;
    int number;

    child->pidfd = -1;
    set_mask(&all, &old);
    child->pid = clone(entry, stack_end, flags | CLONE_PIDFD | SIGCHLD,
                       argument, &child->pidfd, NULL, NULL);
    if (child->pid < 0 && errno == EINVAL)
        child->pid = clone(entry, stack_end, flags | SIGCHLD, argument, NULL,
                           NULL, NULL);
    number = errno;
    set_mask(&old, NULL);
    errno = number;
    if (child->pid < 0)
        return -1;
    /* The child has not been reaped yet, unless the host ignores SIGCHLD;
       then the open fails.  */
    if (child->pidfd < 0)
        child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    return 0;
}

static int
set_flag(void *flag)
{
    *(volatile int *)flag = 1;
    return 0;
}

int
pj_platform_probe_memory(void)
{
    enum { STACK = 16 * 1024 };
    char stack[STACK] __attribute__((aligned(16)));
    volatile int flag = 0;
    pj_child child = {-1, -1, NULL};
    pj_status status;

    if (pj_clone(set_flag, (void *)&flag, stack + STACK,
                    CLONE_VM | CLONE_VFORK, &child) < 0)
        return errno == EINVAL ? -1 : 0;
    while (pj_platform_look(&child) == PJ_LOOK_RUNNING)
        sched_yield();
    pj_platform_reap(&child, &status);
    pj_platform_close(&child);
    return flag ? 1 : -1;
}
