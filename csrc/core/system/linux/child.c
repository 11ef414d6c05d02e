/*
 * child.c: a child applies its confinement, and becomes the program.
 *
 * The contract in steps.c applies here.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "system/linux/child.h"
#include "system/linux/steps.h"
#include "system/limit.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self 446
#endif

/* An exec can hang (a dead network file system), and the parent is
   suspended until it returns.  Only a POSIX timer still works then; exec
   deletes it.  */
static int
arm_exec_timer(const pj_child_plan *plan)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGKILL};
    struct itimerspec when = {
        .it_value = {.tv_sec = plan->exec_ns / 1000000000,
                     .tv_nsec = plan->exec_ns % 1000000000}};
    int timer = 0;

    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) != 0)
        return -1;
    return (int)syscall(SYS_timer_settime, timer, 0, &when, NULL);
}

/* Sends a signal to `owner`, a process or -group, when the other end of the
   pipe is released.  */
static int
arm(int fd, long owner, int signal)
{
    if (syscall(SYS_fcntl, fd, F_SETOWN, owner) != 0
        || syscall(SYS_fcntl, fd, F_SETSIG, signal) != 0)
        return -1;
    return (int)syscall(SYS_fcntl, fd, F_SETFL, O_ASYNC);
}

/* Ties this process's group to the host.  Only the host holds the two ends
   of the pipe: when it dies, the kernel releases one of them, and the group,
   which is registered on the other, gets SIGKILL at once.  The order of
   release is unspecified, so both ends are armed.

   Runs after setsid, as it is the group that is armed, and after a change of
   ids, as the signal is sent with the credentials of the process that armed
   it.  The copies here are closed, or they would hold the pipe open until
   the exec: if the host is dead by now, closing them is the release.  */
static int
arm_lifeline(const pj_child_plan *plan)
{
    long group = syscall(SYS_getpid);

    if (plan->lifeline[0] < 0)
        return 0;
    for (int i = 0; i < 2; i++)
        if (arm(plan->lifeline[i], -group, SIGKILL) != 0)
            return -1;
    for (int i = 0; i < 2; i++)
        syscall(SYS_close, plan->lifeline[i]);
    return 0;
}

/* The parent keeps all of these above 2, so no dup3 overwrites one that is
   still needed.  dup3 also clears close-on-exec on the copy.  */
static int
place_streams(const pj_child_plan *plan)
{
    if (syscall(SYS_dup3, plan->stdin_fd, 0, 0) < 0
        || syscall(SYS_dup3, plan->stdout_fd, 1, 0) < 0
        || syscall(SYS_dup3, plan->stderr_fd, 2, 0) < 0)
        return -1;
    return 0;
}

/* Descriptors that later steps and the exec still need.  */
enum { KEPT = 6 };

static void
list_kept(const pj_child_plan *plan, int kept[KEPT])
{
    kept[0] = plan->exec_fd;
    kept[1] = plan->report_fd;
    kept[2] = plan->confinement->landlock_fd;
    kept[3] = plan->lifeline[0];
    kept[4] = plan->lifeline[1];
    kept[5] = plan->dir_fd;
}

static int
is_kept(const int kept[KEPT], int fd)
{
    for (int i = 0; i < KEPT; i++)
        if (kept[i] == fd)
            return 1;
    return 0;
}

/* The lowest kept descriptor from `from` on; -1 if there is none.  */
static int
next_kept(const int kept[KEPT], int from)
{
    int next = -1;

    for (int i = 0; i < KEPT; i++)
        if (kept[i] >= from && (next < 0 || kept[i] < next))
            next = kept[i];
    return next;
}

/* Closes the descriptors named by one buffer of directory entries.  */
static void
close_entries(const int kept[KEPT], int dir, const char *entries, long size)
{
    /* struct linux_dirent64: ino, off, reclen at 16, type, name at 19.  */
    enum { RECLEN = 16, NAME = 19 };

    for (long at = 0; at < size;) {
        const char *name = entries + at + NAME;
        int fd = 0, digits = 0;

        for (; *name >= '0' && *name <= '9'; name++, digits++)
            fd = fd * 10 + (*name - '0');
        if (digits > 0 && *name == '\0' && fd > 2 && fd != dir
            && !is_kept(kept, fd))
            syscall(SYS_close, fd);
        at += (long)((unsigned char)entries[at + RECLEN]
                     | (unsigned)(unsigned char)entries[at + RECLEN + 1]
                           << 8);
    }
}

/* Before close_range(2) (5.9): read the table of open descriptors, or try
   every number if /proc is missing.  */
