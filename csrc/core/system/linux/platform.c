/* platform.c: clone, pidfd, and waiting, on Linux.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "system/platform.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "system/descriptor.h"
#include "system/linux/init_image.h"
#include "system/linux/linux.h"
#include "system/linux/order.h"

/* The child puts its streams on 0 to 2, so no other descriptor that it needs
   may have one of those numbers.  */
static int
raise_fd(int fd)
{
    int raised, number;

    if (fd < 0 || fd > 2)
        return fd;
    raised = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    number = errno;
    close(fd);
    errno = number;
    return raised;
}

static int
raise_both(const int raw[2], int ends[2])
{
    ends[0] = raise_fd(raw[0]);
    ends[1] = raise_fd(raw[1]);
    return pj_descriptor_both(ends);
}

int
pj_platform_pipe(int ends[2])
{
    int raw[2];

    return pipe2(raw, O_CLOEXEC) != 0 ? -1 : raise_both(raw, ends);
}

/* Sockets, because a pipe of this process can be opened again through
   /proc/PID/fd and is then not released.  If a filter refuses sockets, a
   pipe has to do.  */
int
pj_platform_lifeline(int ends[2])
{
    int raw[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, raw) == 0)
        return raise_both(raw, ends);
    return errno == EMFILE || errno == ENFILE || errno == ENOMEM
        ? -1 : pj_platform_pipe(ends);
}

int
pj_linux_memory_file(const char *name, unsigned more)
{
    unsigned flags = PJ_MFD_CLOEXEC | PJ_MFD_ALLOW_SEALING;
    int fd = (int)syscall(SYS_memfd_create, name, flags | more);

    if (fd < 0 && errno == EINVAL)
        fd = (int)syscall(SYS_memfd_create, name, flags);
    return raise_fd(fd);
}

/* Reopens the file read-only, if /proc can open it.  */
static int
reopen(int fd)
{
    char path[40];
    int again;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    again = raise_fd(open(path, O_RDONLY | O_CLOEXEC));
    if (again < 0)
        return fd;
    close(fd);
    return again;
}

static int
seal(int fd)
{
    return fcntl(fd, PJ_F_ADD_SEALS, PJ_F_SEAL_SEAL | PJ_F_SEAL_SHRINK
                 | PJ_F_SEAL_GROW | PJ_F_SEAL_WRITE);
}

int
pj_platform_input(pj_str bytes)
{
    int fd = pj_linux_memory_file("stdin", PJ_MFD_NOEXEC_SEAL), number;

    if (fd < 0)
        return -1;
    if (fchmod(fd, 0400) == 0 && pj_descriptor_write(fd, bytes) == 0
        && seal(fd) == 0 && lseek(fd, 0, SEEK_SET) == 0)
        return reopen(fd);
    number = errno;
    close(fd);
    errno = number;
    return -1;
}

int
pj_platform_init_program(void)
{
    int fd, number;

    if (pj_init_image().len == 0) {
        errno = ENOSYS;
        return -1;
    }
    fd = pj_linux_memory_file("proc_jail-init", PJ_MFD_EXEC);
    if (fd < 0)
        return -1;
    if (pj_descriptor_write(fd, pj_init_image()) == 0 && seal(fd) == 0)
        return fd;
    number = errno;
    close(fd);
    errno = number;
    return -1;
}

static int
open_without_links(const char *path, int flags)
{
    /* struct open_how and RESOLVE_NO_SYMLINKS from linux/openat2.h, which
       headers before 5.6 lack.  */
    const struct { uint64_t flags, mode, resolve; } how = {
        .flags = (uint64_t)flags, .resolve = 4};
    int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);

    /* Before 5.6, or under a filter that does not know openat2: at least
       the last component is not a link.  */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = open(path, flags | O_NOFOLLOW);
    return fd;
}

