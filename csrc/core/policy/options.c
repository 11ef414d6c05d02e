/* options.c: the options that a policy is built from.  */
#include <stdlib.h>

#include "base/error.h"
#include "base/strings.h"
#include "base/variable.h"
#include "policy/cwd.h"

#define TIMEOUT_DEFAULT INT64_C(30000000000)
#define MIB ((uint64_t)1024 * 1024)

static int
check_path(pj_str path, pj_error *err)
{
    if (pj_str_has(path, '\0'))
        return pj_error_nul(err, "path", path, -1);
    if (path.len > 0 && path.ptr[0] == '/')
        return 0;
    pj_error_begin(err, PJ_E_BinNotAbsolute, path);
    return pj_error_say(err, "binary path must be absolute: %s; begin it "
                        "with / (PATH is not searched)", err->value);
}

/* Nothing in C prevents NULL rules.  */
static int
check_rules(const pj_program_rules *rules, pj_error *err)
{
    if (rules->rules != NULL)
        return 0;
    pj_error_begin(err, PJ_E_ArgRulesRequired, rules->path);
    return pj_error_say(err, "argument rules required for binary: %s; pass "
                        "rules, not NULL", err->value);
}

static int
check_programs(const pj_policy_options *o, pj_error *err)
{
    for (size_t i = 0; i < o->bin_count; i++)
        if (check_path(o->bins[i], err) < 0)
            return -1;
    for (size_t i = 0; i < o->rule_count; i++)
        if (check_path(o->rules[i].path, err) < 0
            || check_rules(&o->rules[i], err) < 0)
            return -1;
    return 0;
}

static int
check_env(const pj_policy_options *o, pj_error *err)
{
    for (size_t i = 0; i < o->env_pair_count; i++)
        if (pj_variable_check_pair(o->env_pairs[i].name,
                                   o->env_pairs[i].value, err) < 0)
            return -1;
    for (size_t i = 0; i < o->env_name_count; i++)
        if (pj_variable_check_name(o->env_names[i], err) < 0)
            return -1;
    return 0;
}

static int
check_cwd(const pj_policy_options *o, pj_error *err)
{
    for (size_t i = 0; i < o->cwd_dir_count; i++)
        if (pj_cwd_check(o->cwd_dirs[i], err) < 0)
            return -1;
    return o->cwd_fallback.ptr == NULL
        ? 0 : pj_cwd_check(o->cwd_fallback, err);
}

static int
bad_limit(const char *what, const char *range, pj_error *err)
{
    pj_error_begin(err, PJ_E_LimitInvalid, pj_str_of(what));
    pj_escape(err->expected, pj_str_of(range));
    return pj_error_say(err, "limit invalid: %s must be %s", what, range);
}

static int
is_time(int64_t nanoseconds)
{
    return nanoseconds >= 0 && nanoseconds <= PJ_TIMEOUT_MAX;
}

static int
is_size(uint64_t bytes)
{
    return bytes <= PJ_OUTPUT_MAX || bytes == PJ_OUTPUT_NONE;
}

static int
check_limits(const pj_policy_options *o, pj_error *err)
{
    static const char sizes[] = "0 to 64 TiB";

    if (!is_time(o->timeout_ns))
        return bad_limit("timeout", "more than 0 and at most 1e9 seconds",
                         err);
    if (!is_time(o->stop_grace_ns))
        return bad_limit("stop_grace", "0 or more, and less than the timeout",
                         err);
    if (!is_size(o->max_stdout))
        return bad_limit("max_stdout", sizes, err);
    if (!is_size(o->max_stderr))
        return bad_limit("max_stderr", sizes, err);
    if (o->max_stdin > PJ_OUTPUT_MAX)
        return bad_limit("max_stdin", sizes, err);
    if ((unsigned)o->overflow > PJ_OVERFLOW_KEEP_HEAD_TAIL)
        return bad_limit("on_overflow", "an Overflow", err);
    if ((unsigned)o->risky > PJ_RISKY_DISABLED)
        return bad_limit("risky_bin_policy", "a RiskyBinPolicy", err);
    return 0;
}

/* In C an enum can hold any number, and a list can be too short.  */
static int
check_kinds(const pj_policy_options *o, pj_error *err)
{
    if ((unsigned)o->env_kind > PJ_ENV_ALLOWLIST)
        return bad_limit("env_kind", "a pj_env_kind", err);
    if ((unsigned)o->cwd_kind > PJ_CWD_ALLOWLIST)
        return bad_limit("cwd_kind", "a pj_cwd_kind", err);
    if (o->cwd_kind == PJ_CWD_JAILED && o->cwd_dir_count == 0)
        return bad_limit("cwd_dirs", "the root of PJ_CWD_JAILED", err);
    if (o->cwd_kind != PJ_CWD_ALLOWLIST && o->cwd_dir_count > 1)
        return bad_limit("cwd_dirs", "one, except for PJ_CWD_ALLOWLIST", err);
    return 0;
}

