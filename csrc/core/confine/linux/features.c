/* features.c: asking the kernel.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "confine/features.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/linux/landlock.h"
#include "confine/linux/seccomp.h"
#include "system/platform.h"
#include "system/rehearse.h"

int
pj_sandbox_has_kernel(void)
{
    return 1;
}

void
pj_features_ask(pj_features *out)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3,
                                              0};
    struct __user_cap_data_struct data[2];

    memset(out, 0, sizeof *out);
    out->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0;
    out->seccomp_errno = pj_seccomp_errno();
    out->landlock_abi = pj_landlock_abi(&out->landlock_errno);
    out->capabilities = syscall(SYS_capget, &header, data) == 0;
    pj_features_describe(out);
}

/* A refusal rather than a transient failure.  */
static int
is_refusal(int number)
{
    return number == EPERM || number == EACCES || number == ENOSYS
        || number == EOPNOTSUPP || number == EINVAL || number == E2BIG
        || number == ENOSPC;
}

int
pj_features_withdraw(pj_features *features, const pj_child_report *report)
{
    pj_features before = *features;

    /* The init program cannot be executed here, or on this processor.  */
    if (report->stage == PJ_STAGE_KILLED
        && (features->namespace_flags != 0 || !features->no_user))
        return pj_features_have_no_init(features);
    if (report->stage != PJ_STAGE_FAILED || !is_refusal(report->number))
        return 0;
    switch (report->step) {
    case PJ_STEP_SESSION:
        features->no_session = report->number;
        break;
    case PJ_STEP_NONE:
    case PJ_STEP_INIT:
    case PJ_STEP_NAMESPACE:
        features->namespace_flags = 0;
        break;
    case PJ_STEP_USER:
        features->no_user = 1;
        break;
    case PJ_STEP_CAPABILITIES:
        features->capabilities = 0;
        break;
    case PJ_STEP_PRIVILEGES:
        features->no_new_privs = 0;
        break;
    case PJ_STEP_LANDLOCK:
        features->landlock_abi = 0;
        features->landlock_errno = report->number;
        break;
    case PJ_STEP_SECCOMP:
        features->seccomp_errno = report->number;
        break;
    default:
        return 0;
    }
    pj_features_describe(features);
    return memcmp(&before, features, sizeof before) != 0;
}

/* Capabilities of this process, as bits; 0 if they cannot be read.  */
static uint64_t
capabilities(int effective)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3,
                                              0};
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &header, data) != 0)
        return 0;
    return effective
        ? (uint64_t)data[1].effective << 32 | data[0].effective
        : (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

/* Reads the start of a file in /proc/self; -1 if it cannot be read.  */
static int
read_own(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, out, size - 1);

    if (fd >= 0)
        close(fd);
    if (got < 0)
        return -1;
    out[got] = '\0';
    return 0;
}

/* Whether an id is mapped outside this user namespace.  If the map cannot be
   read, assumes that it is: the child will find out.  */
static int
is_mapped(const char *path, uint64_t id)
{
    uint64_t first, outside, count;
    char text[4096];

    if (read_own(path, text, sizeof text) < 0)
        return 1;
    for (const char *line = text; line != NULL && *line != '\0';
         line = strchr(line, '\n'), line += line != NULL) {
        if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64, &first,
                   &outside, &count) == 3
            && id >= first && id - first < count)
            return 1;
    }
    return 0;
}

int
pj_features_changes_ids(void)
{
    const uint64_t needed = UINT64_C(1) << CAP_SETUID
        | UINT64_C(1) << CAP_SETGID;
    char groups[16];

    /* In a namespace created by an unprivileged user, supplementary groups
       may not be dropped.  */
    if (read_own("/proc/self/setgroups", groups, sizeof groups) == 0
        && strncmp(groups, "deny", 4) == 0)
        return 0;
    return (capabilities(1) & needed) == needed;
}

int
pj_features_may_become(uid_t uid, gid_t gid)
{
    if (pj_features_has_ids(uid, gid))
        return 1;
    return pj_features_changes_ids()
        && is_mapped("/proc/self/uid_map", uid)
        && is_mapped("/proc/self/gid_map", gid);
}

int
pj_features_is_lesser_root(void)
{
    unsigned long long first, outside, count;
    char text[128];

    if (!(capabilities(0) & UINT64_C(1) << CAP_SETUID))
        return 0;
    if (geteuid() != 0)
        return 1;
    /* The initial namespace maps all ids to themselves.  */
    return read_own("/proc/self/uid_map", text, sizeof text) < 0
        || sscanf(text, "%llu %llu %llu", &first, &outside, &count) != 3
        || first != 0 || outside != 0 || count != UINT32_MAX;
}

/* 0 if a namespace can be created and its user mapped, or an errno.  */
static int
try_namespace(int flags, int init_fd)
{
    pj_confinement confinement = {.umask = -1, .cgroup_fd = -1,
                                  .landlock_fd = -1, .init_fd = init_fd,
                                  .namespace_flags = flags};
    pj_child_report report;

    if (pj_rehearse(&confinement, &report) == 0)
        return 0;
    return report.stage == PJ_STAGE_FAILED ? report.number : errno;
}

/* With sufficient privilege, the user stays the same.  */
void
pj_features_ask_namespace(pj_features *out)
{
    static const int kinds[] = {CLONE_NEWPID, CLONE_NEWPID | CLONE_NEWUSER};
    int init_fd = pj_platform_init_program();

    out->namespace_flags = 0;
    out->namespace_errno = init_fd < 0 ? errno : 0;
    for (size_t i = 0; i < 2 && init_fd >= 0 && out->namespace_flags == 0;
         i++) {
        out->namespace_errno = try_namespace(kinds[i], init_fd);
        if (out->namespace_errno == 0)
            out->namespace_flags = kinds[i];
    }
    if (init_fd >= 0)
        close(init_fd);
}