int
pj_platform_open_place(const char *path, int *fd)
{
    *fd = raise_fd(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
    return *fd < 0 ? -1 : 0;
}

int
pj_platform_open_path(const char *path, int directory, int *fd,
                      struct stat *st)
{
    int flags = O_PATH | O_CLOEXEC | (directory ? O_DIRECTORY : 0);
    int opened = raise_fd(open_without_links(path, flags));
    int number;

    if (opened < 0)
        return -1;
    number = fstat(opened, st) == 0 ? 0 : errno;
    if (number == 0 && !S_ISLNK(st->st_mode)) {
        *fd = opened;
        return 0;
    }
    if (number == 0)
        number = ELOOP;
    close(opened);
    errno = number;
    return -1;
}

/* waitid by pidfd, or by pid where the kernel (before 5.4) cannot.  */
static int
wait_child(const pj_child *child, siginfo_t *info, int options)
{
    int result = -1;

    memset(info, 0, sizeof *info);
    errno = EINVAL;
    if (child->pidfd >= 0)
        result = waitid((idtype_t)P_PIDFD, (id_t)child->pidfd, info,
                        options);
    if (result != 0 && errno == EINVAL)
        result = waitid(P_PID, (id_t)child->pid, info, options);
    return result;
}

/* A stop caused by a tracer is not an end.  */
static int
is_end(const siginfo_t *info)
{
    return info->si_pid != 0
        && (info->si_code == CLD_EXITED || info->si_code == CLD_KILLED
            || info->si_code == CLD_DUMPED);
}

enum pj_look
pj_platform_look(const pj_child *child)
{
    siginfo_t info;

    if (wait_child(child, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return errno == ECHILD ? PJ_LOOK_LOST : PJ_LOOK_RUNNING;
    return is_end(&info) ? PJ_LOOK_ENDED : PJ_LOOK_RUNNING;
}

int
pj_platform_is_held(const pj_child *child)
{
    struct pollfd fd = {child->pidfd, POLLIN, 0};
    struct timespec now = {0, 0};

    /* The raw system call: libc's poll may be interposed, and the answer is
       not checked again.  */
    return child->pidfd >= 0
        && syscall(SYS_ppoll, &fd, 1, &now, NULL, 0) == 1
        && (fd.revents & POLLIN) != 0;
}

void
pj_platform_kill(const pj_child *child)
{
    /* The pidfd refers to the group itself, so this cannot hit a stranger
       even after someone else reaped the leader (6.9).  */
    if (child->pidfd >= 0
        && syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL,
                   PJ_PIDFD_SIGNAL_PROCESS_GROUP) == 0)
        return;
    if (child->pidfd >= 0 && errno == ESRCH)
        return;
    kill(-child->pid, SIGKILL);
    if (child->pidfd >= 0)
        syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
}

/* struct pidfd_info and PIDFD_GET_INFO of 6.15: the kernel keeps the exit
   status in the pidfd even if another thread, or an ignored SIGCHLD, reaped
   the zombie.  */
struct pidfd_info_v0 {
    uint64_t mask;
    uint64_t cgroup;
    uint32_t ids[11];
    int32_t exit_code;
};
#define PJ_PIDFD_INFO_EXIT (UINT64_C(1) << 3)
#define PJ_PIDFD_GET_INFO _IOWR(0xFF, 11, struct pidfd_info_v0)

/* It may just be being reaped: the status is not in the pidfd yet, or the
   process vanishes between two checks in the kernel.  */
static int
ask_pidfd(const pj_child *child, struct pidfd_info_v0 *info)
{
    int64_t end = pj_platform_now() + 10000000;

    do {
        memset(info, 0, sizeof *info);
        info->mask = PJ_PIDFD_INFO_EXIT;
        /* ioctl(3) takes an unsigned long in glibc, and an int in musl.  */
        if (syscall(SYS_ioctl, child->pidfd, PJ_PIDFD_GET_INFO, info) == 0) {
            if (info->mask & PJ_PIDFD_INFO_EXIT)
                return 0;
        } else if (errno != ESRCH) {
            return -1;
        }
        sched_yield();
    } while (pj_platform_now() < end);
    return -1;
}

static int
recover_status(const pj_child *child, pj_status *status)
{
    struct pidfd_info_v0 info;

    if (child->pidfd < 0 || ask_pidfd(child, &info) != 0)
        return -1;
    if (WIFEXITED(info.exit_code)) {
        status->end = PJ_END_EXITED;
        status->code = WEXITSTATUS(info.exit_code);
    } else {
        status->end = PJ_END_SIGNALED;
        status->code = WTERMSIG(info.exit_code);
    }
    return 0;
}

/* The status that the init of a namespace reported, instead of its own.  */
static int
told_status(const pj_child *child, pj_status *status)
{
    const pj_order *order = child->shared;

    if (order == NULL || order->report.end == PJ_END_UNKNOWN)
        return -1;
    status->end = (pj_end)order->report.end;
    status->code = order->report.code;
    return 0;
}

int
pj_platform_reap(const pj_child *child, pj_status *status)
{
    siginfo_t info;

    status->end = PJ_END_UNKNOWN;
    status->code = 0;
    if (wait_child(child, &info, WEXITED | WNOHANG) != 0) {
        if (told_status(child, status) == 0)
            return 0;
        return errno == ECHILD ? recover_status(child, status) : -1;
    }
    if (told_status(child, status) == 0)
        return 0;
    if (!is_end(&info))
        return -1;
    status->end = info.si_code == CLD_EXITED ? PJ_END_EXITED
                                             : PJ_END_SIGNALED;
    status->code = info.si_status;
    return 0;
}

/* Whether /proc/NAME is a member of the group and counts.  */
static int
counts(const char *name, pid_t group)
{
    char path[64], text[512];
    const char *rest;
    char state;
    int parent, its_group, fd;
    ssize_t got;

    snprintf(path, sizeof path, "/proc/%.20s/stat", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    got = read(fd, text, sizeof text - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    /* The name, in parentheses, may contain anything.  */
    rest = strrchr(text, ')');
    if (rest == NULL
        || sscanf(rest + 1, " %c %d %d", &state, &parent, &its_group) != 3
        || its_group != group)
        return 0;
    return (state != 'Z' && state != 'X') || parent == getpid();
}

static enum pj_group
look_at_all(pid_t group)
{
    enum pj_group found = PJ_GROUP_GONE;
    DIR *dir = opendir("/proc");
    const struct dirent *entry;

    if (dir == NULL)
        return PJ_GROUP_EXISTS;
    while (found == PJ_GROUP_GONE && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9'
            && counts(entry->d_name, group))
            found = PJ_GROUP_LIVES;
    closedir(dir);
    return found;
}

enum pj_group
pj_platform_group(const pj_child *child, int closely)
{
    while (waitpid(-child->pid, NULL, WNOHANG) > 0)
        continue;
    if (kill(-child->pid, 0) != 0 && errno != EPERM)
        return PJ_GROUP_GONE;
    return closely ? look_at_all(child->pid) : PJ_GROUP_EXISTS;
}

void
pj_platform_close(pj_child *child)
{
    if (child->pidfd >= 0)
        close(child->pidfd);
    child->pidfd = -1;
    if (child->shared != NULL)
        munmap(child->shared, sizeof(pj_order));
    child->shared = NULL;
}
