/* test_features.c: what the host may, and where the kernel's files are.  */
#include "check.h"

#include "confine/features.h"

#if defined(__linux__) && !defined(PJ_PORTABLE)

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
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

#else

static void
test_roots(void)
{
    CHECK(pj_features_pid_namespace() == 0);
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
    return CHECK_REPORT();
}
