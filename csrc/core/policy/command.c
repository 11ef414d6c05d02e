/* command.c: an immutable command and the blocks passed to exec.  */
#include "policy/command.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/variable.h"
#include "policy/risky.h"

static uint64_t
size_of(uint64_t option)
{
    return option == PJ_OUTPUT_NONE ? 0 : option;
}

pj_command *
pj_command_new(pj_policy *policy)
{
    const pj_policy_options *options = policy->options;
    pj_command *command = calloc(1, sizeof *command);

    if (command == NULL)
        return NULL;
    atomic_init(&command->refs, 1);
    command->policy = pj_policy_ref(policy);
    command->risk = PJ_RISK_NONE;
    command->timeout_ns = options->timeout_ns;
    command->max_stdout = size_of(options->max_stdout);
    command->max_stderr = size_of(options->max_stderr);
    command->overflow = options->overflow;
    command->stop_grace_ns = options->stop_grace_ns;
    return command;
}

pj_command *
pj_command_ref(pj_command *command)
{
    atomic_fetch_add_explicit(&command->refs, 1, memory_order_relaxed);
    return command;
}

void
pj_command_unref(pj_command *command)
{
    if (command == NULL
        || atomic_fetch_sub_explicit(&command->refs, 1,
                                     memory_order_acq_rel) > 1)
        return;
    free(command->exec_argv);
    free(command->exec_envp);
    free(command->env_block);
    free(command->launch_args);
    pj_strv_clear(&command->argv);
    pj_strv_clear(&command->wrap_args);
    pj_strv_clear(&command->stripped);
    pj_pairv_clear(&command->env);
    pj_str_clear(&command->argv0);
    pj_str_clear(&command->wrap_argv0);
    pj_str_clear(&command->cwd);
    pj_str_clear(&command->input);
    pj_pin_unref(command->binary);
    pj_pin_unref(command->wrapper);
    pj_pin_unref(command->directory);
    pj_policy_unref(command->policy);
    free(command);
}

const pj_pin *
pj_command_target(const pj_command *command)
{
    return command->wrapper != NULL ? command->wrapper : command->binary;
}

/* The arguments after argv[0], those of the wrapper first.  A wrapper passes
   the program the name it was allowed under, not that of its file: with the
   latter, a multi-call program would select its task by the request's first
   argument.  */
static int
seal_launch(pj_command *command)
{
    size_t most = command->wrap_args.count + 1 + command->argv.count;
    size_t at = 0;

    command->launch_args = calloc(most, sizeof *command->launch_args);
    if (command->launch_args == NULL)
        return -1;
    for (size_t i = 0; i < command->wrap_args.count; i++)
        command->launch_args[at++] = command->wrap_args.items[i];
    if (command->wrapper != NULL)
        command->launch_args[at++] = command->argv0;
    for (size_t i = 0; i < command->argv.count; i++)
        command->launch_args[at++] = command->argv.items[i];
    command->launch_argc = at;
    return 0;
}

static int
seal_argv(pj_command *command)
{
    char **argv = calloc(command->launch_argc + 2, sizeof *argv);

    if (argv == NULL)
        return -1;
    argv[0] = (char *)(command->wrapper != NULL ? command->wrap_argv0.ptr
                                                : command->argv0.ptr);
    for (size_t i = 0; i < command->launch_argc; i++)
        argv[i + 1] = (char *)command->launch_args[i].ptr;
    command->exec_argv = argv;
    return 0;
}

/* All `NAME=value` strings in one block.  */
static int
seal_envp(pj_command *command)
{
    const pj_pairv *env = &command->env;
    size_t size = 1;
    char *at;

    for (size_t i = 0; i < env->count; i++)
        size += env->items[i].name.len + env->items[i].value.len + 2;
    command->env_block = malloc(size);
    command->exec_envp = calloc(env->count + 1, sizeof(char *));
    if (command->env_block == NULL || command->exec_envp == NULL)
        return -1;
    at = command->env_block;
    for (size_t i = 0; i < env->count; i++) {
        const pj_pair *pair = &env->items[i];

        command->exec_envp[i] = at;
        memcpy(at, pair->name.ptr, pair->name.len);
        at += pair->name.len;
        *at++ = '=';
        memcpy(at, pair->value.ptr, pair->value.len + 1);
        at += pair->value.len + 1;
    }
    return 0;
}

static int
by_name(const void *left, const void *right)
{
    return strcmp(((const pj_pair *)left)->name.ptr,
                  ((const pj_pair *)right)->name.ptr);
}

int
pj_command_seal(pj_command *command)
{
    /* In a fixed order, regardless of the order given.  */
    if (command->env.count > 1)
        qsort(command->env.items, command->env.count,
              sizeof *command->env.items, by_name);
    if (seal_launch(command) < 0 || seal_argv(command) < 0)
        return -1;
    return seal_envp(command);
}

