/* platform.c: fork, killpg and waitpid, for systems without pidfds
   and clone (macOS), and on Linux with PJ_PORTABLE.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "system/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "system/descriptor.h"

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
    int raw[2];

    /* Another thread may fork between pipe and fcntl, and its child keeps an
       end open.  POSIX has nothing better; the closing loop of a child keeps
       it from any program that this library starts.  */
    if (pipe(raw) != 0)
        return -1;
    ends[0] = raise_fd(raw[0]);
    ends[1] = raise_fd(raw[1]);
    return pj_descriptor_both(ends);
}

/* Written through one open file, passed on as another that is read-only.
   mkstemp creates it without execute permission.  */
int
pj_platform_input(pj_str bytes)
{
    char name[] = "/tmp/proc_jail.XXXXXX";
    int writer = mkstemp(name), reader = -1, number;

    if (writer < 0)
        return -1;
    if (pj_descriptor_write(writer, bytes) == 0 && fchmod(writer, 0400) == 0)
        reader = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    number = errno;
    unlink(name);
    close(writer);
    errno = number;
    return reader < 0 ? -1 : raise_fd(reader);
}

int
pj_platform_init_program(void)
{
    errno = ENOSYS;
    return -1;
}

int
pj_platform_probe_memory(void)
{
    return -1;
}

int
pj_platform_lifeline(int ends[2])
{
    ends[0] = ends[1] = -1;
    errno = ENOSYS;
    return -1;
}

int
pj_platform_open_path(const char *path, int directory, int *fd,
                      struct stat *st)
{
    /* Opening for reading could fail where executing does not, so no
       descriptor is held; the exec is by path, after a second check.  */
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

/* Nothing reports it here.  */
int
pj_platform_is_held(const pj_child *child)
{
    (void)child;
    return 0;
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

enum pj_group
pj_platform_group(const pj_child *child, int closely)
{
    (void)closely;
    while (waitpid(-child->pid, NULL, WNOHANG) > 0)
        continue;
    return kill(-child->pid, 0) == 0 || errno == EPERM ? PJ_GROUP_EXISTS
                                                       : PJ_GROUP_GONE;
}

void
pj_platform_close(pj_child *child)
{
    (void)child;
}
