/* test_await.c: waiting for a process where select(2) cannot.  Darwin has a
   select that refuses descriptors from 1024 on; --wrap makes this one such,
   or one that refuses everything.  */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>

#include "fixture.h"

enum { LIMIT = 1024 };

static int most = LIMIT; /* nfds that select takes */
static long refused;

int __real_select(int count, fd_set *in, fd_set *out, fd_set *bad,
                  struct timeval *timeout);
int __wrap_select(int count, fd_set *in, fd_set *out, fd_set *bad,
                  struct timeval *timeout);

int
__wrap_select(int count, fd_set *in, fd_set *out, fd_set *bad,
              struct timeval *timeout)
{
    if (count <= most)
        return __real_select(count, in, out, bad, timeout);
    refused++;
    errno = EINVAL;
    return -1;
}

/* The output is whole and in time, and waiting for it is no spinning.  */
static void
test_slow_program(void)
{
    pj_policy_options *policy = shell_options();
    pj_command *command;
    pj_output output;
    pj_error err;

    policy->timeout_ns = INT64_C(60000000000);
    command = shell_command(policy, "echo hi; sleep 0.3; echo ho");
    refused = 0;
    CHECK(pj_command_run(command, NULL, &output, &err) == 0);
    CHECK(bytes_are(output.out, "hi\nho\n"));
    CHECK(refused > 0);
    /* Of the 100,000 and more that fit into this time.  */
    CHECK(refused < 3000);
    pj_output_clear(&output);
    pj_command_unref(command);
    pj_policy_options_free(policy);
}

static void
test_high_descriptors(void)
{
    struct rlimit limit;
    int taken[LIMIT], count = 0;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0
        || limit.rlim_max < 2 * LIMIT) {
        CHECK_SKIP("it needs 2048 descriptors");
        return;
    }
    limit.rlim_cur = 2 * LIMIT;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while (count < LIMIT && (count == 0 || taken[count - 1] < LIMIT)) {
        taken[count] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (taken[count++] < 0)
            exit(EXIT_FAILURE);
    }
    test_slow_program();
    while (count > 0)
        close(taken[--count]);
}

int
main(void)
{
    test_high_descriptors();
    most = -1;
    test_slow_program();
    return CHECK_REPORT();
}
