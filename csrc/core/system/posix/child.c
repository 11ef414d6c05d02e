/*
 * child.c: everything that runs between fork and exec on systems
 * other than Linux.
 *
 * The contract: after a multithreaded process forks, only functions that
 * POSIX lists as async-signal-safe may be called; nothing here allocates,
 * locks or formats.  The parent put all that is needed into the plan.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/limit.h"
#include "system/posix/child.h"
#include "system/posix/descriptors.h"

/* The byte wakes the parent.  */
static void __attribute__((noreturn))
give_up(const pj_child_plan *plan, int step)
{
    plan->report->number = errno;
    plan->report->step = step;
    plan->report->stage = PJ_STAGE_FAILED;
    while (write(plan->report_fd, "f", 1) < 0 && errno == EINTR)
        continue;
    _exit(127);
}

static int
default_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    sigemptyset(&action.sa_mask);
    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP)
            /* Signals that libc reserves are refused; ignore that.  */
            sigaction(number, &action, NULL);
    return 0;
}

static int
place_streams(const pj_child_plan *plan)
{
    if (dup2(plan->stdin_fd, 0) < 0 || dup2(plan->stdout_fd, 1) < 0
        || dup2(plan->stderr_fd, 2) < 0)
        return -1;
    return 0;
}

static int
limit_resources(const pj_child_plan *plan)
{
    const pj_confinement *confinement = plan->confinement;

    for (size_t i = 0; i < confinement->limit_count; i++) {
        struct rlimit limit = pj_limit_of(plan, i);

        if (setrlimit((pj_resource)confinement->limits[i].resource, &limit)
            != 0)
            return -1;
    }
    return 0;
}

static int
enter(const pj_child_plan *plan)
{
    return plan->cwd_fd >= 0 ? fchdir(plan->cwd_fd) : chdir(plan->cwd_path);
}

void
pj_child_main(const pj_child_plan *plan)
{
    const pj_confinement *confinement = plan->confinement;
    sigset_t mask;

    if (default_signals() != 0)
        give_up(plan, PJ_STEP_SIGNALS);
    if (getppid() != plan->parent) {
        errno = ESRCH;
        give_up(plan, PJ_STEP_PARENT);
    }
    if (setsid() < 0)
        give_up(plan, PJ_STEP_SESSION);
    if (place_streams(plan) != 0)
        give_up(plan, PJ_STEP_STDIO);
    if (enter(plan) != 0)
        give_up(plan, PJ_STEP_CWD);
    if (pj_child_drop_descriptors() != 0)
        give_up(plan, PJ_STEP_DESCRIPTORS);
    if (confinement->umask >= 0)
        umask((mode_t)confinement->umask);
    if (limit_resources(plan) != 0)
        give_up(plan, PJ_STEP_LIMITS);
    if (confinement->has_user
        && (setgroups(0, NULL) != 0 || setgid(confinement->gid) != 0
            || setuid(confinement->uid) != 0))
        give_up(plan, PJ_STEP_USER);
    sigemptyset(&mask);
    if (sigprocmask(SIG_SETMASK, &mask, NULL) != 0)
        give_up(plan, PJ_STEP_MASK);
    plan->report->stage = PJ_STAGE_EXEC;
    execve(plan->exec_path, plan->argv, plan->envp);
    give_up(plan, PJ_STEP_EXEC);
}