int
pj_policy_check(const pj_policy_options *options, pj_error *err)
{
    pj_error scratch;

    if (err == NULL)
        err = &scratch;
    if (check_programs(options, err) < 0 || check_env(options, err) < 0
        || check_cwd(options, err) < 0 || check_limits(options, err) < 0
        || check_kinds(options, err) < 0)
        return -1;
    return options->sandbox == NULL
        ? 0 : pj_sandbox_check(options->sandbox, err);
}

static void
free_rules(const pj_program_rules *rules, size_t count)
{
    pj_program_rules *own = (pj_program_rules *)(uintptr_t)rules;

    for (size_t i = 0; i < count; i++) {
        pj_str_clear(&own[i].path);
        pj_rules_unref(own[i].rules);
    }
    free(own);
}

static int
dup_rules(const pj_policy_options *from, pj_policy_options *to)
{
    pj_program_rules *copy = calloc(from->rule_count + 1, sizeof *copy);

    if (copy == NULL)
        return -1;
    to->rules = copy;
    for (size_t i = 0; i < from->rule_count; i++) {
        if (pj_str_dup(from->rules[i].path, &copy[i].path) < 0)
            return -1;
        copy[i].rules = pj_rules_ref(from->rules[i].rules);
        to->rule_count++;
    }
    return 0;
}

static int
dup_env(const pj_policy_options *from, pj_policy_options *to)
{
    to->env_kind = from->env_kind;
    if (pj_pairs_dup(from->env_pairs, from->env_pair_count,
                     &to->env_pairs) < 0)
        return -1;
    to->env_pair_count = from->env_pair_count;
    if (pj_strs_dup(from->env_names, from->env_name_count,
                    &to->env_names) < 0)
        return -1;
    to->env_name_count = from->env_name_count;
    return 0;
}

static int
dup_cwd(const pj_policy_options *from, pj_policy_options *to)
{
    static const pj_str usual = PJ_STR("/tmp");
    int is_given = from->cwd_kind != PJ_CWD_FIXED || from->cwd_dir_count > 0;
    size_t count = is_given ? from->cwd_dir_count : 1;

    to->cwd_kind = from->cwd_kind;
    if (pj_strs_dup(is_given ? from->cwd_dirs : &usual, count,
                    &to->cwd_dirs) < 0)
        return -1;
    to->cwd_dir_count = count;
    return pj_str_dup(from->cwd_fallback, &to->cwd_fallback);
}

/* Copies into empty options.  */
static int
fill(pj_policy_options *to, const pj_policy_options *from)
{
    to->risky = from->risky;
    to->timeout_ns = from->timeout_ns != 0 ? from->timeout_ns
                                           : TIMEOUT_DEFAULT;
    to->stop_grace_ns = from->stop_grace_ns;
    to->max_stdout = from->max_stdout != 0 ? from->max_stdout : 10 * MIB;
    to->max_stderr = from->max_stderr != 0 ? from->max_stderr : MIB;
    to->max_stdin = from->max_stdin;
    to->overflow = from->overflow;
    to->checks_only = from->checks_only;
    if (pj_strs_dup(from->bins, from->bin_count, &to->bins) < 0)
        return -1;
    to->bin_count = from->bin_count;
    if (dup_rules(from, to) < 0 || dup_env(from, to) < 0
        || dup_cwd(from, to) < 0)
        return -1;
    if (from->sandbox == NULL)
        return 0;
    to->sandbox = pj_sandbox_dup(from->sandbox);
    return to->sandbox == NULL ? -1 : 0;
}

pj_policy_options *
pj_policy_options_dup(const pj_policy_options *options)
{
    pj_policy_options *copy = calloc(1, sizeof *copy);

    if (copy == NULL || fill(copy, options) == 0)
        return copy;
    pj_policy_options_free(copy);
    return NULL;
}

void
pj_policy_options_free(pj_policy_options *options)
{
    if (options == NULL)
        return;
    pj_strs_free(options->bins, options->bin_count);
    free_rules(options->rules, options->rule_count);
    pj_pairs_free(options->env_pairs, options->env_pair_count);
    pj_strs_free(options->env_names, options->env_name_count);
    pj_strs_free(options->cwd_dirs, options->cwd_dir_count);
    pj_str_clear(&options->cwd_fallback);
    pj_sandbox_free((pj_sandbox *)(uintptr_t)options->sandbox);
    free(options);
}
