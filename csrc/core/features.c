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
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "child.h"
#include "landlock.h"
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

/* Whether a namespace can be made, and its user mapped: a host that may
   not be dumped may not even write to its own /proc/self.  */
static int
works(int flags)
{
    enum { STACK = 16 * 1024 };
    char stack[STACK] __attribute__((aligned(16)));
    pj_child_plan plan = {0};
    pj_user_maps maps;
    int status = 1;
    pid_t pid;

    pj_features_user_maps(&maps);
    if (flags & CLONE_NEWUSER) {
        plan.uid_map = maps.uid;
        plan.gid_map = maps.gid;
    }
    pid = clone(pj_child_probe, stack + STACK,
                flags | CLONE_VFORK | SIGCHLD, &plan);
    if (pid < 0)
        return 0;
    /* A host that ignores SIGCHLD is not told: then it has to be tried. */
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return errno == ECHILD;
    return status == 0;
}

int
pj_features_pid_namespace(void)
{
    /* With the privilege for it, the user stays what it is.  */
    if (works(CLONE_NEWPID))
        return CLONE_NEWPID;
    if (works(CLONE_NEWPID | CLONE_NEWUSER))
        return CLONE_NEWPID | CLONE_NEWUSER;
    return 0;
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
