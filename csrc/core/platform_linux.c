/* platform_linux.c: clone, pidfd, and waiting, on Linux.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "features.h"

/* Numbers that the headers of older systems lack.  */
#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#define PJ_PIDFD_SIGNAL_PROCESS_GROUP (1U << 2)

int64_t
pj_platform_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The child places its streams on 0 to 2, so nothing that it still needs
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

int
pj_platform_pipe(int ends[2])
{
    int raw[2], number;

    if (pipe2(raw, O_CLOEXEC) != 0)
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
    return raise_fd(memfd_create("stdin", MFD_CLOEXEC));
}

static int
open_without_links(const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned long long)flags,
                           .resolve = RESOLVE_NO_SYMLINKS};
    int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);

    /* Before 5.6, or under a filter that does not know it: at least the
       last component is no link.  */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = open(path, flags | O_NOFOLLOW);
    return fd;
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

static int
child_entry(void *plan)
{
    pj_child_main(plan);
}

/* Blocks every signal, also those that libc keeps for itself and that
   sigfillset leaves out: no handler of the host may run in the child.  */
static void
set_mask(const uint64_t *mask, uint64_t *old)
{
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, old, sizeof *mask);
}

static pid_t
clone_child(const pj_child_plan *plan, int flags, int *pidfd)
{
    enum { STACK = 16 * 1024 };
    char stack[STACK] __attribute__((aligned(16)));

    /* CLONE_VFORK also without shared memory: it is the wait for exec.  */
    return clone(child_entry, stack + STACK, flags | CLONE_VFORK | SIGCHLD,
                 (void *)plan, pidfd, NULL, NULL);
}

static int
start(const pj_child_plan *plan, pj_child *child, int vm)
{
    child->pid = clone_child(plan, vm | CLONE_PIDFD, &child->pidfd);
    if (child->pid < 0 && errno == EINVAL)
        child->pid = clone_child(plan, vm, &child->pidfd);
    if (child->pid < 0)
        return -1;
    /* Kernels before 5.2 ignore CLONE_PIDFD.  Nobody has reaped the child
       yet, unless the host ignores SIGCHLD: then the open fails.  */
    if (child->pidfd < 0)
        child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    return 0;
}

