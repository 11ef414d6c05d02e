/*
 * test_threads.c: many threads that share policies, commands and the guard.
 *
 * Nothing may be mixed up or left behind.  Under ThreadSanitizer (make
 * SANITIZE=thread check) there is no data race either: what a thread does
 * here is what the manual allows it to do without a lock.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "fixture.h"

#define MS INT64_C(1000000)

enum { THREADS = 8, ROUNDS = 16 };

/* What all threads use at once.  */
static struct {
    pj_policy_options *options;
    pj_policy *policy;
    pj_policy *hasty;  /* with a deadline that is missed */
    pj_policy *polite; /* that asks before it kills */
    pj_command *echo;
    atomic_int waiting; /* for each other; Darwin has no barriers */
    atomic_int wrong;
} all;

/* CHECK counts without a lock.  */
#define EXPECT(condition)                                                 \
    do {                                                                  \
        if (!(condition)) {                                               \
            atomic_fetch_add(&all.wrong, 1);                              \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__,    \
                    #condition);                                          \
        }                                                                 \
    } while (0)

static pj_command *
script(pj_policy *policy, const char *text)
{
    pj_str argv[2] = {S("-c"), S(text)};
    pj_request request = {.bin = S("/bin/sh"), .argv = argv, .argc = 2};
    pj_command *command = NULL;
    pj_error err;

    if (pj_policy_prepare(policy, &request, &command, &err) == 0)
        return command;
    fprintf(stderr, "not prepared: %s\n", err.message);
    abort();
}

static pj_process *
begin(pj_policy *policy, const char *text)
{
    pj_command *command = script(policy, text);
    pj_process *process = NULL;
    pj_error err;

    if (pj_process_start(command, NULL, &process, &err) < 0) {
        fprintf(stderr, "not started: %s\n", err.message);
        abort();
    }
    pj_command_unref(command);
    return process;
}

/* Until it is time to finish.  */
static void
drive(pj_process *process)
{
    pj_watch watch;
    unsigned ready;

    do {
        pj_process_watch(process, &watch);
        ready = pj_process_await(process, watch.exit < 0 ? 2 * MS : 50 * MS);
        if (watch.exit < 0)
            ready = PJ_READY_UNKNOWN;
    } while (pj_process_step(process, ready) == 0);
}

static void
run_shared_command(int number, int round)
{
    pj_command *own = pj_command_ref(all.echo);
    pj_output output;
    pj_error err;

    (void)number;
    (void)round;
    EXPECT(pj_command_run(own, NULL, &output, &err) == 0);
    EXPECT(bytes_are(output.out, "shared\n"));
    pj_output_clear(&output);
    pj_command_unref(own);
}

static void
run_own_command(int number, int round)
{
    char text[64];
    pj_command *command;
    pj_output output;

    snprintf(text, sizeof text, "echo %d; exit %d", number, round);
    command = script(all.policy, text);
    snprintf(text, sizeof text, "%d\n", number);
    EXPECT(pj_command_run(command, NULL, &output, NULL) == 0);
    EXPECT(bytes_are(output.out, text) && output.exit_code == round);
    pj_output_clear(&output);
    pj_command_unref(command);
}

/* A policy of the shared options, which outlives neither its command nor
   the other threads that read the same options.  */
static void
build_policy(int number, int round)
{
    pj_policy_options *own = pj_policy_options_dup(all.options);
    pj_policy *policy = NULL;
    pj_process *process;
    pj_output output;

    if (own == NULL || pj_policy_new(round % 2 ? own : all.options, &policy,
                                     NULL) < 0)
        abort();
    pj_policy_options_free(own);
    EXPECT(pj_policy_missing(policy, NULL)
           == pj_policy_missing(all.policy, NULL));
    process = begin(policy, number % 2 ? "exit 5" : "exit 6");
    pj_policy_unref(policy);
    drive(process);
    EXPECT(pj_process_finish(process, &output, NULL) == 0);
    EXPECT(output.exit_code == (number % 2 ? 5 : 6));
    pj_output_clear(&output);
    pj_process_free(process);
}

/* Commands of commands, by all threads from the same one.  */
static void
derive_commands(int number, int round)
{
    char text[16];
    pj_command *wrapped = NULL, *changed = NULL;
    pj_command_info info;
    pj_str arg = S("-n1");

    snprintf(text, sizeof text, "%d", number * 100 + round);
    EXPECT(pj_command_wrap(all.echo, S("/usr/bin/nice"), &arg, 1, &wrapped,
                           NULL) == 0);
    EXPECT(pj_command_set_env(wrapped, S("NUMBER"), S(text), &changed, NULL)
           == 0);
    pj_command_unref(wrapped);
    pj_command_get(changed, &info);
    EXPECT(strcmp(info.env[info.env_count - 1].value.ptr, text) == 0);
    pj_command_unref(changed);
}

/* Killed while the thread of the guard watches it.  */
static void
kill_watched(int number, int round)
{
    pj_process *process = begin(all.policy, "sleep 1000 & sleep 1000");
    pj_output output;
    pj_error err;

    (void)number;
    pj_process_keep_time(process);
    if (round % 2) {
        pj_process_kill(process);
        EXPECT(pj_process_finish(process, &output, &err) < 0);
        EXPECT(err.code == PJ_E_Cancelled && output.signal == SIGKILL);
        pj_output_clear(&output);
    }
    pj_process_free(process);
}

