/*
 * init.c: the first process of a pid namespace, on Linux.
 *
 * A program of its own (csrc/init), so nothing of the host's memory is in
 * it.  It is what its namespace calls process 1: orphans become its
 * children, and when it ends the kernel kills all that is left.  It is made
 * undumpable, so that nothing in the namespace can change what it tells.
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

/* The program shares this memory until it executes, with this process
   suspended.  The stack is apart, with a page below it that stops what
   would run over.  */
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

/* Reaps all that has ended; the program's status is what the parent waits
   for.  */
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

/* Where the init keeps what it listens to.  The program gets its streams in
   their place.  */
enum { LIFELINE, SIGNALS, HEARD };

/* The lifeline kills the program's group, and the end of the program is the
   end of the namespace.  But a tracer of the program, in a session of its
   own, can hold that end back: so the init has a reading end, too, and goes
   when the host does.  */
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

/* Signals from the host are for the program's group: init itself is
   immune to them.  */
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

/* The death signal is for the time until the program is executed: a hanging
   exec holds this process up, and with it a copy of the lifeline.  Later it
   would be wrong, because it comes with the end of a thread: it is off before
   the host hears of the exec, and that thread can go on.  */
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
    /* A host that ignores SIGCHLD would have its child never see one.  */
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
    /* It was executed, or has said that it was not.  */
    syscall(SYS_write, plan->report_fd, "e", (size_t)1);
    if (syscall(SYS_close_range, (unsigned)HEARD, ~0U, 0U) != 0)
        for (int fd = HEARD; fd < 4096; fd++)
            syscall(SYS_close, fd);
    serve(plan, child);
}
