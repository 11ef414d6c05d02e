/* prepare.c: the eight checks, in order.  */
#include <stdlib.h>
#include <string.h>

#include "argv/args.h"
#include "argv/paths.h"
#include "base/error.h"
#include "policy/command.h"
#include "policy/cwd.h"
#include "policy/env.h"
#include "policy/policy.h"
#include "policy/risky.h"

static int
not_allowed(pj_str path, pj_str canonical, const char *detail, pj_error *err)
{
    pj_error_begin(err, PJ_E_BinNotAllowed, path);
    pj_escape(err->reason, canonical);
    return pj_error_say(err, "binary not allowed: %s (resolved to %s)%s",
                        err->value, err->reason, detail);
}

/* Checks 1 to 4: absolute, canonical, executable file, allowed.  */
static int
check_binary(const pj_policy *policy, pj_str path, pj_command *command,
             const pj_allowance **allowance, pj_error *err)
{
    pj_str canonical = {NULL, 0};
    int result = -1;

    if (pj_binary_resolve(path, &canonical, err) < 0)
        return -1;
    *allowance = pj_policy_find(policy, canonical, pj_str_basename(path));
    if (pj_binary_repin(canonical,
                        *allowance == NULL ? NULL : (*allowance)->pin,
                        &command->binary, err) < 0)
        goto done;
    if (*allowance != NULL)
        result = 0;
    else if (pj_is_multicall(canonical))
        not_allowed(path, canonical, "; allow each name of a multi-call "
                    "program separately", err);
    else
        not_allowed(path, canonical, "; add allow_bin and arg_rules for it",
                    err);
done:
    pj_str_clear(&canonical);
    return result;
}

/* Check 5: not a risky program, unless the policy says so.  */
static int
check_risk(const pj_policy *policy, const pj_allowance *allowance,
           pj_command *command, pj_error *err)
{
    pj_risk risk = allowance->risk;

    if (policy->options->risky == PJ_RISKY_DISABLED)
        return 0;
    /* The file was replaced after the policy was built.  */
    if (command->binary != allowance->pin)
        risk = pj_risk_of_pin(command->binary, allowance->name);
    if (risk == PJ_RISK_NONE)
        return 0;
    if (policy->options->risky == PJ_RISKY_WARN) {
        command->risk = risk;
        return 0;
    }
    pj_error_begin(err, PJ_E_BinRiskyDenied, allowance->canonical);
    err->risk = risk;
    return pj_error_say(err, "risky binary denied (%s): %s; it can run "
                        "other code whatever its arguments; see "
                        "risky_bin_policy", pj_risk_name(risk), err->value);
}

/* What the program will see as argv[0]: its canonical path or, if it was
   allowed under another name, the path with that name, because many programs
   select their task by it.  */
static int
choose_argv0(const pj_allowance *allowance, pj_str path,
             pj_command *command, pj_error *err)
{
    pj_str name = pj_str_basename(path);
    int alias = pj_str_equal(name, allowance->name)
        && !pj_str_equal(name, pj_str_basename(allowance->canonical));

    return pj_str_dup(alias ? path : allowance->canonical,
                      &command->argv0) < 0 ? pj_error_memory(err) : 0;
}

/* Check 6: the argument rules.  Where paths lead is checked once the working
   directory is known.  */
static int
check_args(const pj_allowance *allowance, const pj_request *request,
           pj_command *command, pj_path_claims *claims, pj_error *err)
{
    if (allowance->typed != NULL)
        return pj_typed_apply(allowance->typed, request->argv, request->argc,
                              &command->argv, claims, err);
    return pj_args_apply(pj_rules_get(allowance->rules), allowance->program,
                         request->argv, request->argc, &command->argv, err);
}

/* Check 7: the environment, and what the rules add to it.  */
static int
check_env(const pj_policy *policy, const pj_allowance *allowance,
          const pj_request *request, pj_command *command, pj_error *err)
{
    const pj_rules_options *rules = pj_rules_get(allowance->rules);

    if (pj_env_build(policy->options, request, &command->env,
                     &command->stripped, err) < 0)
        return -1;
    for (size_t i = 0; i < rules->forced_env_count; i++)
        if (pj_pairv_set(&command->env, rules->forced_env[i].name,
                         rules->forced_env[i].value) < 0)
            return pj_error_memory(err);
    return 0;
}

/* Check 8: the working directory, and the paths relative to it.  */
static int
check_places(const pj_policy *policy, const pj_request *request,
             pj_command *command, const pj_path_claims *claims,
             pj_error *err)
{
    if (pj_cwd_choose(policy->options, policy->cwd_pin, request,
                      &command->directory, &command->cwd, err) < 0)
        return -1;
    return pj_path_claims_check(claims, command->directory->path, err);
}

/* What the program will read.  The host keeps it in memory that is charged to
   the program.  */
static int
check_input(const pj_policy *policy, const pj_allowance *allowance,
            const pj_request *request, pj_command *command, pj_error *err)
{
    uint64_t memory = allowance->confinement->totals.memory;
    uint64_t max = policy->options->max_stdin;

    if (memory > 0 && memory < max)
        max = memory;

    if (request->input.len <= max)
        return pj_str_dup(request->input, &command->input) < 0
            ? pj_error_memory(err) : 0;
    pj_error_begin(err, PJ_E_StdinForbidden, (pj_str){NULL, 0});
    err->max = max;
    err->got = request->input.len;
    return pj_error_say(err, "standard input forbidden: max %llu bytes, got "
                        "%zu; send less, or raise max_stdin or max_memory",
                        (unsigned long long)max, request->input.len);
}

int
pj_policy_prepare(pj_policy *policy, const pj_request *request,
                  pj_command **out, pj_error *err)
{
    pj_error scratch;
    pj_str path = {NULL, 0};
    pj_command *command = pj_command_new(policy);
    pj_path_claims claims = {NULL, 0, 0};
    const pj_allowance *allowance = NULL;

    if (err == NULL)
        err = &scratch;
    if (command == NULL
        || pj_str_dup(request->bin.ptr == NULL ? PJ_STR("") : request->bin,
                      &path) < 0) {
        pj_error_memory(err);
        goto fail;
    }
    if (check_binary(policy, path, command, &allowance, err) < 0
        || check_risk(policy, allowance, command, err) < 0
        || choose_argv0(allowance, path, command, err) < 0
        || check_args(allowance, request, command, &claims, err) < 0
        || check_env(policy, allowance, request, command, err) < 0
        || check_places(policy, request, command, &claims, err) < 0
        || check_input(policy, allowance, request, command, err) < 0)
        goto fail;
    command->allowance = allowance;
    if (pj_command_seal(command) < 0) {
        pj_error_memory(err);
        goto fail;
    }
    pj_path_claims_clear(&claims);
    pj_str_clear(&path);
    *out = command;
    return 0;
fail:
    pj_path_claims_clear(&claims);
    pj_command_unref(command);
    pj_str_clear(&path);
    return -1;
}