/* Only the thread of the guard looks at the clock, if this one can sleep
   until the end of the leader.  */
static void
miss_deadline(pj_policy *policy)
{
    pj_process *process = begin(policy, "sleep 1000 & exec sleep 1000");
    pj_output output;
    pj_error err;
    pj_watch watch;

    pj_process_keep_time(process);
    pj_process_watch(process, &watch);
    while (watch.exit >= 0
           && (pj_process_await(process, 60000 * MS) & PJ_READY_EXIT) == 0)
        continue;
    drive(process);
    EXPECT(pj_process_finish(process, &output, &err) < 0);
    EXPECT(err.code == PJ_E_Timeout);
    pj_output_clear(&output);
    pj_process_free(process);
}

static void
miss_deadlines(int number, int round)
{
    miss_deadline((number + round) % 2 ? all.hasty : all.polite);
}

static int
never(void *counter)
{
    ++*(int *)counter;
    return 0;
}

/* Long enough for the callback, after which the guard watches.  */
static void
run_interruptible(int number, int round)
{
    int asked = 0;
    pj_run_options options = {.interrupted = never, .ctx = &asked};
    pj_command *command = script(all.policy, "sleep 0.08; echo late");
    pj_output output;

    (void)number;
    (void)round;
    EXPECT(pj_command_run(command, &options, &output, NULL) == 0);
    EXPECT(bytes_are(output.out, "late\n") && asked > 0);
    pj_output_clear(&output);
    pj_command_unref(command);
}

/* A worker of the host gets none of the commands; the handlers of the guard
   run around the fork.  */
static void
fork_host(int number, int round)
{
    int status = -1;
    pid_t pid = fork();

    (void)number;
    (void)round;
    if (pid == 0)
        _exit(0);
    EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void
refuse(int number, int round)
{
    pj_str argv[2] = {S("-x"), S("y")};
    pj_request request = {.bin = S("/bin/sh"), .argv = argv, .argc = 2};
    pj_command *command = NULL;
    pj_error err;

    if (round % 2)
        request.bin = S("/usr/bin/env");
    (void)number;
    EXPECT(pj_policy_prepare(all.policy, &request, &command, &err) < 0);
    EXPECT(err.code == (round % 2 ? PJ_E_BinNotAllowed
                                  : PJ_E_ArgFlagNotAllowed));
}

static void (*const actions[])(int, int) = {
    run_shared_command, run_own_command, build_policy, derive_commands,
    kill_watched, miss_deadlines, run_interruptible, fork_host, refuse,
};

/* Each thread begins with another action, and so do the rounds.  */
static void *
work(void *argument)
{
    int number = *(int *)argument;

    atomic_fetch_sub(&all.waiting, 1);
    while (atomic_load(&all.waiting) > 0)
        sched_yield();
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < COUNT(actions); i++)
            actions[(i + (size_t)(number + round)) % COUNT(actions)](number,
                                                                     round);
    return NULL;
}

static pj_policy *
policy_with(int64_t timeout, int64_t grace)
{
    all.options->timeout_ns = timeout;
    all.options->stop_grace_ns = grace;
    return need_policy(all.options);
}

static void
set_up(void)
{
    all.options = shell_options();
    all.hasty = policy_with(30 * MS, 0);
    all.polite = policy_with(60000 * MS, 59970 * MS);
    all.policy = policy_with(60000 * MS, 0);
    all.echo = script(all.policy, "echo shared");
    atomic_init(&all.waiting, THREADS);
}

static void
tear_down(void)
{
    pj_command_unref(all.echo);
    pj_policy_unref(all.polite);
    pj_policy_unref(all.hasty);
    pj_policy_unref(all.policy);
    pj_policy_options_free(all.options);
}

static void
run_threads(void)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];

    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        if (pthread_create(&threads[i], NULL, work, &numbers[i]) != 0)
            abort();
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* A process that one thread starts, another one drives, and a third ends:
   it may move between threads that agree on whose it is.  */
static void *
take_over(void *argument)
{
    pj_process *process = argument;

    pj_process_keep_time(process);
    drive(process);
    return NULL;
}

static void
test_handed_on(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        pj_process *process = begin(all.policy, "echo x; exit 4");
        pj_output output;
        pthread_t thread;

        if (pthread_create(&thread, NULL, take_over, process) != 0)
            abort();
        pthread_join(thread, NULL);
        CHECK(pj_process_finish(process, &output, NULL) == 0);
        CHECK(output.exit_code == 4 && bytes_are(output.out, "x\n"));
        pj_output_clear(&output);
        pj_process_free(process);
    }
}

int
main(void)
{
    int before;

    set_up();
    run_own_command(0, 0); /* what is made once for a process */
    before = open_descriptors();
    run_threads();
    CHECK(atomic_load(&all.wrong) == 0);
    test_handed_on();
    CHECK(open_descriptors() == before);
    CHECK(no_children());
    tear_down();
    return CHECK_REPORT();
}
