/*
 * init.c: the first process of a pid namespace, on Linux.
 *
 * A separate program (csrc/init), so it contains nothing of the host's
 * memory.  It is process 1 of its namespace: orphans become its children,
 * and when it exits the kernel kills all that is left.  It is made
 * undumpable, so that nothing in the namespace can alter what it reports.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <linux/prctl.h>
#include <linux/signalfd.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/linux/child.h"
#include "system/linux/init.h"
#include "system/linux/steps.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static int
start_entry(void *plan)
{
    pj_child_become(plan);
}

/* The program shares this memory until it executes, while this process is
   suspended.  Its stack is separate, with a guard page below it.  */
static long
start_program(const pj_child_plan *plan)
{
    enum { PAGE = 65536, STACK = 65536 };
    char *low = (char *)syscall(SYS_mmap, NULL, (size_t)PAGE + STACK,
                                PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, (off_t)0);

    if ((long)low == -1
        || syscall(SYS_mprotect, low, (size_t)PAGE, PROT_NONE) != 0)
        return -1;
    return clone(start_entry, low + PAGE + STACK,
                 CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)plan);
}

static uint64_t
bit(int number)
{
    return UINT64_C(1) << (number - 1);
}

/* Reaps everything that has ended; the parent waits for the program's
   status.  */
static void
reap(const pj_child_plan *plan, long program)
{
    siginfo_t info;

    for (;;) {
        info.si_pid = 0;
        if (syscall(SYS_waitid, P_ALL, 0, &info, WEXITED | WNOHANG, NULL)
            != 0 || info.si_pid == 0)
            return;
        if (info.si_pid != program)
            continue;
        plan->report->code = info.si_status;
        plan->report->end = info.si_code == CLD_EXITED ? PJ_END_EXITED
                                                       : PJ_END_SIGNALED;
        for (;;)
            syscall(SYS_exit_group, 0);
    }
}

/* Descriptors the init listens to.  In the program the streams take their
   place.  */
enum { LIFELINE, SIGNALS, HEARD };

/* The lifeline kills the program's group, and the namespace ends with the
   program.  But a tracer of the program, in a session of its own, can hold
   its end back, so the init keeps a read end, too, and exits when the host
   does.  */
static int
listen_to(const pj_child_plan *plan)
{
    const uint64_t set = bit(SIGCHLD) | bit(SIGTERM) | bit(SIGINT)
        | bit(SIGHUP) | bit(SIGQUIT) | bit(SIGUSR1) | bit(SIGUSR2)
        | bit(SIGCONT);
    long signals = syscall(SYS_signalfd4, -1, &set,
                           (size_t)KERNEL_SIGSET_SIZE, 0);

    if (signals < 0)
        return -1;
    return syscall(SYS_dup3, signals, SIGNALS, 0) < 0
        || syscall(SYS_dup3, plan->lifeline[0], LIFELINE, 0) < 0 ? -1 : 0;
}

/* Signals from the host are for the program's group; init itself is immune
   to them.  */
static void
forward(long program)
{
    struct signalfd_siginfo info;

    if (syscall(SYS_read, SIGNALS, &info, sizeof info) == sizeof info
        && info.ssi_signo != SIGCHLD)
        syscall(SYS_kill, -program, info.ssi_signo);
}

static void __attribute__((noreturn))
serve(const pj_child_plan *plan, long program)
{
    struct pollfd fds[HEARD] = {[LIFELINE] = {.fd = LIFELINE},
                                [SIGNALS] = {SIGNALS, POLLIN, 0}};

    for (;;) {
        reap(plan, program);
        if (syscall(SYS_ppoll, fds, (size_t)HEARD, NULL, NULL, (size_t)0)
            < 0)
            continue;
        if (fds[LIFELINE].revents != 0)
            syscall(SYS_exit_group, 0);
        if (fds[SIGNALS].revents != 0)
            forward(program);
    }
}

/* The death signal is needed until the program is executed: a hanging exec
   blocks this process, which holds a copy of the lifeline.  Later it would be
   wrong, because it is sent when the parent thread exits, so it is off before
   the exec is reported to the host and that thread can continue.  */
static int
follow_host(int signal)
{
    return (int)syscall(SYS_prctl, PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

void
pj_child_init(const pj_child_plan *plan)
{
    long child;

    if (follow_host(SIGKILL) != 0)
        pj_child_give_up(plan, PJ_STEP_PARENT);
    /* If the host ignores SIGCHLD, its child would never receive one.  */
    if (pj_child_default_signals() != 0)
        pj_child_give_up(plan, PJ_STEP_SIGNALS);
    if (syscall(SYS_setsid) < 0)
        pj_child_give_up(plan, PJ_STEP_SESSION);
    if (syscall(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        pj_child_give_up(plan, PJ_STEP_NAMESPACE);
    if (listen_to(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_GUARD);
    child = start_program(plan);
    if (child < 0)
        pj_child_give_up(plan, PJ_STEP_NONE);
    follow_host(0);
    /* It has executed, or has reported a failure.  */
    syscall(SYS_write, plan->report_fd, "e", (size_t)1);
    if (syscall(SYS_close_range, (unsigned)HEARD, ~0U, 0U) != 0)
        for (int fd = HEARD; fd < 4096; fd++)
            syscall(SYS_close, fd);
    serve(plan, child);
}
