/* test_descriptors.c: what a child passes on, where the system lists what is
   open: Darwin, or on Linux the header in tests/c/darwin.  */
#include <fcntl.h>
#include <sys/resource.h>

#include "fixture.h"

#ifdef __APPLE__

/* How often a descriptor was changed.  */
static int changes;

static int
counted_fcntl(int fd, int command, int flags)
{
    changes++;
    return fcntl(fd, command, flags);
}

#define pj_child_drop_descriptors drop
#define fcntl counted_fcntl
#include "system/posix/descriptors.c"
#undef fcntl

enum { LIMIT = 2048, MANY = 200, HIGH = 2000 };

/* How many descriptors above 2 the exec would not close.  */
static int
count_passed_on(void)
{
    int count = 0;

    for (int fd = 3; fd < LIMIT; fd++) {
        int flags = fcntl(fd, F_GETFD);

        count += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    return count;
}

/* With MANY descriptors and a high one, in a child, by at most so many
   changes.  */
static void
try_drop(int most)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        int stray = open("/dev/null", O_RDONLY);

        for (int i = 0; i < MANY; i++)
            dup(stray);
        if (dup2(stray, HIGH) != HIGH || count_passed_on() < MANY
            || drop() != 0 || count_passed_on() != 0
            || fcntl(0, F_GETFD) == FD_CLOEXEC)
            _exit(1);
        _exit(changes > most ? 2 : 0);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int
main(void)
{
    struct rlimit limit = {LIMIT, LIMIT};

    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        CHECK_SKIP("it needs 2048 descriptors");
        return CHECK_REPORT();
    }
#ifdef __linux__
    for (fake_estimate = 1; fake_estimate < 1000; fake_estimate *= 3)
        try_drop(3 * MANY);
    fake_estimate = 0;
    try_drop(LIMIT);
    fake_fails = 1;
    try_drop(LIMIT);
#else
    try_drop(3 * MANY);
#endif
    return CHECK_REPORT();
}

#else

int
main(void)
{
    CHECK_SKIP("this system does not list descriptors");
    return CHECK_REPORT();
}

#endif
