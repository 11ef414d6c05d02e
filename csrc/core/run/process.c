/* process.c: a started command as a state machine.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "run/process.h"
#include "run/reap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "policy/command.h"

void
pj_process_watch(const pj_process *process, pj_watch *out)
{
    out->out = process->out.fd;
    out->err = process->err.fd;
    out->exit = process->ended ? -1 : process->child.pidfd;
}

int64_t
pj_process_remaining_ns(const pj_process *process)
{
    return pj_guard_remaining_ns(&process->guard);
}

void
pj_process_keep_time(pj_process *process)
{
    if (!process->reaped && process->owner == getpid())
        pj_guard_watch(&process->guard, &process->child, 1);
}

pid_t
pj_process_pid(const pj_process *process)
{
    return process->child.pid;
}

static void
close_stream(pj_stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

/* A program that writes a lot does so faster through a larger pipe; most
   programs write little, and never pay for one.  The kernel may refuse.  */
static void
widen(pj_stream *stream)
{
#ifdef F_SETPIPE_SZ
    if (!stream->wide && stream->buffer.total >= PJ_BUFFER_SLICE)
        fcntl(stream->fd, F_SETPIPE_SZ, (int)PJ_BUFFER_LARGE_SLICE);
#endif
    stream->wide = stream->buffer.total >= PJ_BUFFER_SLICE;
}

/* One read of at most `most` bytes from a readable stream.  */
static void
read_stream(pj_process *process, pj_stream *stream, size_t most)
{
    enum pj_fill fill;

    widen(stream);
    fill = pj_buffer_read(&stream->buffer, stream->fd, most);
    if (fill == PJ_FILL_DATA || fill == PJ_FILL_AGAIN)
        return;
    if (fill != PJ_FILL_EOF && process->stop == PJ_STOP_NONE) {
        process->failure = errno;
        process->stop = fill == PJ_FILL_ERROR ? PJ_STOP_FAILED
            : stream == &process->out ? PJ_STOP_STDOUT : PJ_STOP_STDERR;
    }
    /* Past the cap, or broken: no more is read from it.  */
    close_stream(stream);
}

static unsigned
look(const pj_process *process)
{
    struct pollfd fds[3] = {{process->out.fd, POLLIN, 0},
                            {process->err.fd, POLLIN, 0},
                            {process->child.pidfd, POLLIN, 0}};
    unsigned ready = 0;

    if (poll(fds, 3, 0) < 0)
        return 0;
    if (fds[0].revents != 0)
        ready |= PJ_READY_OUT;
    if (fds[1].revents != 0)
        ready |= PJ_READY_ERR;
    if (fds[2].revents != 0 || process->child.pidfd < 0)
        ready |= PJ_READY_EXIT;
    return ready;
}

/* Whether the clock acted on it, in the thread or for the owner.  */
static int
was_late(const pj_process *process)
{
    return atomic_load(&process->guard.asked)
        || atomic_load(&process->guard.expired);
}

int
pj_process_step(pj_process *process, unsigned ready)
{
    if (process->stop != PJ_STOP_NONE || process->ended)
        return 1;
    /* The output belongs to the process that started it.  */
    if (process->owner != getpid())
        return 1;
    if (ready & PJ_READY_UNKNOWN)
        ready = look(process);
    if (ready & PJ_READY_OUT && process->out.fd >= 0)
        read_stream(process, &process->out, SIZE_MAX);
    if (ready & PJ_READY_ERR && process->err.fd >= 0)
        read_stream(process, &process->err, SIZE_MAX);
    if (ready & PJ_READY_EXIT)
        process->ended = pj_reap_has_ended(process);
    if (process->ended && process->stop == PJ_STOP_NONE && was_late(process))
        process->stop = PJ_STOP_TIMEOUT;
    if (process->ended || process->stop != PJ_STOP_NONE)
        return 1;
    if (pj_guard_is_late(&process->guard, &process->child))
        process->stop = PJ_STOP_TIMEOUT;
    return process->stop != PJ_STOP_NONE;
}

void
pj_process_kill(pj_process *process)
{
    if (process->stop == PJ_STOP_NONE && !process->ended)
        process->stop = PJ_STOP_CANCELLED;
    if (!process->reaped && process->owner == getpid())
        pj_platform_kill(&process->child);
}

/* Reads what was written before the tree was killed, at most what the pipe
   holds now, so a process that escaped cannot prolong it.  */
static void
drain(pj_process *process, pj_stream *stream)
{
    int held = 0;

    if (stream->fd < 0)
        return;
    if (ioctl(stream->fd, FIONREAD, &held) != 0)
        held = 0;
    while (held > 0 && stream->fd >= 0) {
        uint64_t before = stream->buffer.total;

        read_stream(process, stream, (size_t)held);
        if (stream->buffer.total == before)
            break;
        held -= (int)(stream->buffer.total - before);
    }
    close_stream(stream);
}

