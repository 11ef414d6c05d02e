/*
 * child.c: everything that runs between clone and exec, on Linux.
 *
 * The contract.  The child may share its parent's memory (CLONE_VM) while
 * another thread of that parent holds any lock.  So nothing here allocates,
 * locks, formats, or calls into libc beyond syscall(2): no stdio, no
 * sigaction wrapper, no closedir.  All it needs was put into the plan by
 * the parent.  What it writes are its own stack, the report, and errno,
 * which belongs to the thread that is suspended until the child executes
 * or ends.  A test holds this file to its list of external functions.
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
#include <linux/securebits.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "spawn.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self 446
#endif
#define PJ_CLOSE_RANGE_CLOEXEC (1U << 2)

/* The kernel's signal set is 64 bits, whatever libc's sigset_t is.  */
#define KERNEL_SIGNALS 64
#define KERNEL_SIGSET_SIZE (KERNEL_SIGNALS / 8)

/* Status 127 is never taken for the program's own: the report tells.  */
void
pj_child_give_up(const pj_child_plan *plan, int step)
{
    plan->report->number = errno;
    plan->report->step = step;
    for (;;)
        syscall(SYS_exit_group, 127);
}

/* An exec can hang (a dead network file system), and the parent is
   suspended until it is over.  A POSIX timer is the one thing that still
   works then; exec deletes it.  */
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

/* exec keeps ignored signals ignored (Python ignores SIGPIPE), and nothing
   of the parent's may run here once signals are let through.  */
int
pj_child_default_signals(void)
{
    /* Zero bytes are SIG_DFL with no flags in every kernel's layout.  */
    static const char action[64] = {0};

    for (int number = 1; number <= KERNEL_SIGNALS; number++)
        if (number != SIGKILL && number != SIGSTOP
            && syscall(SYS_rt_sigaction, number, action, NULL,
                       (size_t)KERNEL_SIGSET_SIZE) != 0)
            return -1;
    return 0;
}

/* Asks to be killed with the host, and checks that the host had not died
   before the question.  */
static int
follow_parent(const pj_child_plan *plan)
{
    if (syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return -1;
    if (syscall(SYS_getppid) != plan->parent) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

/* The parent keeps all of these above 2, so no dup3 can overwrite one that
   is still needed.  dup3 also clears close-on-exec on the copy.  */
static int
place_streams(const pj_child_plan *plan)
{
    if (syscall(SYS_dup3, plan->stdin_fd, 0, 0) < 0
        || syscall(SYS_dup3, plan->stdout_fd, 1, 0) < 0
        || syscall(SYS_dup3, plan->stderr_fd, 2, 0) < 0)
        return -1;
    return 0;
}

static int
mark_cloexec(int fd)
{
    return (int)syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
}

/* Marks what one buffer of directory entries names.  */
static void
mark_entries(const char *entries, long size)
{
    /* struct linux_dirent64: ino, off, reclen at 16, type, name at 19.  */
    enum { RECLEN = 16, NAME = 19 };

    for (long at = 0; at < size;) {
        const char *name = entries + at + NAME;
        int fd = 0, digits = 0;

        for (; *name >= '0' && *name <= '9'; name++, digits++)
            fd = fd * 10 + (*name - '0');
        if (digits > 0 && *name == '\0' && fd > 2)
            mark_cloexec(fd);
        at += (long)((unsigned char)entries[at + RECLEN]
                     | (unsigned)(unsigned char)entries[at + RECLEN + 1]
                           << 8);
    }
}

/* Before close_range(2) knew the flag (5.11): read the table of open
   descriptors, and where /proc is missing try every number.  */
static int
mark_one_by_one(void)
{
    char entries[1024] __attribute__((aligned(8)));
    struct rlimit limit;
    long size, number;
    int dir = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/fd",
                           O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

    if (dir >= 0) {
        while ((size = syscall(SYS_getdents64, dir, entries,
                               sizeof entries)) > 0)
            mark_entries(entries, size);
        return size == 0 ? 0 : -1;
    }
    if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) != 0)
        return -1;
    /* A limit can be lowered below a number that is in use; the kernel's
       own ceiling cannot, but trying a billion numbers is no plan.  */
    number = limit.rlim_max > 1048576 ? 1048576 : (long)limit.rlim_max;
    for (long fd = 3; fd < number; fd++)
        mark_cloexec((int)fd);
    return 0;
}

/* No descriptor of the host reaches the program, whoever forgot to set
   close-on-exec on it.  */
static int
drop_descriptors(void)
{
    if (syscall(SYS_close_range, 3U, ~0U, PJ_CLOSE_RANGE_CLOEXEC) == 0)
        return 0;
    return mark_one_by_one();
}

