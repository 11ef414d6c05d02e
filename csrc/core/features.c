/* features.c: asking the kernel.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "features.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int
pj_features_may_become(uid_t uid, gid_t gid)
{
    if (geteuid() == 0)
        return 1;
    return getuid() == uid && geteuid() == uid && getgid() == gid
        && getegid() == gid && getgroups(0, NULL) == 0;
}

static void
describe(pj_features *out)
{
    struct utsname name;

    if (uname(&name) != 0)
        memcpy(name.sysname, "?", 2), memcpy(name.release, "?", 2);
    snprintf(out->text, sizeof out->text,
             "%.20s %.24s, Landlock ABI %d, seccomp %s", name.sysname,
             name.release, out->landlock_abi, out->seccomp ? "yes" : "no");
}

#if defined(__linux__) && !defined(PJ_PORTABLE)

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "landlock.h"
#include "platform.h"
#include "rehearse.h"
#include "seccomp.h"

void
pj_features_probe(pj_features *out)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3,
                                              0};
    struct __user_cap_data_struct data[2];

    memset(out, 0, sizeof *out);
    out->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0;
    out->seccomp = pj_seccomp_available();
    out->landlock_abi = pj_landlock_abi();
    out->capabilities = syscall(SYS_capget, &header, data) == 0;
    describe(out);
}

void
pj_features_user_maps(pj_user_maps *out)
{
    snprintf(out->uid, sizeof out->uid, "%u %u 1", geteuid(), geteuid());
    snprintf(out->gid, sizeof out->gid, "%u %u 1", getegid(), getegid());
}

/* Whether a namespace can be made, and its user mapped.  */
static int
works(int flags, int init_fd)
{
    pj_confinement confinement = {.umask = -1, .cgroup_fd = -1,
                                  .landlock_fd = -1, .init_fd = init_fd,
                                  .namespace_flags = flags};
    pj_child_report report;

    return pj_rehearse(&confinement, &report) == 0;
}

int
pj_features_pid_namespace(void)
{
    int init_fd = pj_platform_init_program(), flags = 0;

    if (init_fd < 0)
        return 0;
    /* With the privilege for it, the user stays what it is.  */
    if (works(CLONE_NEWPID, init_fd))
        flags = CLONE_NEWPID;
    else if (works(CLONE_NEWPID | CLONE_NEWUSER, init_fd))
        flags = CLONE_NEWPID | CLONE_NEWUSER;
    close(init_fd);
    return flags;
}

#else

void
pj_features_probe(pj_features *out)
{
    memset(out, 0, sizeof *out);
    describe(out);
}

int
pj_features_pid_namespace(void)
{
    return 0;
}

#endif
