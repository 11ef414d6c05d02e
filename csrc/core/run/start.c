/* start.c: the parent's half: verify, open the pipes, pass on the plan.  */
#include "system/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "policy/command.h"
#include "policy/policy.h"
#include "run/process.h"
#include "system/alias.h"

/* How long to retry a program that is still open for writing, and how
   often.  */
#define BUSY_BOUND INT64_C(200000000)
#define BUSY_PAUSE 1000000

static const char *
step_name(int step)
{
    static const char *const names[PJ_STEP_COUNT] = {
#define PJ_STEP(id, name) [PJ_STEP_##id] = name,
        PJ_STEPS(PJ_STEP)
#undef PJ_STEP
    };

    return step >= 0 && step < PJ_STEP_COUNT ? names[step] : "unknown";
}

/* Both files if there is a wrapper, which will execute the other one.  */
static int
verify(const pj_command *command, pj_error *err)
{
    if (pj_pin_verify(command->binary, err) < 0)
        return -1;
    /* If it could not be held open, it is entered by path.  */
    if (command->directory->fd < 0
        && !pj_pin_is_current(command->directory)) {
        pj_error_begin(err, PJ_E_CwdForbidden, command->directory->path);
        return pj_error_say(err, "working directory forbidden: %s: not "
                            "the one that was checked; prepare the request "
                            "again", err->value);
    }
    return command->wrapper == NULL ? 0
                                    : pj_pin_verify(command->wrapper, err);
}

static void
make_plan(const pj_command *command, pj_child_plan *plan)
{
    const pj_pin *target = pj_command_target(command);

    plan->stdin_fd = command->policy->null_fd;
    plan->cwd_fd = command->directory->fd;
    plan->cwd_path = command->directory->path.ptr;
    plan->exec_fd = target->is_native ? target->fd : -1;
    plan->exec_path = target->path.ptr;
    plan->argv = command->exec_argv;
    plan->envp = command->exec_envp;
    plan->exec_ns = 0;
    plan->dir_fd = -1;
    plan->name[0] = '\0';
    snprintf(plan->exec_fd_path, sizeof plan->exec_fd_path,
             "/proc/self/fd/%d", plan->exec_fd);
    plan->parent = getpid();
    plan->lifeline[0] = plan->lifeline[1] = -1;
    plan->report_fd = -1;
    plan->rehearsal = 0;
    plan->input_size = command->input.len;
    plan->cgroup_fd = -1;
    plan->report = NULL;
    plan->confinement = command->allowance->confinement;
    plan->uid_map = plan->gid_map = NULL;
}

/* build() says the same of a host that was inside when it was called.  */
static const char *
remedy_of(const pj_child_report *report)
{
    if (report->stage == PJ_STAGE_FAILED
        && report->step == PJ_STEP_SESSION)
        return "; this process runs inside a sandbox that locks its session: "
               "give that one .tree(Tree.PidNamespace)";
    return "";
}

