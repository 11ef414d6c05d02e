/* test_run.c: pj_command_run: output, limits, interruption, and a host that
   is left as it was.  */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "fixture.h"

#define MS INT64_C(1000000)

static int
run(const pj_policy_options *policy, const char *script,
    const pj_run_options *options, pj_output *output, pj_error *err)
{
    pj_command *command = shell_command(policy, script);
    int result = pj_command_run(command, options, output, err);

    CHECK((result == 0) || err->code != PJ_OK);
    pj_command_unref(command);
    return result;
}

static void
test_ends(void)
{
    pj_policy_options *policy = shell_options();
    pj_output output;
    pj_error err;

    CHECK(run(policy, "echo a; echo b >&2", NULL, &output, &err) == 0);
    CHECK(output.end == PJ_END_EXITED && output.exit_code == 0);
    CHECK(bytes_are(output.out, "a\n") && bytes_are(output.err, "b\n"));
    pj_output_clear(&output);
    pj_output_clear(&output);
    CHECK(run(policy, "exit 255", NULL, &output, &err) == 0);
    CHECK(output.exit_code == 255 && output.signal == 0);
    CHECK(output.out.len == 0);
    pj_output_clear(&output);
    CHECK(run(policy, "kill -TERM $$", NULL, &output, &err) == 0);
    CHECK(output.end == PJ_END_SIGNALED && output.signal == SIGTERM);
    CHECK(output.exit_code == 0);
    pj_output_clear(&output);
    /* 127 is the program's own when it did start.  */
    CHECK(run(policy, "exit 127", NULL, &output, &err) == 0);
    CHECK(output.end == PJ_END_EXITED && output.exit_code == 127);
    pj_output_clear(&output);
    pj_policy_options_free(policy);
}

/* What a child sees of its descriptors, and of signals.  libc keeps some of
   the latter from sigaction, so the lowest 28 are shown.  */
#ifdef __linux__
#define SHOW_OWN "ls /proc/self/fd | tr '\\n' ' '; pwd; cat; " \
    "grep -E 'SigIgn|SigBlk' /proc/self/status | cut -c18-; "
#define OWN "0 1 2 3 /\n0000000\n0000000\n"
#else
#define SHOW_OWN "test -e /dev/fd/77 || echo closed; pwd; cat; trap; "
#define OWN "closed\n/\n"
#endif

/* What the child finds: nothing of the host's.  */
static void
test_child(void)
{
    pj_policy_options *policy = shell_options();
    int stray = open("/dev/null", O_RDONLY), high = dup2(stray, 77);
    pj_output output;
    pj_error err;

    CHECK(stray > 2 && high == 77);
    signal(SIGPIPE, SIG_IGN);
    CHECK(run(policy, SHOW_OWN "ulimit -c; echo $#", NULL, &output, &err)
          == 0);
    signal(SIGPIPE, SIG_DFL);
    CHECK(bytes_are(output.out, OWN "0\n0\n"));
    CHECK(output.err.len == 0);
    pj_output_clear(&output);
    close(stray);
    close(high);
    pj_policy_options_free(policy);
}

static void
test_limits(void)
{
    pj_policy_options *policy = shell_options();
    pj_output output;
    pj_error err;

    policy->max_stdout = 4;
    policy->max_stderr = PJ_OUTPUT_NONE;
    CHECK(run(policy, "printf 1234", NULL, &output, &err) == 0);
    CHECK(bytes_are(output.out, "1234"));
    pj_output_clear(&output);
    CHECK(run(policy, "printf 12345; sleep 30", NULL, &output, &err) < 0);
    CHECK(says(&err, PJ_E_StdoutLimitExceeded) && err.max == 4);
    CHECK(bytes_are(output.out, "1234"));
    CHECK(output.elapsed_ns < 20000 * MS);
    pj_output_clear(&output);
    /* Also where the leader had ended before it was seen.  */
    CHECK(run(policy, "printf 12345", NULL, &output, &err) < 0);
    CHECK(says(&err, PJ_E_StdoutLimitExceeded));
    pj_output_clear(&output);
    CHECK(run(policy, "printf 1; printf x >&2; sleep 30", NULL, &output,
              &err) < 0);
    CHECK(says(&err, PJ_E_StderrLimitExceeded) && err.max == 0);
    CHECK(output.err.len == 0 && bytes_are(output.out, "1"));
    pj_output_clear(&output);
    pj_policy_options_free(policy);
}

