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

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

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

static int
end_at_once(void *unused)
{
    (void)unused;
    return (int)syscall(SYS_exit_group, 0);
}

static int
works(int flags)
{
    enum { STACK = 16 * 1024 };
    char stack[STACK] __attribute__((aligned(16)));
    pid_t pid = clone(end_at_once, stack + STACK,
                      flags | CLONE_VFORK | SIGCHLD, NULL);

    if (pid < 0)
        return 0;
    while (waitpid(pid, NULL, 0) < 0)
        break;
    return 1;
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
