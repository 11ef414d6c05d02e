/* rehearse.c: trying a confinement before it is relied on.

   What the kernel says it supports and what it lets this process do differ:
   a container's filter, a limit on layers, or a host that is itself confined
   can get in the way.  Only a child that takes every step shows it.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "system/rehearse.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "system/spawn.h"

/* Nothing here can hang.  */
#define BOUND INT64_C(10000000000)

static int
raise_and_open(const char *path, int flags)
{
    int low = open(path, flags | O_CLOEXEC), fd;

    if (low < 0 || low > 2)
        return low;
    fd = fcntl(low, F_DUPFD_CLOEXEC, 3);
    close(low);
    return fd;
}

static void
await_end(const pj_child *child)
{
    struct pollfd fd = {child->pidfd, POLLIN, 0};

    while (pj_platform_look(child) == PJ_LOOK_RUNNING)
        poll(&fd, 1, 1);
}

static int
play(const pj_confinement *confinement, int null_fd, int cwd_fd,
     pj_child_report *report)
{
    char *nothing[] = {NULL}, *argv[] = {(char *)"", NULL};
    pj_child_plan plan = {
        .stdin_fd = null_fd, .stdout_fd = null_fd, .stderr_fd = null_fd,
        .cwd_fd = cwd_fd, .cwd_path = "/", .exec_fd = -1, .dir_fd = -1,
        .exec_path = "", .argv = argv, .envp = nothing, .cgroup_fd = -1,
        .exec_ns = BOUND,
        .parent = getpid(), .lifeline = {-1, -1}, .report_fd = -1,
        .rehearsal = 1, .confinement = confinement};
    pj_guard guard = {0};
    pj_child child;
    pj_status status;
    int result, number;

    if (pj_guard_enter(&guard, pj_platform_now() + BOUND, 0) < 0)
        return -1;
    result = pj_platform_spawn(&plan, &guard, &child, report);
    number = errno;
    if (result == 0) {
        await_end(&child);
        pj_platform_reap(&child, &status);
        pj_platform_close(&child);
    }
    pj_guard_leave(&guard);
    errno = number;
    return result;
}

int
pj_rehearse(const pj_confinement *confinement, pj_child_report *report)
{
    int null_fd = raise_and_open("/dev/null", O_RDWR);
    int cwd_fd = raise_and_open("/", O_RDONLY | O_DIRECTORY);
    int result = -1, number;

    *report = (pj_child_report){.stage = PJ_STAGE_BEGUN};
    if (null_fd >= 0 && cwd_fd >= 0)
        result = play(confinement, null_fd, cwd_fd, report);
    number = errno;
    if (null_fd >= 0)
        close(null_fd);
    if (cwd_fd >= 0)
        close(cwd_fd);
    errno = number;
    return result;
}
