/* loop.c: the select(2) loop that steps one process to its end.  */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include "error.h"
#include "process.h"

/* How long the loop sleeps at most, so that signals are seen which the
   kernel gave to another thread, or just before the select.  */
#define SLICE_NS INT64_C(50000000)

/* Where nothing tells of the leader's end, it is asked for, at intervals
   that grow while nothing happens.  */
#define FIRST_PROBE_NS INT64_C(200000)
#define LAST_PROBE_NS INT64_C(10000000)

/* fd_set ends at FD_SETSIZE (1024), and FD_SET beyond it writes outside the
   array.  The kernel takes longer sets, so these are made to measure.  */
typedef unsigned long word;
#define WORD_BITS (sizeof(word) * CHAR_BIT)

struct waiter {
    word *set;
    size_t words;
    int highest;
};

static void
set_bit(word *set, int fd)
{
    set[(size_t)fd / WORD_BITS] |= (word)1 << ((size_t)fd % WORD_BITS);
}

static int
has_bit(const word *set, int fd)
{
    return (set[(size_t)fd / WORD_BITS] >> ((size_t)fd % WORD_BITS)) & 1;
}

static int
waiter_init(struct waiter *waiter, const pj_watch *watch)
{
    waiter->highest = watch->out > watch->err ? watch->out : watch->err;
    if (watch->exit > waiter->highest)
        waiter->highest = watch->exit;
    waiter->words = (size_t)waiter->highest / WORD_BITS + 1;
    waiter->set = calloc(waiter->words, sizeof *waiter->set);
    return waiter->set == NULL ? -1 : 0;
}

/* Sleeps until something is readable or `slice` has passed.  Returns the
   PJ_READY bits.  */
static unsigned
await(struct waiter *waiter, const pj_watch *watch, int64_t slice)
{
    struct timeval timeout = {
        .tv_sec = slice / 1000000000,
        /* Rounded up: a deadline is not woken for too early.  */
        .tv_usec = (slice % 1000000000 + 999) / 1000};
    unsigned ready = 0;

    if (timeout.tv_usec >= 1000000) {
        timeout.tv_sec++;
        timeout.tv_usec -= 1000000;
    }
    memset(waiter->set, 0, waiter->words * sizeof *waiter->set);
    if (watch->out >= 0)
        set_bit(waiter->set, watch->out);
    if (watch->err >= 0)
        set_bit(waiter->set, watch->err);
    if (watch->exit >= 0)
        set_bit(waiter->set, watch->exit);
    if (select(waiter->highest + 1, (fd_set *)(void *)waiter->set, NULL,
               NULL, &timeout) <= 0)
        return 0;
    if (watch->out >= 0 && has_bit(waiter->set, watch->out))
        ready |= PJ_READY_OUT;
    if (watch->err >= 0 && has_bit(waiter->set, watch->err))
        ready |= PJ_READY_ERR;
    if (watch->exit >= 0 && has_bit(waiter->set, watch->exit))
        ready |= PJ_READY_EXIT;
    return ready;
}

static int
is_interrupted(const pj_run_options *options)
{
    return options != NULL && options->interrupted != NULL
        && options->interrupted(options->ctx) != 0;
}

static int64_t
shorter(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void
loop(pj_process *process, const pj_run_options *options,
     struct waiter *waiter)
{
    int64_t probe = FIRST_PROBE_NS, asked = pj_platform_now();
    pj_watch watch;
    unsigned ready;

    do {
        int64_t slice = shorter(pj_process_remaining_ns(process), SLICE_NS);

        pj_process_watch(process, &watch);
        if (watch.exit < 0)
            slice = shorter(slice, probe);
        ready = await(waiter, &watch, slice);
        if (watch.exit < 0) {
            probe = ready != 0 ? FIRST_PROBE_NS
                               : shorter(probe * 2, LAST_PROBE_NS);
            ready |= PJ_READY_EXIT;
        }
        /* After every signal and every slice, also while output floods.  */
        if (ready == 0 || pj_platform_now() - asked >= SLICE_NS) {
            asked = pj_platform_now();
            if (is_interrupted(options))
                pj_process_kill(process);
        }
    } while (pj_process_step(process, ready) == 0);
}

int
pj_command_run(pj_command *command, const pj_run_options *options,
               pj_output *output, pj_error *err)
{
    pj_error scratch;
    struct waiter waiter = {NULL, 0, -1};
    pj_process *process = NULL;
    pj_watch watch;
    int result;

    if (err == NULL)
        err = &scratch;
    memset(output, 0, sizeof *output);
    if (pj_process_start(command, options == NULL ? NULL : options->storage,
                         &process, err) < 0)
        return -1;
    pj_process_watch(process, &watch);
    if (waiter_init(&waiter, &watch) < 0) {
        pj_process_free(process);
        return pj_error_memory(err);
    }
    loop(process, options, &waiter);
    result = pj_process_finish(process, output, err);
    pj_process_free(process);
    free(waiter.set);
    return result;
}
