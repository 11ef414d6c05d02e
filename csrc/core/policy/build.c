/* build.c: build a policy from options.  */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "argv/args.h"
#include "base/error.h"
#include "confine/controls.h"
#include "confine/roots.h"
#include "policy/cwd.h"
#include "policy/maker.h"
#include "policy/policy.h"
#include "policy/risky.h"

static int
add_path(pj_allowance *entry, pj_str path, pj_error *err)
{
    if (pj_strs_find(entry->paths.items, entry->paths.count, path))
        return 0;
    return pj_strv_push(&entry->paths, path) < 0 ? pj_error_memory(err) : 0;
}

/* A file is searched once, however many names of it are allowed.  */
static pj_maker
maker_of(const pj_policy *policy, const pj_allowance *entry)
{
    if (!pj_maker_matters(entry->pin, entry->name))
        return PJ_MAKER_NONE;
    for (const pj_allowance *known = policy->allowed; known < entry; known++)
        if (known->maker != PJ_MAKER_NONE
            && pj_identity_equal(&known->pin->identity,
                                 &entry->pin->identity))
            return known->maker;
    return pj_maker_of_pin(entry->pin);
}

/* Resolves and pins one allowed path.  Allowing a program twice is not an
   error, and has no further effect.  */
static int
add_allowance(pj_policy *policy, pj_str path, pj_error *err)
{
    pj_str canonical = {NULL, 0}, name = pj_str_basename(path);
    pj_allowance *entry;

    if (pj_binary_resolve(path, &canonical, err) < 0)
        return -1;
    entry = pj_policy_find(policy, canonical, name);
    if (entry != NULL) {
        pj_str_clear(&canonical);
        return add_path(entry, path, err);
    }
    /* Counted right away, so that it is freed with the policy.  */
    entry = &policy->allowed[policy->allowed_count++];
    entry->canonical = canonical;
    if (pj_binary_pin(canonical, &entry->pin, err) < 0)
        return -1;
    entry->risk = pj_risk_of_pin(entry->pin, name);
    if (pj_str_dup(name, &entry->name) < 0)
        return pj_error_memory(err);
    entry->maker = maker_of(policy, entry);
    entry->is_multicall = pj_maker_is_multicall(entry->pin, entry->maker);
    entry->program = pj_maker_table(entry->pin, entry->maker, entry->name);
    return add_path(entry, path, err);
}

static int
unused_rules(pj_str path, pj_error *err)
{
    pj_error_begin(err, PJ_E_ArgRulesUnused, path);
    return pj_error_say(err, "argument rules unused: %s is not allowed; add "
                        "allow_bin for it", err->value);
}

/* Attaches one set of rules to the program at its path.  */
static int
attach_rules(pj_policy *policy, size_t i, pj_error *err)
{
    pj_str path = policy->options->rules[i].path, canonical = {NULL, 0};
    pj_rules *given = policy->options->rules[i].rules;
    const pj_rules_options *rules = pj_rules_get(given);
    pj_allowance *entry;
    int result = -1;

    if (pj_binary_resolve(path, &canonical, err) < 0)
        return err->code == PJ_E_BinNotFound ? unused_rules(path, err) : -1;
    entry = pj_policy_find(policy, canonical, pj_str_basename(path));
    if (entry == NULL) {
        unused_rules(path, err);
    } else if (entry->rules != NULL) {
        pj_error_begin(err, PJ_E_ArgRulesDuplicate, path);
        pj_error_say(err, "argument rules given twice: %s; merge them, one "
                     "program has one set", err->value);
    } else if (pj_rules_are_typed(rules)) {
        result = pj_typed_compile(rules, entry->program, &entry->typed, err);
        entry->rules = result == 0 ? given : NULL;
    } else if (pj_args_check_rules(rules, entry->program, err) == 0) {
        entry->rules = given;
        result = 0;
    }
    pj_str_clear(&canonical);
    return result;
}

static int
require_rules(const pj_policy *policy, pj_error *err)
{
    for (size_t i = 0; i < policy->allowed_count; i++) {
        if (policy->allowed[i].rules != NULL)
            continue;
        pj_error_begin(err, PJ_E_ArgRulesRequired,
                       policy->allowed[i].canonical);
        return pj_error_say(err, "argument rules required for binary: %s; "
                            "add arg_rules (ArgRules() allows no argument)",
                            err->value);
    }
    return 0;
}

/* What the kernel has to enforce for a program's rules.  A script is executed
   by its interpreter, by path, so it cannot be the only thing that runs.  */
static int
reach_of(const pj_allowance *entry, pj_reach *reach, pj_error *err)
{
    reach->runs_nothing = pj_rules_get(entry->rules)->run_nothing;
    if (entry->typed != NULL
        && pj_typed_reach(entry->typed, reach, err) < 0)
        return -1;
    if (!reach->runs_nothing || entry->pin->is_native)
        return 0;
    pj_error_begin(err, PJ_E_ArgRulesInvalid, entry->canonical);
    return pj_error_say(err, "argument rules invalid: %s is a script, which "
                        "its interpreter runs; leave out run_nothing",
                        err->value);
}