static void
test_timeout(void)
{
    pj_policy_options *policy = shell_options();
    pj_output output;
    pj_error err;

    policy->timeout_ns = 1500 * MS;
    CHECK(run(policy, "trap '' TERM INT HUP; echo a; sleep 30 & sleep 30",
              NULL, &output, &err) < 0);
    CHECK(says(&err, PJ_E_Timeout));
    CHECK(bytes_are(output.out, "a\n"));
    CHECK(output.elapsed_ns >= 1500 * MS && output.elapsed_ns < 20000 * MS);
    CHECK(output.end == PJ_END_SIGNALED && output.signal == SIGKILL);
    pj_output_clear(&output);
    pj_policy_options_free(policy);
}

/* Everything that was written before the end is there.  */
static void
test_large_output(void)
{
    pj_policy_options *policy = shell_options();
    pj_output output;
    pj_error err;

    CHECK(run(policy, "head -c 3000000 /dev/zero; "
              "head -c 300000 /dev/zero >&2", NULL, &output, &err) == 0);
    CHECK(output.out.len == 3000000 && output.err.len == 300000);
    CHECK(!output.out.external);
    pj_output_clear(&output);
    CHECK(run(policy, "head -c 60000 /dev/zero", NULL, &output, &err) == 0);
    CHECK(output.out.len == 60000);
    pj_output_clear(&output);
    pj_policy_options_free(policy);
}

struct counter {
    int calls, stop_at;
};

static int
count_call(void *ctx)
{
    struct counter *counter = ctx;

    return ++counter->calls == counter->stop_at;
}

static void
test_interrupted(const char *script, const char *expected)
{
    struct counter counter = {0, 20};
    pj_run_options options = {.interrupted = count_call, .ctx = &counter};
    pj_policy_options *policy = shell_options();
    pj_output output;
    pj_error err;

    policy->timeout_ns = 30000 * MS;
    CHECK(run(policy, script, &options, &output, &err) < 0);
    CHECK(says(&err, PJ_E_Cancelled));
    CHECK(counter.calls >= 20);
    CHECK(output.elapsed_ns < 20000 * MS);
    CHECK(output.out.len >= strlen(expected)
          && memcmp(output.out.data, expected, strlen(expected)) == 0);
    pj_output_clear(&output);
    pj_policy_options_free(policy);
}

/* Called now and then, and harmless as long as it says 0.  */
static void
test_not_interrupted(void)
{
    struct counter counter = {0, 0};
    pj_run_options options = {.interrupted = count_call, .ctx = &counter};
    pj_policy_options *policy = shell_options();
    pj_output output;
    pj_error err;

    CHECK(run(policy, "sleep 0.4", &options, &output, &err) == 0);
    CHECK(counter.calls >= 3);
    pj_output_clear(&output);
    pj_policy_options_free(policy);
}

static void *
no_memory(void *ctx, int stream, void *old, size_t used, size_t capacity)
{
    (void)ctx;
    (void)old;
    (void)used;
    CHECK(stream == 1 && capacity > PJ_STORAGE_MIN);
    return NULL;
}

static void
test_storage_refuses(void)
{
    pj_storage storage = {no_memory, NULL};
    pj_run_options options = {.storage = &storage};
    pj_policy_options *policy = shell_options();
    pj_output output;
    pj_error err;

    CHECK(run(policy, "head -c 1000000 /dev/zero; sleep 30", &options,
              &output, &err) < 0);
    CHECK(says(&err, PJ_E_OutOfMemory));
    CHECK(output.out.len > 0 && !output.out.external);
    pj_output_clear(&output);
    pj_policy_options_free(policy);
}

/* A file that is executable and no program.  */
static void
test_exec_fails(void)
{
    char path[] = "/tmp/test_run_XXXXXX";
    int fd = mkstemp(path), before;
    pj_policy_options *policy;
    pj_command *command;
    pj_output output;
    pj_error err;

    close(fd);
    put_file(path, "\x7f" "ELF nothing", 0755);
    policy = options_for(path, NULL, 0);
    command = prepare(policy, path, NULL, 0, &err);
    before = open_descriptors();
    CHECK(command != NULL);
    CHECK(pj_command_run(command, NULL, &output, &err) < 0);
    CHECK(says(&err, PJ_E_SpawnFailed) && err.sys_errno == ENOEXEC);
    CHECK(err.step != NULL && strcmp(err.step, "exec") == 0);
    CHECK(output.end == PJ_END_UNKNOWN && output.out.len == 0);
    CHECK(pj_command_run(command, NULL, &output, NULL) < 0);
    CHECK(open_descriptors() == before && no_children());
    pj_command_unref(command);
    pj_policy_options_free(policy);
    unlink(path);
}

/* A host whose children are reaped by the kernel: the status is the right
   one, or said to be lost, and never made up.  */