void
pj_command_get(const pj_command *command, pj_command_info *out)
{
    memset(out, 0, sizeof *out);
    out->bin = command->binary->path;
    out->argv = command->argv.items;
    out->argc = command->argv.count;
    out->launch = pj_command_target(command)->path;
    out->launch_args = command->launch_args;
    out->launch_argc = command->launch_argc;
    out->cwd = command->cwd;
    out->env = command->env.items;
    out->env_count = command->env.count;
    out->stripped = command->stripped.items;
    out->stripped_count = command->stripped.count;
    out->risk = command->risk;
    out->timeout_ns = command->timeout_ns;
    out->max_stdout = command->max_stdout;
    out->max_stderr = command->max_stderr;
    out->sandbox = command->allowance->confinement->report;
}

void
pj_command_program(const pj_command *command, pj_program_view *out)
{
    pj_allowance_get(command->allowance, out);
}

/* An unsealed copy.  */
static pj_command *
copy(const pj_command *from)
{
    pj_command *to = pj_command_new(from->policy);

    if (to == NULL)
        return NULL;
    to->binary = pj_pin_ref(from->binary);
    to->directory = pj_pin_ref(from->directory);
    to->allowance = from->allowance;
    if (from->wrapper != NULL)
        to->wrapper = pj_pin_ref(from->wrapper);
    to->risk = from->risk;
    if (pj_str_dup(from->argv0, &to->argv0) < 0
        || pj_str_dup(from->wrap_argv0, &to->wrap_argv0) < 0
        || pj_str_dup(from->cwd, &to->cwd) < 0
        || pj_str_dup(from->input, &to->input) < 0
        || pj_strv_extend(&to->argv, from->argv.items, from->argv.count) < 0
        || pj_strv_extend(&to->wrap_args, from->wrap_args.items,
                          from->wrap_args.count) < 0
        || pj_strv_extend(&to->stripped, from->stripped.items,
                          from->stripped.count) < 0
        || pj_pairv_extend(&to->env, from->env.items, from->env.count) < 0) {
        pj_command_unref(to);
        return NULL;
    }
    return to;
}

/* A wrapper would have to execute the program in turn.  */
static int
check_wrappable(const pj_command *command, pj_error *err)
{
    uint32_t lock = UINT32_C(1) << PJ_CONTROL_EXEC_LOCK;

    if (!(command->allowance->confinement->report.enforced & lock))
        return 0;
    pj_error_begin(err, PJ_E_SandboxInvalid, command->binary->path);
    return pj_error_say(err, "sandbox invalid: the rules of %s say "
                        "run_nothing, so no wrapper could start it; leave "
                        "out one of them", err->value);
}

int
pj_command_wrap(const pj_command *command, pj_str program,
                const pj_str *args, size_t count, pj_command **out,
                pj_error *err)
{
    pj_error scratch;
    pj_str owned = {NULL, 0}, canonical = {NULL, 0};
    pj_command *wrapped = copy(command);
    int result = -1;

    if (err == NULL)
        err = &scratch;
    if (wrapped == NULL || pj_str_dup(program, &owned) < 0) {
        pj_error_memory(err);
        goto done;
    }
    if (check_wrappable(command, err) < 0)
        goto done;
    for (size_t i = 0; i < count; i++)
        if (pj_str_has(args[i], '\0')) {
            pj_error_nul(err, "wrapper argument", args[i], (long)i);
            goto done;
        }
    pj_pin_unref(wrapped->wrapper);
    wrapped->wrapper = NULL;
    if (pj_binary_resolve(owned, &canonical, err) < 0
        || pj_binary_pin(canonical, &wrapped->wrapper, err) < 0)
        goto done;
    pj_strv_clear(&wrapped->wrap_args);
    pj_str_clear(&wrapped->wrap_argv0);
    /* nice of busybox is nice only by its name.  */
    if (pj_str_dup(pj_is_multicall(canonical) ? owned : canonical,
                   &wrapped->wrap_argv0) < 0
        || pj_strv_extend(&wrapped->wrap_args, args, count) < 0
        || pj_command_seal(wrapped) < 0) {
        pj_error_memory(err);
        goto done;
    }
    *out = wrapped;
    wrapped = NULL;
    result = 0;
done:
    pj_command_unref(wrapped);
    pj_str_clear(&canonical);
    pj_str_clear(&owned);
    return result;
}

int
pj_command_set_env(const pj_command *command, pj_str name, pj_str value,
                   pj_command **out, pj_error *err)
{
    pj_error scratch;
    pj_command *changed;

    if (err == NULL)
        err = &scratch;
    if (pj_variable_check_pair(name, value, err) < 0)
        return -1;
    changed = copy(command);
    if (changed == NULL || pj_pairv_set(&changed->env, name, value) < 0
        || pj_command_seal(changed) < 0) {
        pj_command_unref(changed);
        return pj_error_memory(err);
    }
    *out = changed;
    return 0;
}
