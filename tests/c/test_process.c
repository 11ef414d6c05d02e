/* test_process.c: a started command, driven by a loop of the caller's.  */
#include <poll.h>
#include <signal.h>
#include <time.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "fixture.h"

#define MS INT64_C(1000000)

static int64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static pj_process *
start(const pj_policy_options *policy, const char *script)
{
    pj_command *command = shell_command(policy, script);
    pj_process *process = NULL;
    pj_error err;

    CHECK(pj_process_start(command, NULL, &process, &err) == 0);
    /* The process keeps what it needs of the command.  */
    pj_command_unref(command);
    if (process == NULL)
        exit(EXIT_FAILURE);
    return process;
}

/* One wait of a poll loop as a caller would write it.  */
static unsigned
wait_ready(pj_process *process)
{
    pj_watch watch;
    int64_t left = pj_process_remaining_ns(process) / MS + 1;

    pj_process_watch(process, &watch);
    struct pollfd fds[3] = {{watch.out, POLLIN, 0}, {watch.err, POLLIN, 0},
                            {watch.exit, POLLIN, 0}};
    if (watch.exit < 0 && left > 2)
        left = 2;
    if (poll(fds, 3, left > 60000 ? 60000 : (int)left) < 0)
        return PJ_READY_UNKNOWN;
    return (fds[0].revents != 0 ? PJ_READY_OUT : 0U)
        | (fds[1].revents != 0 ? PJ_READY_ERR : 0U)
        | (fds[2].revents != 0 || watch.exit < 0 ? PJ_READY_EXIT : 0U);
}

static void
drive(pj_process *process, int tell)
{
    unsigned ready;

    do {
        ready = wait_ready(process);
    } while (pj_process_step(process, tell ? ready : PJ_READY_UNKNOWN)
             == 0);
    /* Stepping on after the end changes nothing.  */
    CHECK(pj_process_step(process, PJ_READY_UNKNOWN) == 1);
}

static void
test_poll_loop(int tell)
{
    pj_policy_options *policy = shell_options();
    pj_process *process = start(policy, "echo out; sleep 0.02; "
                                "echo err >&2; exit 7");
    pj_output output;
    pj_error err;
    pj_watch watch;

    CHECK(pj_process_pid(process) > 0);
    CHECK(pj_process_remaining_ns(process) > 20000 * MS);
    pj_process_watch(process, &watch);
    CHECK(watch.out > 2 && watch.err > 2 && watch.out != watch.err);
    drive(process, tell);
    CHECK(pj_process_finish(process, &output, &err) == 0);
    CHECK(output.end == PJ_END_EXITED && output.exit_code == 7);
    CHECK(output.signal == 0 && output.elapsed_ns > 20 * MS);
    CHECK(output.pid > 0);
    CHECK(bytes_are(output.out, "out\n") && bytes_are(output.err, "err\n"));
    pj_output_clear(&output);
    CHECK(output.out.data == NULL && output.end == PJ_END_UNKNOWN);
    pj_process_free(process);
    pj_policy_options_free(policy);
}

/* The streams close long before the end, and the other way round.  */
static void
test_closed_streams(void)
{
    pj_policy_options *policy = shell_options();
    pj_process *process = start(policy, "exec >&- 2>&-; sleep 0.1");
    pj_output output;
    pj_watch watch;

    drive(process, 1);
    pj_process_watch(process, &watch);
    CHECK(watch.out == -1 && watch.err == -1);
    CHECK(pj_process_finish(process, &output, NULL) == 0);
    CHECK(output.elapsed_ns > 90 * MS && output.exit_code == 0);
    pj_output_clear(&output);
    pj_process_free(process);

    /* Who holds the pipe open does not prolong the command.  */
    process = start(policy, "sleep 30 & echo done");
    drive(process, 1);
    CHECK(pj_process_finish(process, &output, NULL) == 0);
    CHECK(bytes_are(output.out, "done\n"));
    CHECK(output.elapsed_ns < 20000 * MS);
    pj_output_clear(&output);
    pj_process_free(process);
    pj_policy_options_free(policy);
}