static void
test_ignored_sigchld(void)
{
    pj_policy_options *policy = shell_options();
    pj_output output;
    pj_error err;

    signal(SIGCHLD, SIG_IGN);
    if (run(policy, "echo a; exit 5", NULL, &output, &err) == 0)
        CHECK(output.end == PJ_END_EXITED && output.exit_code == 5);
    else
        CHECK(says(&err, PJ_E_StatusLost)
              && output.end == PJ_END_UNKNOWN);
    CHECK(bytes_are(output.out, "a\n"));
    pj_output_clear(&output);
    signal(SIGCHLD, SIG_DFL);
    pj_policy_options_free(policy);
}

/* Descriptors beyond FD_SETSIZE, and standard ones that are closed.  */
static void
test_descriptors(void)
{
    pj_policy_options *policy = shell_options();
    pj_command *command = shell_command(policy, "echo a; echo b >&2; cat");
    struct rlimit old, more;
    pj_output output;
    pj_error err;
    int saved[3], count = 0, fds[2000], result;

    getrlimit(RLIMIT_NOFILE, &old);
    more = old;
    more.rlim_cur = more.rlim_max < 4096 ? more.rlim_max : 4096;
    setrlimit(RLIMIT_NOFILE, &more);
    while (count < 2000 && (fds[count] = dup(0)) >= 0)
        count++;
    CHECK(pj_command_run(command, NULL, &output, &err) == 0
          || more.rlim_cur < 2100);
    CHECK(bytes_are(output.out, "a\n") || more.rlim_cur < 2100);
    pj_output_clear(&output);
    while (count > 0)
        close(fds[--count]);
    setrlimit(RLIMIT_NOFILE, &old);

    for (int fd = 0; fd < 3; fd++) {
        saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
        close(fd);
    }
    result = pj_command_run(command, NULL, &output, &err);
    for (int fd = 0; fd < 3; fd++) {
        dup2(saved[fd], fd);
        close(saved[fd]);
    }
    CHECK(result == 0);
    CHECK(bytes_are(output.out, "a\n") && bytes_are(output.err, "b\n"));
    pj_output_clear(&output);
    pj_command_unref(command);
    pj_policy_options_free(policy);
}

/* Whichever of the descriptors of a run is the one too many, the host is
   told that it has none left.  */
static void
test_few_descriptors(void)
{
    pj_policy_options *policy = shell_options();
    pj_command *command = shell_command(policy, "echo a");
    int before = open_descriptors(), result = -1;
    struct rlimit old, few;

    getrlimit(RLIMIT_NOFILE, &old);
    few = old;
    for (int more = 0; more < 16 && result < 0; more++) {
        pj_output output;
        pj_error err;

        few.rlim_cur = (rlim_t)(before + more);
        setrlimit(RLIMIT_NOFILE, &few);
        result = pj_command_run(command, NULL, &output, &err);
        setrlimit(RLIMIT_NOFILE, &old);
        CHECK(result == 0 || says(&err, PJ_E_OutOfDescriptors));
        CHECK(output.end == (result == 0 ? PJ_END_EXITED : PJ_END_UNKNOWN));
        pj_output_clear(&output);
        CHECK(open_descriptors() == before && no_children());
    }
    CHECK(result == 0);
    pj_command_unref(command);
    pj_policy_options_free(policy);
}

/* Mask, handlers, directory and limits of the host are as they were.  */
static void
test_host(void)
{
    pj_policy_options *policy = shell_options();
    sigset_t mask, before, after;
    struct sigaction old, now;
    pj_output output;
    pj_error err;
    char here[256], there[256];

    memset(&before, 0, sizeof before);
    memset(&after, 0, sizeof after);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    sigprocmask(SIG_SETMASK, NULL, &before);
    sigaction(SIGCHLD, NULL, &old);
    CHECK(getcwd(here, sizeof here) != NULL);
    CHECK(run(policy, "cd /; umask 0; exit 1", NULL, &output, &err) == 0);
    sigprocmask(SIG_SETMASK, NULL, &after);
    sigaction(SIGCHLD, NULL, &now);
    CHECK(getcwd(there, sizeof there) != NULL);
    CHECK(memcmp(&before, &after, sizeof before) == 0);
    CHECK(old.sa_handler == now.sa_handler && strcmp(here, there) == 0);
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
    pj_output_clear(&output);
    pj_policy_options_free(policy);
}

int
main(void)
{
    int before = open_descriptors();

    test_ends();
    test_child();
    test_limits();
    test_timeout();
    test_large_output();
    test_interrupted("echo a; exec sleep 30", "a\n");
    /* One that never stops writing must not keep the question away.  */
    test_interrupted("while :; do echo a; done", "a\na\n");
    test_not_interrupted();
    test_storage_refuses();
    test_exec_fails();
    test_ignored_sigchld();
    test_descriptors();
    test_few_descriptors();
    test_host();
    CHECK(open_descriptors() == before && no_children());
    return CHECK_REPORT();
}
