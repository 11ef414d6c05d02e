/* features.c: asking the kernel.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "confine/features.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int
pj_features_has_ids(uid_t uid, gid_t gid)
{
    return getuid() == uid && geteuid() == uid && getgid() == gid
        && getegid() == gid && getgroups(0, NULL) == 0;
}

/* Why there is no Landlock, in words.  */
static void
say_landlock(const pj_features *features, char *out, size_t size)
{
    switch (features->landlock_errno) {
    case 0:
        out[0] = '\0';
        break;
    case ENOSYS:
        snprintf(out, size, " (ENOSYS: not in this kernel)");
        break;
    case EOPNOTSUPP:
        snprintf(out, size, " (EOPNOTSUPP: not switched on at boot by lsm=)");
        break;
    case EPERM:
        snprintf(out, size, " (EPERM: refused by a container's filter)");
        break;
    case E2BIG:
        snprintf(out, size, " (E2BIG: this process is in 16 layers of it)");
        break;
    default:
        snprintf(out, size, " (errno %d)", features->landlock_errno);
    }
}

/* The same for seccomp; ENOSYS is also a processor without filters here.  */
static const char *
say_seccomp(const pj_features *features)
{
    switch (features->seccomp_errno) {
    case 0:
        return "yes";
    case ENOSYS:
        return "no (ENOSYS)";
    case EPERM:
        return "no (EPERM)";
    default:
        return "no";
    }
}

void
pj_features_describe(pj_features *out)
{
    struct utsname name;
    char why[64];

    if (uname(&name) != 0)
        memcpy(name.sysname, "?", 2), memcpy(name.release, "?", 2);
    say_landlock(out, why, sizeof why);
    /* Even with the longest release name, this fits a field of an error.  */
    snprintf(out->text, sizeof out->text,
             "%.8s %.48s, Landlock ABI %d%s, seccomp %s", name.sysname,
             name.release, out->landlock_abi, why, say_seccomp(out));
}

int
pj_features_have_no_init(pj_features *features)
{
    features->namespace_flags = 0;
    features->no_user = 1;
    return 1;
}