/* Wait until a command has printed something.  */
static void
await_output(const pj_process *process)
{
    pj_watch watch;

    pj_process_watch(process, &watch);
    struct pollfd fd = {watch.out, POLLIN, 0};
    CHECK(poll(&fd, 1, 20000) == 1);
}

static void
test_kill(void)
{
    pj_policy_options *policy = shell_options();
    pj_process *process = start(policy, "echo out; sleep 30 & sleep 30");
    pj_output output;
    pj_error err;

    await_output(process);
    CHECK(pj_process_step(process, PJ_READY_UNKNOWN) == 0);
    pj_process_kill(process);
    CHECK(pj_process_step(process, PJ_READY_UNKNOWN) == 1);
    pj_process_kill(process);
    CHECK(pj_process_finish(process, &output, &err) < 0);
    CHECK(says(&err, PJ_E_Cancelled));
    CHECK(output.end == PJ_END_SIGNALED && output.signal == SIGKILL);
    CHECK(bytes_are(output.out, "out\n"));
    CHECK(output.elapsed_ns < 20000 * MS);
    pj_output_clear(&output);
    pj_process_free(process);

    /* Ended before it was killed: the end counts.  */
    process = start(policy, "exit 3");
    drive(process, 1);
    pj_process_kill(process);
    CHECK(pj_process_finish(process, &output, &err) == 0);
    CHECK(output.exit_code == 3);
    pj_output_clear(&output);
    pj_process_free(process);
    pj_policy_options_free(policy);
}

/* Finish without a single step: what is left is killed.  */
static void
test_early_finish(void)
{
    pj_policy_options *policy = shell_options();
    pj_process *process = start(policy, "echo out; sleep 30");
    int64_t begin = now_ns();
    pj_output output;

    await_output(process);
    pj_process_finish(process, &output, NULL);
    CHECK(bytes_are(output.out, "out\n"));
    CHECK(output.end == PJ_END_SIGNALED && output.signal == SIGKILL);
    CHECK(now_ns() - begin < 5000 * MS);
    pj_output_clear(&output);
    pj_process_free(process);
    pj_policy_options_free(policy);
}

/* How many processes of a group run.  A zombie does not: it is its
   parent's to reap, and the parent of an orphan may take its time.  */
#ifdef __linux__

static int
alive_in(pid_t group)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    int alive = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[300], text[512] = "", state = 'Z', *end;
        FILE *file;
        int its_group = 0;

        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        file = fopen(path, "r");
        if (file == NULL)
            continue;
        end = fgets(text, sizeof text, file) ? strrchr(text, ')') : NULL;
        fclose(file);
        if (end != NULL && sscanf(end + 1, " %c %*d %d", &state, &its_group)
            == 2)
            alive += its_group == group && state != 'Z' && state != 'X';
    }
    if (dir != NULL)
        closedir(dir);
    return alive;
}

#else

static int
alive_in(pid_t group)
{
    FILE *list = popen("ps -A -o pgid= -o stat=", "r");
    char line[100], state;
    int its_group, alive = 0;

    while (list != NULL && fgets(line, sizeof line, list) != NULL)
        if (sscanf(line, "%d %c", &its_group, &state) == 2)
            alive += its_group == group && state != 'Z';
    if (list != NULL)
        pclose(list);
    return alive;
}

#endif

static void
test_free_only(void)
{
    pj_policy_options *policy = shell_options();
    pj_process *process = start(policy, "sleep 30 & echo out; sleep 30");
    pid_t pid = pj_process_pid(process);
    int64_t begin = now_ns();

    await_output(process);
    CHECK(alive_in(pid) >= 2);
    pj_process_free(process);
    CHECK(kill(pid, 0) < 0 && errno == ESRCH);
    CHECK(alive_in(pid) == 0);
    CHECK(now_ns() - begin < 5000 * MS);
    CHECK(no_children());
    pj_policy_options_free(policy);
}

