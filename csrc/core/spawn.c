/* spawn.c: the parent's half: verify, open the pipes, hand over the plan. */
#include "spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "error.h"
#include "policy.h"
#include "process.h"

const char *
pj_step_name(int step)
{
    static const char *const names[PJ_STEP_COUNT] = {
#define PJ_STEP(id, name) [PJ_STEP_##id] = name,
        PJ_STEPS(PJ_STEP)
#undef PJ_STEP
    };

    return step >= 0 && step < PJ_STEP_COUNT ? names[step] : "unknown";
}

/* Both files when there is a wrapper: it will execute the other one.  */
static int
verify(const pj_command *command, pj_error *err)
{
    if (pj_pin_verify(command->binary, err) < 0)
        return -1;
    /* Where it could not be held open it is entered by its path.  */
    if (command->directory->fd < 0
        && !pj_pin_is_current(command->directory)) {
        pj_error_begin(err, PJ_E_CwdForbidden, command->directory->path);
        return pj_error_say(err, "working directory forbidden: %s: another "
                            "one than was checked; prepare the request "
                            "again", err->value);
    }
    return command->wrapper == NULL ? 0
                                    : pj_pin_verify(command->wrapper, err);
}

static void
make_plan(const pj_command *command, int64_t exec_ns, pj_child_plan *plan)
{
    const pj_pin *target = pj_command_target(command);

    plan->stdin_fd = command->policy->null_fd;
    plan->cwd_fd = command->directory->fd;
    plan->cwd_path = command->directory->path.ptr;
    plan->exec_fd = target->is_native ? target->fd : -1;
    plan->exec_path = target->path.ptr;
    plan->argv = command->exec_argv;
    plan->envp = command->exec_envp;
    plan->exec_ns = exec_ns > 0 ? exec_ns : 1;
    plan->parent = getpid();
    plan->report_fd = -1;
    plan->cgroup_fd = -1;
    plan->report = NULL;
    plan->confinement = command->confinement;
    plan->uid_map = plan->gid_map = NULL;
}

static int
spawn_failed(const pj_command *command, const pj_child_report *report,
             int number, pj_error *err)
{
    const char *step = pj_step_name(report->step);
    char text[96];

    if (report->number != 0)
        number = report->number;
    else if (number == EMFILE || number == ENFILE || number == ENOMEM)
        return pj_error_system(err, step, number);
    pj_errno_text(text, sizeof text, number);
    pj_error_begin(err, PJ_E_SpawnFailed, pj_command_target(command)->path);
    err->sys_errno = number;
    err->step = step;
    return pj_error_say(err, "failed to spawn process: %s: %s: %s",
                        err->value, step, text);
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A cgroup for the tree, where totals are enforced.  */
static int
make_cgroup(pj_process *process, pj_child_plan *plan, pj_error *err)
{
    const pj_confinement *confinement = process->command->confinement;

    if (confinement->cgroup_fd < 0)
        return 0;
    if (pj_cgroup_create(confinement->cgroup_fd, &confinement->totals,
                         &process->cgroup) < 0)
        return pj_error_system(err, "cgroup", errno);
    plan->cgroup_fd = process->cgroup.join_fd;
    return 0;
}

/* All of `bytes`; -1 with errno.  */
static int
write_all(int fd, pj_str bytes)
{
    while (bytes.len > 0) {
        ssize_t wrote = write(fd, bytes.ptr, bytes.len);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            errno = wrote < 0 ? errno : ENOSPC;
            return -1;
        }
        bytes.ptr += wrote;
        bytes.len -= (size_t)wrote;
    }
    return 0;
}

/* A file that holds `bytes`, at its beginning: what a program reads from
   its standard input cannot make anybody wait.  -1 with errno.  */
static int
open_input(pj_str bytes)
{
    int fd = pj_platform_scratch(), number;

    if (fd < 0)
        return -1;
    if (write_all(fd, bytes) == 0) {
        lseek(fd, 0, SEEK_SET);
        return fd;
    }
    number = errno;
    close(fd);
    errno = number;
    return -1;
}

/* Opens the pipes and starts the child on them.  */
static int
start_child(pj_process *process, pj_error *err)
{
    const pj_command *command = process->command;
    pj_child_plan plan;
    pj_child_report report = {PJ_STEP_NONE, 0, 0, 0};
    int out[2] = {-1, -1}, errs[2] = {-1, -1}, input = -1, result = -1;

    if (command->input.len > 0) {
        input = open_input(command->input);
        if (input < 0)
            return pj_error_system(err, "standard input", errno);
    }
    if (pj_platform_pipe(out) != 0 || pj_platform_pipe(errs) != 0) {
        pj_error_system(err, "pipe", errno);
        goto done;
    }
    make_plan(command, process->deadline_ns - pj_platform_now(), &plan);
    if (input >= 0)
        plan.stdin_fd = input;
    if (make_cgroup(process, &plan, err) < 0)
        goto done;
    plan.stdout_fd = out[1];
    plan.stderr_fd = errs[1];
    if (pj_platform_spawn(&plan, &process->child, &report) != 0) {
        spawn_failed(command, &report, errno, err);
        goto done;
    }
    process->out.fd = out[0];
    process->err.fd = errs[0];
    out[0] = errs[0] = -1;
    result = 0;
done:
    close_fd(&input);
    pj_cgroup_close(&process->cgroup);
    close_fd(&out[0]);
    close_fd(&out[1]);
    close_fd(&errs[0]);
    close_fd(&errs[1]);
    return result;
}

int
pj_process_start(pj_command *command, const pj_storage *storage,
                 pj_process **out, pj_error *err)
{
    pj_error scratch;
    pj_process *process;

    if (err == NULL)
        err = &scratch;
    if (verify(command, err) < 0)
        return -1;
    process = calloc(1, sizeof *process);
    if (process == NULL)
        return pj_error_memory(err);
    process->command = pj_command_ref(command);
    process->child.pid = -1;
    process->child.pidfd = -1;
    process->cgroup.join_fd = -1;
    process->out.fd = process->err.fd = -1;
    process->started_ns = pj_platform_now();
    process->deadline_ns = process->started_ns + command->timeout_ns;
    process->owner = getpid();
    if (command->stop_grace_ns > 0)
        process->grace_ns = process->deadline_ns - command->stop_grace_ns;
    pj_buffer_init(&process->out.buffer, 1, command->max_stdout,
                   command->overflow, storage);
    pj_buffer_init(&process->err.buffer, 2, command->max_stderr,
                   command->overflow, storage);
    if (start_child(process, err) < 0) {
        process->reaped = 1;
        pj_process_free(process);
        return -1;
    }
    /* An exec that hung until then was killed, and left no report.  */
    if (pj_process_remaining_ns(process) == 0)
        process->stop = PJ_STOP_TIMEOUT;
    *out = process;
    return 0;
}
