/* test_features.c: what the host may, and where the kernel's files are.  */
#include "check.h"

#include "confine/features.h"

#if defined(__linux__) && !defined(PJ_PORTABLE)

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/linux/kernel_fs.h"

enum { LESSER = 1, CHANGES = 2, CANNOT = 4 };

static int
standing(void)
{
    return (pj_features_is_lesser_root() ? LESSER : 0)
        | (pj_features_changes_ids() ? CHANGES : 0);
}

static int
in_namespace(void)
{
    return unshare(CLONE_NEWUSER) == 0 ? standing() : CANNOT;
}

static int
without_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3,
                                              0};
    struct __user_cap_data_struct none[2];

    memset(none, 0, sizeof none);
    return syscall(SYS_capset, &header, none) == 0 ? standing() : CANNOT;
}

/* What a function finds in a process of its own.  */
static int
apart(int (*find)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(find());
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
test_roots(void)
{
    int found = apart(in_namespace);

    /* All-powerful inside, and to the kernel a user like any other.  */
    CHECK(found == CANNOT || (found & LESSER));
    CHECK(apart(without_capabilities) == 0);
    if (geteuid() != 0) {
        CHECK(!pj_features_may_become(0, 0));
        CHECK(standing() == 0);
    }
}

/* Two tables have to agree: the names of mountinfo, the numbers of
   statfs.  */
static void
test_kernel_files(void)
{
    pj_strv places = {NULL, 0, 0};
    int fd, seen = 0;

    CHECK(pj_kernel_fs_places(&places) == 0);
    for (size_t i = 0; i < places.count; i++) {
        fd = open(places.items[i].ptr, O_PATH | O_CLOEXEC);
        if (fd < 0)
            continue;
        CHECK(pj_kernel_fs_holds(fd));
        CHECK(!pj_kernel_fs_is_memory(fd));
        seen++;
        close(fd);
    }
    CHECK(seen > 0 || access("/proc/self", F_OK) != 0);
    pj_strv_clear(&places);
    fd = open("/usr", O_PATH | O_CLOEXEC);
    CHECK(fd >= 0 && !pj_kernel_fs_holds(fd));
    close(fd);
}

/* From here on asking the kernel, or making a process, kills.  */
static int
forbid_questions(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 444, 2, 0), /* Landlock */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) == 0;
}

static int
ask_twice(void)
{
    pj_features first, again;

    pj_features_probe_namespace(&first);
    if (!forbid_questions())
        return CANNOT;
    pj_features_probe_namespace(&again);
    if (memcmp(&first, &again, sizeof first) != 0)
        return 1;
    pj_features_probe(&again);
    return again.namespace_flags != 0;
}

static void
test_asked_once(void)
{
    int found = apart(ask_twice);

    CHECK(found == 0 || found == CANNOT);
    /* A fork asks for itself: its answers may differ.  */
    CHECK(apart(ask_twice) == found);
}

#else

static void
test_roots(void)
{
    pj_features features;

    pj_features_probe_namespace(&features);
    CHECK(features.namespace_flags == 0);
}

static void
test_asked_once(void)
{
}

static void
test_kernel_files(void)
{
    CHECK_SKIP("only Linux shows its kernel as files");
}

#endif

int
main(void)
{
    test_roots();
    test_kernel_files();
    test_asked_once();
    return CHECK_REPORT();
}