/* The confinement of all programs whose rules ask for nothing more; compiled
   for the first of them, as it may need what no other program does.  NULL
   with the error.  */
static pj_confinement *
share(const pj_policy *policy, pj_confinement **shared, pj_error *err)
{
    if (*shared == NULL
        && pj_confine_compile(policy->options, (pj_str){NULL, 0}, NULL,
                              shared, err) < 0)
        return NULL;
    return pj_confine_ref(*shared);
}

/* Compiles the sandbox for one program, or uses the shared one.  */
static int
confine_program(pj_policy *policy, pj_allowance *entry,
                pj_confinement **shared, pj_error *err)
{
    pj_reach reach = {0, {{NULL, 0, 0}, {NULL, 0, 0}}, 0};
    int result = reach_of(entry, &reach, err);
    int own = reach.limits_files || reach.runs_nothing
        || !pj_confine_is_general(policy->options);

    if (result == 0
        && pj_roots_gather(pj_controls_sandbox(policy->options), &reach,
                           entry->roots) < 0)
        result = pj_error_memory(err);
    if (result == 0 && own)
        result = pj_confine_compile(policy->options, entry->pin->path, &reach,
                                    &entry->confinement, err);
    else if (result == 0) {
        entry->confinement = share(policy, shared, err);
        result = entry->confinement == NULL ? -1 : 0;
    }
    pj_strv_clear(&reach.roots[0]);
    pj_strv_clear(&reach.roots[1]);
    return result;
}

/* Compiles the sandbox, once for all programs if it does not depend on their
   files.  A policy without programs is checked as well.  */
static int
confine(pj_policy *policy, pj_error *err)
{
    pj_confinement *shared = NULL;
    int result = 0;

    if (policy->allowed_count == 0)
        result = pj_confine_compile(policy->options, (pj_str){NULL, 0}, NULL,
                                    &shared, err);
    for (size_t i = 0; i < policy->allowed_count && result == 0; i++)
        result = confine_program(policy, &policy->allowed[i], &shared, err);
    pj_confine_unref(shared);
    return result;
}

static int
open_null(pj_policy *policy, pj_error *err)
{
    struct stat st;
    int low = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (low < 0)
        return pj_error_system(err, "/dev/null", errno);
    /* Above 2, like everything that the child still needs.  */
    policy->null_fd = fcntl(low, F_DUPFD_CLOEXEC, 3);
    close(low);
    if (policy->null_fd < 0)
        return pj_error_system(err, "/dev/null", errno);
    if (fstat(policy->null_fd, &st) != 0 || !S_ISCHR(st.st_mode))
        return pj_error_system(err, "/dev/null", ENODEV);
    return 0;
}

static int
check_grace(const pj_policy_options *options, pj_error *err)
{
    if (options->stop_grace_ns == 0
        || options->stop_grace_ns < options->timeout_ns)
        return 0;
    pj_error_begin(err, PJ_E_LimitInvalid, pj_str_of("stop_grace"));
    return pj_error_say(err, "limit invalid: stop_grace must be less than "
                        "the timeout, of which it is the last part");
}

static int
fill(pj_policy *policy, pj_error *err)
{
    const pj_policy_options *options = policy->options;

    if (check_grace(options, err) < 0)
        return -1;
    for (size_t i = 0; i < options->bin_count; i++)
        if (add_allowance(policy, options->bins[i], err) < 0)
            return -1;
    for (size_t i = 0; i < options->rule_count; i++)
        if (attach_rules(policy, i, err) < 0)
            return -1;
    if (require_rules(policy, err) < 0 || open_null(policy, err) < 0
        || confine(policy, err) < 0)
        return -1;
    if (options->cwd_kind == PJ_CWD_FIXED)
        policy->cwd_pin = pj_cwd_pin(options->cwd_dirs[0]);
    return 0;
}

int
pj_policy_new(const pj_policy_options *options, pj_policy **out,
              pj_error *err)
{
    pj_error scratch;
    pj_policy *policy;

    if (err == NULL)
        err = &scratch;
    if (pj_policy_check(options, err) < 0)
        return -1;
    policy = calloc(1, sizeof *policy);
    if (policy == NULL)
        return pj_error_memory(err);
    atomic_init(&policy->refs, 1);
    policy->null_fd = -1;
    policy->options = pj_policy_options_dup(options);
    policy->allowed = calloc(options->bin_count + 1,
                             sizeof *policy->allowed);
    if (policy->options == NULL || policy->allowed == NULL)
        pj_error_memory(err);
    else if (fill(policy, err) == 0) {
        *out = policy;
        return 0;
    }
    pj_policy_unref(policy);
    return -1;
}