/* A report in memory that the child shares although its own is a copy.  */
static pj_child_report *
map_report(void)
{
    void *page = mmap(NULL, sizeof(pj_child_report), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED ? NULL : page;
}

/* Takes a child away that did not get to its exec.  Returns -1.  */
static int
bury(pj_child *child)
{
    pj_status status;

    while (pj_platform_look(child) == PJ_LOOK_RUNNING)
        sched_yield();
    pj_platform_reap(child, &status);
    pj_platform_close(child);
    return -1;
}

/* Waits until the other end of the pipe is closed: the program was executed
   or will not be.  One that takes too long is killed.  */
static void
await_exec(int fd, const pj_child_plan *plan, const pj_child *child)
{
    int64_t end = pj_platform_now() + plan->exec_ns;
    struct pollfd poller = {fd, POLLIN, 0};

    for (;;) {
        int64_t left = (end - pj_platform_now()) / 1000000 + 1;
        int ready = poll(&poller, 1, left < 0 ? 0
                         : left > 1000 ? 1000 : (int)left);

        if (ready > 0)
            return;
        if (pj_platform_now() >= end)
            kill(child->pid, SIGKILL);
    }
}

static int
clone_init(const pj_child_plan *plan, pj_child *child)
{
    enum { STACK = 16 * 1024 };
    char stack[STACK] __attribute__((aligned(16)));
    uint64_t all = ~(uint64_t)0, old;
    int number;

    child->pidfd = -1;
    set_mask(&all, &old);
    child->pid = clone(child_entry, stack + STACK,
                       plan->confinement->namespace_flags | CLONE_PIDFD
                           | SIGCHLD,
                       (void *)plan, &child->pidfd, NULL, NULL);
    number = errno;
    set_mask(&old, NULL);
    errno = number;
    return child->pid < 0 ? -1 : 0;
}

/* A pid namespace: its init is a copy of this process that lives on, so
   there is no wait for its exec, and the report is told by a pipe.  */
static int
spawn_in_namespace(const pj_child_plan *plan, pj_child *child,
                   pj_child_report *report)
{
    pj_child_plan own = *plan;
    pj_user_maps maps;
    int ends[2], number, result;

    pj_features_user_maps(&maps);
    if (plan->confinement->namespace_flags & CLONE_NEWUSER) {
        own.uid_map = maps.uid;
        own.gid_map = maps.gid;
    }
    child->shared = own.report = map_report();
    if (own.report == NULL)
        return -1;
    if (pj_platform_pipe(ends) != 0) {
        pj_platform_close(child);
        return -1;
    }
    own.report_fd = ends[1];
    result = clone_init(&own, child);
    number = errno;
    close(ends[1]);
    if (result == 0) {
        await_exec(ends[0], &own, child);
        *report = *own.report;
        if (report->number != 0)
            result = bury(child);
    } else {
        pj_platform_close(child);
    }
    close(ends[0]);
    errno = number;
    return result;
}

int
pj_platform_spawn(const pj_child_plan *plan, pj_child *child,
                  pj_child_report *report)
{
    pj_child_plan own = *plan;
    pj_child_report *shared = report;
    uint64_t all = ~(uint64_t)0, old;
    int number, result, vm;

    child->pidfd = -1;
    child->shared = NULL;
    if (plan->confinement->namespace_flags != 0)
        return spawn_in_namespace(plan, child, report);
    /* A change of ids of a process that shares this memory would make this
       one undumpable, too.  */
    vm = plan->confinement->has_user ? 0 : PJ_CLONE_VM;
    if (vm == 0) {
        shared = map_report();
        if (shared == NULL)
            return -1;
    }
    shared->step = PJ_STEP_NONE;
    shared->number = 0;
    own.report = shared;
    set_mask(&all, &old);
    result = start(&own, child, vm);
    number = errno;
    set_mask(&old, NULL);
    if (shared != report) {
        *report = *shared;
        munmap(shared, sizeof *shared);
    }
    if (result == 0 && report->number != 0)
        result = bury(child);
    errno = number;
    return result;
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

/* A stop that a tracer provoked is not an end.  */
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

void
pj_platform_kill(const pj_child *child)
{
    /* The pidfd names the group itself, so this cannot hit a stranger even
       after somebody else reaped the leader (6.9).  */
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
   status in the pidfd even when another thread, or an ignored SIGCHLD, has
   taken the zombie away.  */
struct pidfd_info_v0 {
    uint64_t mask;
    uint64_t cgroup;
    uint32_t ids[11];
    int32_t exit_code;
};
#define PJ_PIDFD_INFO_EXIT (UINT64_C(1) << 3)
#define PJ_PIDFD_GET_INFO _IOWR(0xFF, 11, struct pidfd_info_v0)

/* Somebody may be just reaping it: the status is not in the pidfd yet, or
   the process is gone between the kernel's two looks.  */
static int
ask_pidfd(const pj_child *child, struct pidfd_info_v0 *info)
{
    int64_t end = pj_platform_now() + 10000000;

    do {
        memset(info, 0, sizeof *info);
        info->mask = PJ_PIDFD_INFO_EXIT;
        if (ioctl(child->pidfd, PJ_PIDFD_GET_INFO, info) == 0) {
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

/* The status that the init of a namespace told, in place of its own.  */
static int
told_status(const pj_child *child, pj_status *status)
{
    if (child->shared == NULL || child->shared->end == PJ_END_UNKNOWN)
        return -1;
    status->end = (pj_end)child->shared->end;
    status->code = child->shared->code;
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
    if (!is_end(&info))
        return -1;
    if (told_status(child, status) == 0)
        return 0;
    status->end = info.si_code == CLD_EXITED ? PJ_END_EXITED
                                             : PJ_END_SIGNALED;
    status->code = info.si_status;
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
    if (child->pidfd >= 0)
        close(child->pidfd);
    child->pidfd = -1;
    if (child->shared != NULL)
        munmap(child->shared, sizeof *child->shared);
    child->shared = NULL;
}