static int
spawn_failed(const pj_command *command, const pj_child_report *report,
             int number, pj_error *err)
{
    const char *step = step_name(report->step);
    char text[96];

    if (report->stage == PJ_STAGE_FAILED)
        number = report->number;
    else if (report->stage == PJ_STAGE_KILLED)
        number = 0;
    else if (number == EMFILE || number == ENFILE || number == ENOMEM)
        return pj_error_system(err, step, number);
    pj_errno_text(text, sizeof text, number);
    pj_error_begin(err, PJ_E_SpawnFailed, pj_command_target(command)->path);
    if (report->stage == PJ_STAGE_OTHER) {
        pj_error_begin(err, PJ_E_BinChanged, command->binary->path);
        return pj_error_say(err, "binary changed since it was checked: %s "
                            "is another file now; prepare the request "
                            "again", command->argv0.ptr);
    }
    if (report->stage == PJ_STAGE_KILLED)
        return pj_error_say(err, "failed to spawn process: %s: killed "
                            "before it was executed", err->value);
    err->sys_errno = number;
    err->step = step;
    return pj_error_say(err, "failed to spawn process: %s: %s: %s%s",
                        err->value, step, text, remedy_of(report));
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A cgroup for the tree, if totals are enforced.  */
static int
make_cgroup(pj_process *process, pj_child_plan *plan, pj_error *err)
{
    const pj_confinement *confinement =
        process->command->allowance->confinement;
    pj_cgroup_limits totals = confinement->totals;

    if (confinement->cgroup_fd < 0)
        return 0;
    /* The host holds the program's standard input in memory.  */
    if (totals.memory > 0)
        totals.memory -= process->command->input.len;
    if (pj_cgroup_create(confinement->cgroup_fd, &totals,
                         &process->cgroup) < 0)
        return pj_error_system(err, "cgroup", errno);
    plan->cgroup_fd = process->cgroup.join_fd;
    return 0;
}

/* A pipe that the program writes to.  The host's end is non-blocking: data
   that select reported may be gone before the read, because the program can
   open its own standard output and read from it.  */
static int
open_output(int ends[2])
{
    if (pj_platform_pipe(ends) != 0)
        return -1;
    return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

/* A file that is open for writing cannot be executed, and a fork of this
   process may hold one that was just written, until its exec.  */
static int
is_busy(const pj_child_report *report)
{
    return report->stage == PJ_STAGE_FAILED && report->step == PJ_STEP_EXEC
        && report->number == ETXTBSY;
}

/* Whether the program was allowed by a name other than its file's.  */
static int
is_alias(const pj_command *command)
{
    return command->wrapper == NULL && command->binary->is_native
        && command->binary->fd >= 0
        && !pj_str_equal(command->argv0, command->binary->path);
}

/* -1 with errno, or with the failure in the report.  */
static int
spawn(pj_process *process, pj_child_plan *plan, pj_child_report *report)
{
    struct timespec pause = {0, BUSY_PAUSE};
    int64_t end = process->started_ns + BUSY_BOUND;

    for (;;) {
        int64_t left = process->guard.deadline_ns - pj_platform_now();

        plan->exec_ns = left > 0 ? left : 1;
        if (pj_platform_spawn(plan, &process->guard, &process->child,
                              report) == 0)
            return 0;
        if (!is_busy(report) || left <= 0 || pj_platform_now() >= end)
            return -1;
        nanosleep(&pause, NULL);
    }
}

/* Opens the pipes and starts the child on them.  */
static int
start_child(pj_process *process, pj_error *err)
{
    const pj_command *command = process->command;
    pj_child_plan plan = {.dir_fd = -1};
    pj_child_report report;
    int out[2] = {-1, -1}, errs[2] = {-1, -1}, input = -1, result = -1;

    if (command->input.len > 0) {
        input = pj_platform_input(command->input);
        if (input < 0)
            return pj_error_system(err, "standard input", errno);
    }
    if (open_output(out) != 0 || open_output(errs) != 0) {
        pj_error_system(err, "pipe", errno);
        goto done;
    }
    make_plan(command, &plan);
    if (is_alias(command))
        pj_alias_open(&plan, command->argv0.ptr);
    if (input >= 0)
        plan.stdin_fd = input;
    if (make_cgroup(process, &plan, err) < 0)
        goto done;
    plan.stdout_fd = out[1];
    plan.stderr_fd = errs[1];
    if (spawn(process, &plan, &report) != 0) {
        spawn_failed(command, &report, errno, err);
        goto done;
    }
    process->out.fd = out[0];
    process->err.fd = errs[0];
    out[0] = errs[0] = -1;
    result = 0;
done:
    pj_alias_close(&plan);
    close_fd(&input);
    pj_cgroup_close(&process->cgroup);
    close_fd(&out[0]);
    close_fd(&out[1]);
    close_fd(&errs[0]);
    close_fd(&errs[1]);
    return result;
}

/* Sets every field that is not 0, before anything can fail.  */
static void
init_process(pj_process *process, pj_command *command,
             const pj_storage *storage)
{
    process->command = pj_command_ref(command);
    process->child.pid = -1;
    process->child.pidfd = -1;
    process->cgroup.join_fd = -1;
    process->out.fd = process->err.fd = -1;
    process->started_ns = pj_platform_now();
    process->owner = getpid();
    pj_buffer_init(&process->out.buffer, 1, command->max_stdout,
                   command->overflow, storage);
    pj_buffer_init(&process->err.buffer, 2, command->max_stderr,
                   command->overflow, storage);
}

static int
enter_guard(pj_process *process, pj_error *err)
{
    const pj_command *command = process->command;
    int64_t deadline = process->started_ns + command->timeout_ns;
    int64_t grace = command->stop_grace_ns > 0
        ? deadline - command->stop_grace_ns : 0;

    if (pj_guard_enter(&process->guard, deadline, grace) < 0)
        return pj_error_system(err, "guard", errno);
    return 0;
}

/* The kernel was asked for nothing that would hold the program.  */
static int
refuse_checks_only(const pj_command *command, pj_error *err)
{
    if (!command->policy->options->checks_only)
        return 0;
    pj_error_begin(err, PJ_E_SpawnFailed, pj_command_target(command)->path);
    err->step = "policy";
    return pj_error_say(err, "failed to spawn process: %s: its policy only "
                        "checks requests; build one without checks_only()",
                        err->value);
}

int
pj_process_start(pj_command *command, const pj_storage *storage,
                 pj_process **out, pj_error *err)
{
    pj_error scratch;
    pj_process *process;

    if (err == NULL)
        err = &scratch;
    if (refuse_checks_only(command, err) < 0 || verify(command, err) < 0)
        return -1;
    process = calloc(1, sizeof *process);
    if (process == NULL)
        return pj_error_memory(err);
    init_process(process, command, storage);
    if (enter_guard(process, err) < 0 || start_child(process, err) < 0) {
        process->reaped = 1;
        pj_process_free(process);
        return -1;
    }
    /* An exec that hung past the deadline was killed, and left no report.  */
    if (pj_platform_now() >= process->guard.deadline_ns)
        process->stop = PJ_STOP_TIMEOUT;
    *out = process;
    return 0;
}
