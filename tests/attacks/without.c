/* without FEATURES PROGRAM ARGS...: runs a program on a kernel that lacks
   something: a filter answers for it.

   FEATURES are joined by commas: landlock, seccomp, namespaces (as where an
   administrator forbids them), gvisor (of seccomp, all but filters),
   faccessat2, or clone, which kills who makes a process.  */
#include "attack.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#define NR offsetof(struct seccomp_data, nr)
#define ARG0 offsetof(struct seccomp_data, args)
#define ARG1 (ARG0 + 8)
#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(at))
#define EQUAL(k, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, no)
#define ANY(k, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, k, 0, no)
#define FAIL(e) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (e))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static struct sock_filter no_landlock[] = {
    LOAD(NR), EQUAL(444, 1), FAIL(ENOSYS), ALLOW,
};
static struct sock_filter no_seccomp[] = {
    LOAD(NR), EQUAL(SYS_seccomp, 1), FAIL(ENOSYS), ALLOW,
};
/* gVisor's has SECCOMP_SET_MODE_FILTER (1) and nothing else.  */
static struct sock_filter gvisor[] = {
    LOAD(NR), EQUAL(SYS_seccomp, 3), LOAD(ARG0), EQUAL(1, 2), ALLOW,
    ALLOW, FAIL(EINVAL),
};
/* What containers of other times refuse, as their filters do.  */
static struct sock_filter no_faccessat2[] = {
    LOAD(NR), EQUAL(439, 1), FAIL(EPERM), ALLOW,
};
static struct sock_filter no_namespaces[] = {
    LOAD(NR), EQUAL(SYS_clone, 3), LOAD(ARG0), ANY(0x30000000, 1),
    FAIL(EPERM), ALLOW,
};
static struct sock_filter no_clone[] = {
    LOAD(NR),
    EQUAL(SYS_clone, 1), KILL,
    EQUAL(SYS_clone3, 1), KILL,
#ifdef SYS_fork
    EQUAL(SYS_fork, 1), KILL,
    EQUAL(SYS_vfork, 1), KILL,
#endif
    ALLOW,
};

#define COUNT(a) (sizeof(a) / sizeof(*a))

static const struct {
    const char *name;
    struct sock_fprog program;
} features[] = {
    {"landlock", {COUNT(no_landlock), no_landlock}},
    {"namespaces", {COUNT(no_namespaces), no_namespaces}},
    {"clone", {COUNT(no_clone), no_clone}},
    {"seccomp", {COUNT(no_seccomp), no_seccomp}},
    {"gvisor", {COUNT(gvisor), gvisor}},
    {"faccessat2", {COUNT(no_faccessat2), no_faccessat2}},
};

int
main(int argc, char **argv)
{
    if (argc < 3 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return 2;
    for (size_t i = 0; i < COUNT(features); i++)
        if (strstr(argv[1], features[i].name) != NULL
            && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
                       &features[i].program) != 0)
            return stopped(features[i].name);
    execv(argv[2], argv + 2);
    return stopped("exec");
}
