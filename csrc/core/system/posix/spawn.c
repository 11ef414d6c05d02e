/* spawn.c: starting a child by fork.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "system/spawn.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "system/alias.h"
#include "system/posix/child.h"

/* Waits until the child has executed, seen as the end of the pipe; has
   failed, seen as a byte; or is gone.  Forks of the host do not hold the
   pipe open.  An exec that takes too long is killed.  */
static void
await_exec(int fd, int64_t end, const pj_child *child)
{
    struct pollfd poller = {fd, POLLIN, 0};
    struct timespec pause = {0, 1000000};
    int ready;

    while ((ready = poll(&poller, 1, 10)) <= 0
           && pj_platform_look(child) == PJ_LOOK_RUNNING) {
        if (pj_platform_now() >= end)
            pj_platform_kill(child);
        /* Could not wait: that is no reason to spin.  */
        if (ready < 0)
            nanosleep(&pause, NULL);
    }
}

static pid_t
fork_child(const pj_child_plan *plan, pj_guard *guard)
{
    sigset_t all, old;
    int number;
    pid_t pid;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pid = pj_guard_fork(guard);
    if (pid == 0)
        pj_child_main(plan);
    number = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = number;
    return pid;
}

/* Reads the stage once the child has executed or never will.  A child that
   ended on the way did not execute, whoever sent the signal; if it was the
   clock, the caller reports that.  */
static int
settle_start(int64_t end, const pj_child *child, pj_child_report *report)
{
    pj_status status;

    if (report->stage == PJ_STAGE_EXEC
        || (report->stage == PJ_STAGE_BEGUN && pj_platform_now() >= end))
        return 0;
    if (report->stage == PJ_STAGE_BEGUN)
        report->stage = PJ_STAGE_KILLED;
    pj_platform_kill(child);
    while (pj_platform_look(child) == PJ_LOOK_RUNNING)
        sched_yield();
    pj_platform_reap(child, &status);
    return -1;
}

/* With a page for the report, and a pipe that wakes the parent.  */
static int
spawn_with(pj_child_report *page, const pj_child_plan *plan,
           pj_guard *guard, pj_child *child, pj_child_report *report)
{
    int64_t end = pj_platform_now() + plan->exec_ns;
    pj_child_plan own = *plan;
    int number, result = -1;

    if (pj_guard_open(guard, PJ_GUARD_REPORT) != 0)
        return -1;
    own.report = page;
    own.report_fd = guard->ends[PJ_GUARD_REPORT][1];
    child->pid = fork_child(&own, guard);
    number = errno;
    pj_guard_close(guard, PJ_GUARD_REPORT, 1);
    if (child->pid > 0) {
        await_exec(guard->ends[PJ_GUARD_REPORT][0], end, child);
        *report = *page;
        result = settle_start(end, child, report);
    }
    pj_guard_close(guard, PJ_GUARD_REPORT, 0);
    errno = number;
    return result;
}

int
pj_platform_spawn(const pj_child_plan *plan, pj_guard *guard,
                  pj_child *child, pj_child_report *report)
{
    void *page = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int number, result;

    memset(report, 0, sizeof *report);
    child->pidfd = -1;
    child->shared = NULL;
    if (page == MAP_FAILED)
        return -1;
    result = spawn_with(page, plan, guard, child, report);
    number = errno;
    munmap(page, sizeof *report);
    errno = number;
    return result;
}

/* Programs are executed by path here, under the name of the file.  */
void
pj_alias_open(pj_child_plan *plan, const char *path)
{
    (void)plan, (void)path;
}

void
pj_alias_close(pj_child_plan *plan)
{
    (void)plan;
}