static int
limit_resources(const pj_confinement *confinement)
{
    for (size_t i = 0; i < confinement->limit_count; i++)
        if (syscall(SYS_prlimit64, 0, confinement->limits[i].resource,
                    &confinement->limits[i].value, NULL) != 0)
            return -1;
    return 0;
}

/* Groups first: after the uid is gone so is the right to change them.  */
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

/* Without these bits root would get everything back from exec.  Only root
   can set them, and only root needs them.  */
static int
give_up_root(void)
{
    unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED
        | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED
        | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE
        | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

    if (syscall(SYS_prctl, PR_SET_SECUREBITS, bits, 0, 0, 0) != 0)
        return syscall(SYS_geteuid) == 0 ? -1 : 0;
    for (long capability = 0; capability < 64; capability++)
        if (syscall(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
            return errno == EINVAL ? 0 : -1;
    return 0;
}

static int
drop_capabilities(const pj_confinement *confinement)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3,
                                              0};
    static const struct __user_cap_data_struct none[2];

    if (!confinement->drop_capabilities)
        return 0;
    if (give_up_root() != 0
        || syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0,
                   0) != 0)
        return -1;
    return (int)syscall(SYS_capset, &header, none);
}

/* What lets root read, command or starve the host past Landlock and the
   filter: CAP_PERFMON opens the /proc of others, CAP_SYS_RAWIO the kernel's
   memory, CAP_SYS_RESOURCE raises limits.  Root keeps its rights to files,
   ids and the network.  Nobody else gets any of these from exec, except by
   the ambient set.  */
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

    if (!confinement->shed_capabilities)
        return 0;
    for (size_t i = 0; i < sizeof shed; i++) {
        long capability = shed[i];

        syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, capability,
                0, 0);
        if (syscall(SYS_prctl, PR_CAPBSET_READ, capability, 0, 0, 0) == 1
            && syscall(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0) != 0
            && syscall(SYS_geteuid) == 0)
            return -1;
    }
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
install_filter(const pj_confinement *confinement)
{
    struct sock_fprog program = {confinement->filter_count,
                                 confinement->filter};

    if (confinement->filter == NULL)
        return 0;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program);
}

static int
clear_mask(void)
{
    static const char mask[KERNEL_SIGSET_SIZE] = {0};

    return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL,
                        (size_t)KERNEL_SIGSET_SIZE);
}

static void
execute(const pj_child_plan *plan)
{
    if (plan->exec_fd >= 0)
        syscall(SYS_execveat, plan->exec_fd, "", plan->argv, plan->envp,
                AT_EMPTY_PATH);
    else
        syscall(SYS_execve, plan->exec_path, plan->argv, plan->envp);
}

static int
set_umask(const pj_confinement *confinement)
{
    if (confinement->umask >= 0)
        syscall(SYS_umask, confinement->umask);
    return 0;
}

/* The steps in their order.  What a later step needs is not taken away by
   an earlier one: descriptors before the limits, ids before the parent
   check (a change of ids forgets the death signal), the filter last.  */
static void __attribute__((noreturn))
become_program(const pj_child_plan *plan)
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
    if (drop_descriptors() != 0)
        pj_child_give_up(plan, PJ_STEP_DESCRIPTORS);
    if (set_umask(confinement) != 0 || limit_resources(confinement) != 0)
        pj_child_give_up(plan, PJ_STEP_LIMITS);
    if (become_user(confinement) != 0)
        pj_child_give_up(plan, PJ_STEP_USER);
    if (follow_parent(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_PARENT);
    if (shed_capabilities(confinement) != 0
        || drop_capabilities(confinement) != 0)
        pj_child_give_up(plan, PJ_STEP_CAPABILITIES);
    if (syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        pj_child_give_up(plan, PJ_STEP_PRIVILEGES);
    if (enter_landlock(confinement) != 0)
        pj_child_give_up(plan, PJ_STEP_LANDLOCK);
    if (clear_mask() != 0)
        pj_child_give_up(plan, PJ_STEP_MASK);
    if (install_filter(confinement) != 0)
        pj_child_give_up(plan, PJ_STEP_SECCOMP);
    execute(plan);
    pj_child_give_up(plan, PJ_STEP_EXEC);
}

/* "0" is the writer.  Before anything else: the init of a namespace, too,
   belongs to the tree.  */
static int
join_cgroup(const pj_child_plan *plan)
{
    if (plan->cgroup_fd < 0)
        return 0;
    return syscall(SYS_write, plan->cgroup_fd, "0", (size_t)1) == 1 ? 0 : -1;
}

void
pj_child_main(const pj_child_plan *plan)
{
    if (join_cgroup(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_CGROUP);
    if (plan->confinement->namespace_flags != 0)
        pj_child_init(plan, become_program);
    become_program(plan);
}
