/* run.c: a command, from its start to its end.  */
#include <string.h>

#include "base/error.h"
#include "run/process.h"

/* The longest sleep of the loop, so that it notices signals that were
   delivered to another thread, or just before the select.  */
#define SLICE_NS INT64_C(50000000)

/* If nothing reports the leader's end, it is polled for, at intervals that
   grow while nothing happens.  */
#define FIRST_PROBE_NS INT64_C(200000)
#define LAST_PROBE_NS INT64_C(10000000)

static int
is_interrupted(const pj_run_options *options)
{
    return options != NULL && options->interrupted != NULL
        && options->interrupted(options->ctx) != 0;
}

static void
loop(pj_process *process, const pj_run_options *options)
{
    int64_t probe = FIRST_PROBE_NS, asked = pj_platform_now();
    unsigned ready;

    do {
        int blind = process->child.pidfd < 0;

        ready = pj_process_await(process, blind ? probe : SLICE_NS);
        /* After every signal and every slice, even during a flood of
           output; a probe that found nothing counts as neither.  */
        if ((ready == 0 && !blind)
            || pj_platform_now() - asked >= SLICE_NS) {
            asked = pj_platform_now();
            /* The callback may block for as long as someone holds a lock
               that it needs; the thread never waits for one.  */
            if (options != NULL && options->interrupted != NULL)
                pj_guard_watch(&process->guard, &process->child, 0);
            if (is_interrupted(options))
                pj_process_kill(process);
        }
        if (blind) {
            probe = ready != 0 ? FIRST_PROBE_NS
                : probe < LAST_PROBE_NS / 2 ? probe * 2 : LAST_PROBE_NS;
            ready |= PJ_READY_EXIT;
        }
    } while (pj_process_step(process, ready) == 0);
}

int
pj_command_run(pj_command *command, const pj_run_options *options,
               pj_output *output, pj_error *err)
{
    pj_error scratch;
    pj_process *process = NULL;
    int result;

    if (err == NULL)
        err = &scratch;
    memset(output, 0, sizeof *output);
    if (pj_process_start(command, options == NULL ? NULL : options->storage,
                         &process, err) < 0)
        return -1;
    loop(process, options);
    result = pj_process_finish(process, output, err);
    pj_process_free(process);
    return result;
}