static int
close_one_by_one(const int kept[KEPT])
{
    char entries[1024] __attribute__((aligned(8)));
    struct rlimit limit;
    long size, number;
    int dir = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/fd",
                           O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

    if (dir >= 0) {
        while ((size = syscall(SYS_getdents64, dir, entries,
                               sizeof entries)) > 0)
            close_entries(kept, dir, entries, size);
        syscall(SYS_close, dir);
        return size == 0 ? 0 : -1;
    }
    if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) != 0)
        return -1;
    /* The limit can be lowered below a number in use; the kernel's own
       ceiling cannot, but trying a billion numbers is not an option.  */
    number = limit.rlim_max > 1048576 ? 1048576 : (long)limit.rlim_max;
    for (int fd = 3; fd < number; fd++)
        if (!is_kept(kept, fd))
            syscall(SYS_close, fd);
    return 0;
}

/* No descriptor of the host reaches the program, even without close-on-exec.
   They are closed here rather than by the exec, because the exec can hang,
   and they include the lifelines of other commands.  */
static int
drop_descriptors(const pj_child_plan *plan)
{
    int kept[KEPT], from = 3, next;

    list_kept(plan, kept);
    for (int i = 0; i < KEPT; i++)
        if (kept[i] >= 0)
            syscall(SYS_fcntl, kept[i], F_SETFD, FD_CLOEXEC);
    do {
        next = next_kept(kept, from);
        if (next != from
            && syscall(SYS_close_range, (unsigned)from,
                       next < 0 ? ~0U : (unsigned)next - 1, 0U) != 0)
            return close_one_by_one(kept);
        from = next + 1;
    } while (next >= 0);
    return 0;
}

static int
limit_resources(const pj_child_plan *plan)
{
    const pj_confinement *confinement = plan->confinement;

    for (size_t i = 0; i < confinement->limit_count; i++) {
        struct rlimit limit = pj_limit_of(plan, i);

        if (syscall(SYS_prlimit64, 0, confinement->limits[i].resource,
                    &limit, NULL) != 0)
            return -1;
    }
    return 0;
}

/* Groups first: changing the uid drops the right to change them.  */
static int
become_user(const pj_confinement *confinement)
{
    if (!confinement->has_user)
        return 0;
    if (syscall(SYS_setgroups, (size_t)0, NULL) != 0
        || syscall(SYS_setresgid, confinement->gid, confinement->gid,
                   confinement->gid) != 0)
        return -1;
    return (int)syscall(SYS_setresuid, confinement->uid, confinement->uid,
                        confinement->uid);
}

/* A capability that is removed from the permitted set cannot come back:
   no_new_privs is already set, so exec gives nobody, root included, more
   than it held.  One capset thus replaces a call per capability to the
   bounding set, which needs CAP_SETPCAP.  The inheritable set is reduced
   too, and with it the ambient set, whose members have to be in both.  */
static int
hold_no_more_than(const uint32_t kept[2])
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3,
                                              0};
    struct __user_cap_data_struct now[2];

    if (syscall(SYS_capget, &header, now) != 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        now[i].effective &= kept[i];
        now[i].permitted &= kept[i];
        now[i].inheritable &= kept[i];
    }
    return (int)syscall(SYS_capset, &header, now);
}

static void
remove_from(uint32_t kept[2], unsigned capability)
{
    kept[capability / 32] &= ~(UINT32_C(1) << (capability % 32));
}

/* Capabilities with which root can read, control or starve the host despite
   Landlock and the filter: CAP_PERFMON opens the /proc of others,
   CAP_SYS_RAWIO kernel memory, CAP_SYS_RESOURCE raises limits.  Root keeps
   its rights to files and the network, and to ids if a lifeline's signal is
   sent by that same root and so reaches any user it changes to.  */
static int
shed_capabilities(const pj_confinement *confinement)
{
    static const unsigned char shed[] = {
        CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_PTRACE, CAP_SYS_PACCT,
        CAP_SYS_ADMIN, CAP_SYS_BOOT, CAP_SYS_NICE, CAP_SYS_RESOURCE,
        CAP_SYS_TIME, CAP_SYS_TTY_CONFIG, CAP_AUDIT_CONTROL,
        CAP_MAC_OVERRIDE, CAP_MAC_ADMIN, CAP_SYSLOG, CAP_WAKE_ALARM,
        CAP_BLOCK_SUSPEND, CAP_AUDIT_READ, 38, /* CAP_PERFMON */
        39,                                    /* CAP_BPF */
        40,                                    /* CAP_CHECKPOINT_RESTORE */
    };
    uint32_t kept[2] = {UINT32_MAX, UINT32_MAX};

    if (confinement->drop_capabilities)
        kept[0] = kept[1] = 0;
    else if (confinement->shed_capabilities)
        for (size_t i = 0; i < sizeof shed; i++)
            remove_from(kept, shed[i]);
    if (confinement->shed_ids) {
        remove_from(kept, CAP_SETUID);
        remove_from(kept, CAP_SETGID);
    }
    return (kept[0] & kept[1]) == UINT32_MAX ? 0 : hold_no_more_than(kept);
}

