/* platform_posix.c: fork, killpg and waitpid, for systems without pidfds
   and clone (macOS), and on Linux with PJ_PORTABLE.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t
pj_platform_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int
raise_fd(int fd)
{
    int raised = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int number = errno;

    close(fd);
    errno = number;
    return raised;
}

int
pj_platform_pipe(int ends[2])
{
    int raw[2], number;

    /* Between pipe and fcntl another thread may fork: that child keeps an
       end open.  POSIX has no better; the child's own closing loop keeps
       it from any program that this library starts.  */
    if (pipe(raw) != 0)
        return -1;
    ends[0] = raise_fd(raw[0]);
    ends[1] = raise_fd(raw[1]);
    if (ends[0] >= 0 && ends[1] >= 0)
        return 0;
    number = errno;
    if (ends[0] >= 0)
        close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    ends[0] = ends[1] = -1;
    errno = number;
    return -1;
}

int
pj_platform_scratch(void)
{
    char name[] = "/tmp/proc_jail.XXXXXX";
    int low = mkstemp(name);

    if (low < 0)
        return -1;
    unlink(name);
    return raise_fd(low);
}

int
pj_platform_open_path(const char *path, int directory, int *fd,
                      struct stat *st)
{
    /* Opening for reading could fail where executing does not; so there is
       nothing to hold, and the exec is by path after a second look.  */
    *fd = -1;
    if (lstat(path, st) != 0)
        return -1;
    if (S_ISLNK(st->st_mode)) {
        errno = ELOOP;
        return -1;
    }
    if (directory && !S_ISDIR(st->st_mode)) {
        errno = ENOTDIR;
        return -1;
    }
    return 0;
}

/* Reads the child's report, until the end that exec closes.  An exec that
   takes longer than the deadline is killed.  */
static int
read_report(int fd, const pj_child_plan *plan, pid_t pid,
            pj_child_report *report)
{
    int64_t end = pj_platform_now() + plan->exec_ns;
    int record[2] = {PJ_STEP_NONE, 0};

    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (;;) {
        ssize_t got = read(fd, record, sizeof record);
        struct timespec pause = {0, 200000};

        if (got >= 0)
            break;
        if (errno != EINTR && errno != EAGAIN)
            return -1;
        if (pj_platform_now() >= end)
            kill(pid, SIGKILL);
        nanosleep(&pause, NULL);
    }
    report->step = record[0];
    report->number = record[1];
    return 0;
}

static pid_t
fork_child(const pj_child_plan *plan, int report_read)
{
    sigset_t all, old;
    int number;
    pid_t pid;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pid = fork();
    if (pid == 0) {
        close(report_read);
        pj_child_main(plan);
    }
    number = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = number;
    return pid;
}

int
pj_platform_spawn(const pj_child_plan *plan, pj_child *child,
                  pj_child_report *report)
{
    pj_child_plan own = *plan;
    int ends[2], number, result;

    report->step = PJ_STEP_NONE;
    report->number = 0;
    child->pidfd = -1;
    child->shared = NULL;
    if (pj_platform_pipe(ends) != 0)
        return -1;
    own.report_fd = ends[1];
    child->pid = fork_child(&own, ends[0]);
    number = errno;
    close(ends[1]);
    result = child->pid < 0
        ? -1 : read_report(ends[0], plan, child->pid, report);
    close(ends[0]);
    if (child->pid > 0 && (result < 0 || report->number != 0)) {
        kill(child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        result = -1;
    }
    errno = number;
    return result;
}

enum pj_look
pj_platform_look(const pj_child *child)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    if (waitid(P_PID, (id_t)child->pid, &info,
               WEXITED | WNOHANG | WNOWAIT) != 0)
        return errno == ECHILD ? PJ_LOOK_LOST : PJ_LOOK_RUNNING;
    return info.si_pid != 0 ? PJ_LOOK_ENDED : PJ_LOOK_RUNNING;
}

void
pj_platform_kill(const pj_child *child)
{
    kill(-child->pid, SIGKILL);
    if (pj_platform_look(child) == PJ_LOOK_RUNNING)
        kill(child->pid, SIGKILL);
}

int
pj_platform_reap(const pj_child *child, pj_status *status)
{
    int raw = 0;
    pid_t got;

    status->end = PJ_END_UNKNOWN;
    status->code = 0;
    do {
        got = waitpid(child->pid, &raw, WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got != child->pid)
        return -1;
    if (WIFEXITED(raw)) {
        status->end = PJ_END_EXITED;
        status->code = WEXITSTATUS(raw);
    } else {
        status->end = PJ_END_SIGNALED;
        status->code = WTERMSIG(raw);
    }
    return 0;
}

int
pj_platform_group_exists(const pj_child *child)
{
    /* Orphans of the tree are init's to reap, and this may be init.  */
    while (waitpid(-child->pid, NULL, WNOHANG) > 0)
        continue;
    return kill(-child->pid, 0) == 0 || errno == EPERM;
}

void
pj_platform_close(pj_child *child)
{
    (void)child;
}