static int
over_limit(const pj_process *process, pj_code code, const char *stream,
           uint64_t limit, pj_error *err)
{
    pj_error_begin(err, code, process->command->binary->path);
    err->max = limit;
    return pj_error_say(err, "%s limit exceeded: %llu bytes; ask for less, "
                        "or raise max_%s", stream,
                        (unsigned long long)limit, stream);
}

static int
timed_out(const pj_process *process, int64_t elapsed, pj_error *err)
{
    int64_t limit = process->command->timeout_ns;

    pj_error_begin(err, PJ_E_Timeout, process->command->binary->path);
    err->max = (uint64_t)limit;
    err->got = (uint64_t)elapsed;
    return pj_error_say(err, "process timed out after %.3f s (limit: %.3f "
                        "s); ask for less, or raise the timeout",
                        (double)elapsed / 1e9, (double)limit / 1e9);
}

static int
explain(const pj_process *process, int64_t elapsed, pj_error *err)
{
    const pj_command *command = process->command;

    switch (process->stop) {
    case PJ_STOP_NONE:
        break;
    case PJ_STOP_TIMEOUT:
        return timed_out(process, elapsed, err);
    case PJ_STOP_STDOUT:
        return over_limit(process, PJ_E_StdoutLimitExceeded, "stdout",
                          command->max_stdout, err);
    case PJ_STOP_STDERR:
        return over_limit(process, PJ_E_StderrLimitExceeded, "stderr",
                          command->max_stderr, err);
    case PJ_STOP_CANCELLED:
        pj_error_begin(err, PJ_E_Cancelled, command->binary->path);
        return pj_error_say(err, "command cancelled by its caller: %s",
                            err->value);
    case PJ_STOP_FAILED:
        return process->failure == ENOMEM
            ? pj_error_memory(err)
            : pj_error_system(err, "read", process->failure);
    }
    if (process->status.end != PJ_END_UNKNOWN)
        return 0;
    pj_error_begin(err, PJ_E_StatusLost, command->binary->path);
    return pj_error_say(err, "status lost: %s ended, but another part of "
                        "this program reaped it, or a tracer keeps it; do "
                        "not ignore SIGCHLD or wait for children that are "
                        "not yours", err->value);
}

int
pj_process_finish(pj_process *process, pj_output *output, pj_error *err)
{
    pj_error scratch;
    int reaped;

    if (err == NULL)
        err = &scratch;
    /* In a fork of the host: the command and its output are the host's.  */
    if (process->owner != getpid()) {
        memset(output, 0, sizeof *output);
        return pj_error_system(err, "reap", ECHILD);
    }
    output->out_total = output->err_total = 0;
    reaped = pj_reap_tree(process);
    drain(process, &process->out);
    drain(process, &process->err);
    output->out_total = process->out.buffer.total;
    output->err_total = process->err.buffer.total;
    pj_buffer_take(&process->out.buffer, &output->out);
    pj_buffer_take(&process->err.buffer, &output->err);
    output->elapsed_ns = pj_platform_now() - process->started_ns;
    output->pid = process->child.pid;
    output->sandbox = process->command->allowance->confinement->report;
    if (process->guard.unwatched)
        output->sandbox.missing |= UINT32_C(1) << PJ_CONTROL_WATCHDOG;
    output->end = process->status.end;
    output->exit_code = process->status.end == PJ_END_EXITED
        ? process->status.code : 0;
    output->signal = process->status.end == PJ_END_SIGNALED
        ? process->status.code : 0;
    if (reaped < 0)
        return pj_error_system(err, "reap", EBUSY);
    return explain(process, output->elapsed_ns, err);
}

void
pj_process_take(pj_process *process, int stream, pj_bytes *bytes)
{
    pj_stream *from = stream == 1 ? &process->out : &process->err;

    if (process->owner != getpid()) {
        memset(bytes, 0, sizeof *bytes);
        return;
    }
    pj_buffer_take(&from->buffer, bytes);
}

void
pj_process_free(pj_process *process)
{
    if (process == NULL)
        return;
    /* A fork of the host has a copy of this, but does not own the child. */
    if (process->owner == getpid()) {
        if (!process->reaped)
            pj_reap_tree(process);
        pj_guard_leave(&process->guard);
        pj_cgroup_remove(&process->cgroup);
    } else {
        pj_guard_forget(&process->guard);
    }
    close_stream(&process->out);
    close_stream(&process->err);
    pj_buffer_clear(&process->out.buffer);
    pj_buffer_clear(&process->err.buffer);
    pj_platform_close(&process->child);
    pj_command_unref(process->command);
    free(process);
}

void
pj_output_clear(pj_output *output)
{
    if (!output->out.external)
        free(output->out.data);
    if (!output->err.external)
        free(output->err.data);
    memset(output, 0, sizeof *output);
}