/* A program executed by name stops at the exec until it has been checked:
   the exec closes both ends of this pipe, and closing the first one sends
   SIGSTOP for the other.  */
static int
stop_at_exec(const pj_child_plan *plan)
{
    int ends[2];

    if (plan->dir_fd < 0)
        return 0;
    if (syscall(SYS_pipe2, ends, O_CLOEXEC) != 0)
        return -1;
    for (int i = 0; i < 2; i++)
        if (arm(ends[i], syscall(SYS_getpid), SIGSTOP) != 0)
            return -1;
    return 0;
}

static int
enter_landlock(const pj_confinement *confinement)
{
    if (confinement->landlock_fd < 0)
        return 0;
    return (int)syscall(SYS_landlock_restrict_self, confinement->landlock_fd,
                        0U);
}

static int
install(struct sock_filter *filter, unsigned short count)
{
    struct sock_fprog program = {count, filter};

    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program);
}

/* The pattern is shared by all children of the program; its copy here says
   which of them this is.  */
static int
install_own_filter(const pj_confinement *confinement)
{
    struct sock_filter own[PJ_OWN_FILTER];
    uint32_t pid = (uint32_t)syscall(SYS_getpid);
    unsigned short count = confinement->own_filter_count;

    if (confinement->own_filter == NULL)
        return 0;
    for (unsigned short i = 0; i < count; i++) {
        own[i] = confinement->own_filter[i];
        if (own[i].k == PJ_OWN_PID)
            own[i].k = pid;
        else if (own[i].k == PJ_OWN_GROUP)
            own[i].k = 0U - pid;
    }
    return install(own, count);
}

static int
install_filters(const pj_confinement *confinement)
{
    if (install_own_filter(confinement) != 0)
        return -1;
    if (confinement->filter == NULL)
        return 0;
    return install(confinement->filter, confinement->filter_count);
}

static int
clear_mask(void)
{
    static const char mask[KERNEL_SIGSET_SIZE] = {0};

    return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL,
                        (size_t)KERNEL_SIGSET_SIZE);
}

/* By name if there is one; see alias.c.  Otherwise by descriptor, or, if
   execveat is missing (an emulator) or refused by a filter around the host,
   by the /proc link to the same file.  */
static void
execute(const pj_child_plan *plan)
{
    if (plan->dir_fd >= 0)
        syscall(SYS_execveat, plan->dir_fd, plan->name, plan->argv,
                plan->envp, 0);
    if (plan->exec_fd < 0) {
        syscall(SYS_execve, plan->exec_path, plan->argv, plan->envp);
        return;
    }
    syscall(SYS_execveat, plan->exec_fd, "", plan->argv, plan->envp,
            AT_EMPTY_PATH);
    if (errno == ENOSYS || errno == EPERM)
        syscall(SYS_execve, plan->exec_fd_path, plan->argv, plan->envp);
}

static int
set_umask(const pj_confinement *confinement)
{
    if (confinement->umask >= 0)
        syscall(SYS_umask, confinement->umask);
    return 0;
}

/* The steps in order.  No step takes away what a later one needs:
   descriptors before the limits, ids before the lifeline, no_new_privs
   before the capabilities, the filter last.  */
void
pj_child_become(const pj_child_plan *plan)
{
    const pj_confinement *confinement = plan->confinement;

    if (arm_exec_timer(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_TIMER);
    if (pj_child_default_signals() != 0)
        pj_child_give_up(plan, PJ_STEP_SIGNALS);
    if (syscall(SYS_setsid) < 0)
        pj_child_give_up(plan, PJ_STEP_SESSION);
    if (place_streams(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_STDIO);
    if (syscall(SYS_fchdir, plan->cwd_fd) != 0)
        pj_child_give_up(plan, PJ_STEP_CWD);
    if (drop_descriptors(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_DESCRIPTORS);
    if (set_umask(confinement) != 0 || limit_resources(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_LIMITS);
    if (become_user(confinement) != 0)
        pj_child_give_up(plan, PJ_STEP_USER);
    if (arm_lifeline(plan) != 0 || stop_at_exec(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_GUARD);
    if (syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        pj_child_give_up(plan, PJ_STEP_PRIVILEGES);
    if (shed_capabilities(confinement) != 0)
        pj_child_give_up(plan, PJ_STEP_CAPABILITIES);
    if (enter_landlock(confinement) != 0)
        pj_child_give_up(plan, PJ_STEP_LANDLOCK);
    if (clear_mask() != 0)
        pj_child_give_up(plan, PJ_STEP_MASK);
    if (install_filters(confinement) != 0)
        pj_child_give_up(plan, PJ_STEP_SECCOMP);
    plan->report->stage = PJ_STAGE_EXEC;
    while (plan->rehearsal)
        syscall(SYS_exit_group, 0);
    execute(plan);
    pj_child_give_up(plan, PJ_STEP_EXEC);
}
