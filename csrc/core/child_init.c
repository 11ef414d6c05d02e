/*
 * child_init.c: the first process of a pid namespace, on Linux.
 *
 * It is a copy of the host that never executes anything, so the contract at
 * the top of child.c holds for all of its life.  It is what its namespace
 * calls process 1: orphans become its children, and when it ends the kernel
 * kills all that is left.
 *
 * The copy holds whatever the host had in memory.  It is made undumpable
 * before the program starts, so that nothing in the namespace can read it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define KERNEL_SIGSET_SIZE 8

struct start {
    const pj_child_plan *plan;
    void (*program)(const pj_child_plan *);
};

static int
write_text(const char *path, const char *text)
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC,
                          0);
    long size = 0, wrote;

    if (fd < 0)
        return -1;
    while (text[size] != '\0')
        size++;
    wrote = syscall(SYS_write, fd, text, (size_t)size);
    syscall(SYS_close, fd);
    return wrote == size ? 0 : -1;
}

/* A user namespace knows nobody until it is told.  Without the right to
   change groups it may map one of each.  */
static int
map_user(const pj_child_plan *plan)
{
    if (plan->uid_map == NULL)
        return 0;
    if (write_text("/proc/self/setgroups", "deny") != 0
        || write_text("/proc/self/uid_map", plan->uid_map) != 0)
        return -1;
    return write_text("/proc/self/gid_map", plan->gid_map);
}

int
pj_child_probe(void *plan)
{
    return map_user(plan) == 0 ? 0 : 1;
}

/* The host is in another namespace, where getppid does not reach; but it
   holds the reading end of the report's pipe as long as it lives.  */
static int
follow_host(const pj_child_plan *plan)
{
    struct pollfd fd = {plan->report_fd, 0, 0};
    struct timespec none = {0, 0};

    if (syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return -1;
    if (syscall(SYS_ppoll, &fd, 1U, &none, NULL, 0) < 0)
        return -1;
    if (fd.revents & POLLERR) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

static int
start_entry(void *argument)
{
    const struct start *start = argument;

    start->program(start->plan);
    return 127;
}

/* The program runs in this copy of the host's memory until it executes,
   with this process suspended: the same as without a namespace.  */
static long
start_program(const pj_child_plan *plan,
              void (*program)(const pj_child_plan *))
{
    enum { STACK = 16 * 1024 };
    char stack[STACK] __attribute__((aligned(16)));
    struct start start = {plan, program};

    return clone(start_entry, stack + STACK, PJ_CLONE_VM | CLONE_VFORK
                 | SIGCHLD, &start);
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

/* Signals from the host are for the program's group: init itself is
   immune to them.  */
static void __attribute__((noreturn))
serve(const pj_child_plan *plan, long program)
{
    uint64_t set = bit(SIGCHLD) | bit(SIGTERM) | bit(SIGINT) | bit(SIGHUP)
        | bit(SIGQUIT) | bit(SIGUSR1) | bit(SIGUSR2) | bit(SIGCONT);
    siginfo_t info;

    for (;;) {
        long number;

        reap(plan, program);
        number = syscall(SYS_rt_sigtimedwait, &set, &info, NULL,
                         (size_t)KERNEL_SIGSET_SIZE);
        if (number > 0 && number != SIGCHLD)
            syscall(SYS_kill, -program, number);
    }
}

void
pj_child_init(const pj_child_plan *plan,
              void (*program)(const pj_child_plan *))
{
    pj_child_plan inner = *plan;
    long child;

    if (map_user(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_NAMESPACE);
    /* A host that ignores SIGCHLD would have its copy never see one.  */
    if (pj_child_default_signals() != 0)
        pj_child_give_up(plan, PJ_STEP_SIGNALS);
    if (syscall(SYS_setsid) < 0)
        pj_child_give_up(plan, PJ_STEP_SESSION);
    if (follow_host(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_PARENT);
    if (syscall(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        pj_child_give_up(plan, PJ_STEP_NAMESPACE);
    inner.parent = 1;
    child = start_program(&inner, program);
    if (child < 0)
        pj_child_give_up(plan, PJ_STEP_NONE);
    /* Streams and report: the end of the pipe tells the host that the
       program was executed, or that it was not.  */
    if (syscall(SYS_close_range, 0U, ~0U, 0U) != 0)
        for (int fd = 0; fd < 4096; fd++)
            syscall(SYS_close, fd);
    serve(plan, child);
}