static void
test_deadline(void)
{
    pj_policy_options *policy = shell_options();
    pj_process *process;
    pj_output output;
    pj_error err;

    policy->timeout_ns = 1500 * MS;
    process = start(policy, "echo out; exec >&- 2>&-; sleep 30");
    drive(process, 1);
    CHECK(pj_process_remaining_ns(process) == 0);
    CHECK(pj_process_finish(process, &output, &err) < 0);
    CHECK(says(&err, PJ_E_Timeout));
    CHECK(err.max == 1500 * MS && err.got >= err.max);
    CHECK(output.elapsed_ns >= 1500 * MS && output.elapsed_ns < 20000 * MS);
    CHECK(bytes_are(output.out, "out\n"));
    pj_output_clear(&output);
    pj_process_free(process);
    pj_policy_options_free(policy);
}

/* A deadline that passes while the program is still being executed is a
   deadline all the same, and not a program that died of a signal.  Which
   of the two is seen first is a race, so many deadlines are tried.  */
static void
test_deadline_in_exec(void)
{
    pj_policy_options *policy = shell_options();
    int wrong = 0;

    for (int64_t timeout = 1; timeout < 200000; timeout += 2000) {
        pj_command *command;
        pj_output output;
        pj_error err;

        policy->timeout_ns = timeout;
        command = shell_command(policy, "sleep 30");
        wrong += pj_command_run(command, NULL, &output, &err) == 0
            || err.code != PJ_E_Timeout;
        pj_output_clear(&output);
        pj_command_unref(command);
    }
    CHECK(wrong == 0);
    pj_policy_options_free(policy);
}

#ifdef __linux__

/* Where nobody reaps the orphans of the tree (the init of many containers
   does not), they are dead all the same and not waited for.  Runs in a
   child whose parent is such an init.  */
static void
test_lazy_init(void)
{
    siginfo_t info;
    pid_t pid;

    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid = fork();
    if (pid == 0) {
        pj_policy_options *policy = shell_options();
        pj_process *process = start(policy, "sleep 30 & echo out; sleep 30");
        int64_t begin = now_ns();

        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
        await_output(process);
        pj_process_free(process);
        pj_policy_options_free(policy);
        _exit(now_ns() - begin < 1000 * MS ? 0 : 1);
    }
    CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED) == 0);
    CHECK(info.si_code == CLD_EXITED && info.si_status == 0);
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}

#else

static void
test_lazy_init(void)
{
    CHECK_SKIP("only Linux lets a process inherit the orphans of another");
}

#endif

/* Two at once, each with pipes of its own.  */
static void
test_two(void)
{
    pj_policy_options *policy = shell_options();
    pj_process *one = start(policy, "sleep 0.05; echo one");
    pj_process *two = start(policy, "echo two; exit 2");
    pj_output output;

    drive(two, 1);
    drive(one, 1);
    CHECK(pj_process_finish(one, &output, NULL) == 0);
    CHECK(bytes_are(output.out, "one\n") && output.exit_code == 0);
    pj_output_clear(&output);
    CHECK(pj_process_finish(two, &output, NULL) == 0);
    CHECK(bytes_are(output.out, "two\n") && output.exit_code == 2);
    pj_output_clear(&output);
    pj_process_free(one);
    pj_process_free(two);
    pj_policy_options_free(policy);
}

/* A grace that has begun when the program is there is one: it is asked to
   end, and not killed long before its deadline.  */
static void
test_grace_from_the_start(void)
{
    pj_policy_options *policy = shell_options();
    pj_process *process;
    pj_output output;
    pj_error err;

    policy->timeout_ns = 20000 * MS;
    policy->stop_grace_ns = 20000 * MS - 1;
    process = start(policy, "exec sleep 30");
    drive(process, 1);
    CHECK(pj_process_finish(process, &output, &err) < 0);
    CHECK(says(&err, PJ_E_Timeout));
    CHECK(output.end == PJ_END_SIGNALED && output.signal == SIGTERM);
    pj_output_clear(&output);
    pj_process_free(process);
    pj_policy_options_free(policy);
}

int
main(void)
{
    int before = open_descriptors();

    test_poll_loop(0);
    test_poll_loop(1);
    test_closed_streams();
    test_kill();
    test_grace_from_the_start();
    test_early_finish();
    test_free_only();
    test_deadline();
    test_deadline_in_exec();
    test_lazy_init();
    test_two();
    CHECK(open_descriptors() == before && no_children());
    return CHECK_REPORT();
}
