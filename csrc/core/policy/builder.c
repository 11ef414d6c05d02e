/* builder.c: collecting a policy's settings, each checked as it comes.  */
#include "policy/builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/variable.h"
#include "policy/cwd.h"

#define SECOND INT64_C(1000000000)
#define MIB ((uint64_t)1024 * 1024)

pj_builder *
pj_builder_new(void)
{
    pj_builder *builder = calloc(1, sizeof *builder);

    if (builder == NULL)
        return NULL;
    if (pj_strv_push(&builder->cwd_dirs, PJ_STR("/tmp")) < 0) {
        pj_builder_free(builder);
        return NULL;
    }
    builder->timeout_ns = 30 * SECOND;
    builder->max_stdout = 10 * MIB;
    builder->max_stderr = MIB;
    return builder;
}

void
pj_builder_free(pj_builder *builder)
{
    if (builder == NULL)
        return;
    for (size_t i = 0; i < builder->rule_paths.count; i++)
        pj_rules_free(builder->rules[i]);
    free(builder->rules);
    pj_strv_clear(&builder->bins);
    pj_strv_clear(&builder->rule_paths);
    pj_pairv_clear(&builder->env_pairs);
    pj_strv_clear(&builder->env_names);
    pj_strv_clear(&builder->cwd_dirs);
    pj_str_clear(&builder->cwd_fallback);
    pj_sandbox_free(builder->sandbox);
    free(builder);
}

/* Adds a path and its rules; the rules are taken over on success.  */
static int
add_rules(pj_builder *builder, pj_str path, pj_rules *rules)
{
    if (builder->rule_paths.count == builder->rules_room) {
        size_t room = builder->rules_room == 0 ? 8 : builder->rules_room * 2;
        pj_rules **bigger = realloc(builder->rules, room * sizeof *bigger);

        if (bigger == NULL)
            return -1;
        builder->rules = bigger;
        builder->rules_room = room;
    }
    if (pj_strv_push(&builder->rule_paths, path) < 0)
        return -1;
    builder->rules[builder->rule_paths.count - 1] = rules;
    return 0;
}

static int
dup_rules(pj_builder *copy, const pj_builder *from)
{
    for (size_t i = 0; i < from->rule_paths.count; i++) {
        pj_rules *rules = pj_rules_dup(from->rules[i]);

        if (rules == NULL
            || add_rules(copy, from->rule_paths.items[i], rules) < 0) {
            pj_rules_free(rules);
            return -1;
        }
    }
    return 0;
}

pj_builder *
pj_builder_dup(const pj_builder *from)
{
    pj_builder *copy = calloc(1, sizeof *copy);

    if (copy == NULL)
        return NULL;
    copy->risky = from->risky;
    copy->env_kind = from->env_kind;
    copy->cwd_kind = from->cwd_kind;
    copy->timeout_ns = from->timeout_ns;
    copy->max_stdout = from->max_stdout;
    copy->max_stderr = from->max_stderr;
    copy->max_stdin = from->max_stdin;
    copy->overflow = from->overflow;
    copy->stop_grace_ns = from->stop_grace_ns;
    if (pj_strv_extend(&copy->bins, from->bins.items, from->bins.count) < 0
        || dup_rules(copy, from) < 0
        || pj_pairv_extend(&copy->env_pairs, from->env_pairs.items,
                           from->env_pairs.count) < 0
        || pj_strv_extend(&copy->env_names, from->env_names.items,
                          from->env_names.count) < 0
        || pj_strv_extend(&copy->cwd_dirs, from->cwd_dirs.items,
                          from->cwd_dirs.count) < 0
        || pj_str_dup(from->cwd_fallback, &copy->cwd_fallback) < 0
        || (from->sandbox != NULL
            && pj_builder_sandbox(copy, from->sandbox, NULL) < 0)) {
        pj_builder_free(copy);
        return NULL;
    }
    return copy;
}

static int
check_path(pj_str path, pj_error *err)
{
    if (pj_str_has(path, '\0'))
        return pj_error_nul(err, "path", path, -1);
    if (path.len > 0 && path.ptr[0] == '/')
        return 0;
    pj_error_begin(err, PJ_E_BinNotAbsolute, path);
    return pj_error_say(err, "binary path must be absolute: %s; write it "
                        "from / on, no PATH is searched", err->value);
}

int
pj_builder_allow_bin(pj_builder *builder, pj_str path, pj_error *err)
{
    pj_error scratch;

    if (err == NULL)
        err = &scratch;
    if (check_path(path, err) < 0)
        return -1;
    return pj_strv_push(&builder->bins, path) < 0 ? pj_error_memory(err) : 0;
}

int
pj_builder_arg_rules(pj_builder *builder, pj_str path,
                     const pj_rules *rules, pj_error *err)
{
    pj_error scratch;
    pj_rules *copy;

    if (err == NULL)
        err = &scratch;
    if (check_path(path, err) < 0)
        return -1;
    copy = pj_rules_dup(rules);
    if (copy == NULL || add_rules(builder, path, copy) < 0) {
        pj_rules_free(copy);
        return pj_error_memory(err);
    }
    return 0;
}

static int
bad_limit(const char *what, const char *range, pj_error *err)
{
    pj_error_begin(err, PJ_E_LimitInvalid, pj_str_of(what));
    pj_escape(err->expected, pj_str_of(range));
    return pj_error_say(err, "limit invalid: %s must be %s", what, range);
}

int
pj_builder_risky(pj_builder *builder, pj_risky_policy policy, pj_error *err)
{
    pj_error scratch;

    if (policy != PJ_RISKY_DENY && policy != PJ_RISKY_WARN
        && policy != PJ_RISKY_DISABLED)
        return bad_limit("risky_bin_policy", "a RiskyBinPolicy",
                         err == NULL ? &scratch : err);
    builder->risky = policy;
    return 0;
}

static void
clear_env(pj_builder *builder, pj_env_kind kind)
{
    pj_pairv_clear(&builder->env_pairs);
    pj_strv_clear(&builder->env_names);
    builder->env_kind = kind;
}

void
pj_builder_env_empty(pj_builder *builder)
{
    clear_env(builder, PJ_ENV_EMPTY);
}

void
pj_builder_env_locale(pj_builder *builder)
{
    clear_env(builder, PJ_ENV_LOCALE);
}

int
pj_builder_env_fixed(pj_builder *builder, const pj_pair *pairs,
                     size_t count, pj_error *err)
{
    pj_error scratch;
    pj_pairv copy = {NULL, 0, 0};

    if (err == NULL)
        err = &scratch;
    for (size_t i = 0; i < count; i++)
        if (pj_variable_check_pair(pairs[i].name, pairs[i].value, err) < 0)
            return -1;
    if (pj_pairv_extend(&copy, pairs, count) < 0) {
        pj_pairv_clear(&copy);
        return pj_error_memory(err);
    }
    clear_env(builder, PJ_ENV_FIXED);
    builder->env_pairs = copy;
    return 0;
}

int
pj_builder_env_allowlist(pj_builder *builder, const pj_str *names,
                         size_t count, pj_error *err)
{
    pj_error scratch;
    pj_strv copy = {NULL, 0, 0};

    if (err == NULL)
        err = &scratch;
    for (size_t i = 0; i < count; i++)
        if (pj_variable_check_name(names[i], err) < 0)
            return -1;
    if (pj_strv_extend(&copy, names, count) < 0) {
        pj_strv_clear(&copy);
        return pj_error_memory(err);
    }
    clear_env(builder, PJ_ENV_ALLOWLIST);
    builder->env_names = copy;
    return 0;
}

static int
set_cwd(pj_builder *builder, pj_cwd_kind kind, const pj_str *dirs,
        size_t count, pj_str fallback, pj_error *err)
{
    pj_strv copy = {NULL, 0, 0};
    pj_str own = {NULL, 0};

    for (size_t i = 0; i < count; i++)
        if (pj_cwd_check(dirs[i], err) < 0)
            return -1;
    if (fallback.ptr != NULL && pj_cwd_check(fallback, err) < 0)
        return -1;
    if (pj_strv_extend(&copy, dirs, count) < 0
        || pj_str_dup(fallback, &own) < 0) {
        pj_strv_clear(&copy);
        return pj_error_memory(err);
    }
    pj_strv_clear(&builder->cwd_dirs);
    pj_str_clear(&builder->cwd_fallback);
    builder->cwd_kind = kind;
    builder->cwd_dirs = copy;
    builder->cwd_fallback = own;
    return 0;
}

int
pj_builder_cwd_fixed(pj_builder *builder, pj_str path, pj_error *err)
{
    pj_error scratch;

    return set_cwd(builder, PJ_CWD_FIXED, &path, 1, (pj_str){NULL, 0},
                   err == NULL ? &scratch : err);
}

int
pj_builder_cwd_jailed(pj_builder *builder, pj_str root, pj_str fallback,
                      pj_error *err)
{
    pj_error scratch;

    return set_cwd(builder, PJ_CWD_JAILED, &root, 1, fallback,
                   err == NULL ? &scratch : err);
}

int
pj_builder_cwd_allowlist(pj_builder *builder, const pj_str *dirs,
                         size_t count, pj_str fallback, pj_error *err)
{
    pj_error scratch;

    return set_cwd(builder, PJ_CWD_ALLOWLIST, dirs, count, fallback,
                   err == NULL ? &scratch : err);
}

int
pj_builder_timeout(pj_builder *builder, int64_t nanoseconds, pj_error *err)
{
    pj_error scratch;

    if (nanoseconds < 1 || nanoseconds > PJ_TIMEOUT_MAX)
        return bad_limit("timeout", "more than 0 and at most 1e9 seconds",
                         err == NULL ? &scratch : err);
    builder->timeout_ns = nanoseconds;
    return 0;
}

/* What the three sizes share.  */
static int
set_size(uint64_t *size, uint64_t max, const char *name, pj_error *err)
{
    pj_error scratch;

    if (max > PJ_OUTPUT_MAX)
        return bad_limit(name, "0 to 64 TiB",
                         err == NULL ? &scratch : err);
    *size = max;
    return 0;
}

int
pj_builder_max_stdout(pj_builder *builder, uint64_t max, pj_error *err)
{
    return set_size(&builder->max_stdout, max, "max_stdout", err);
}

int
pj_builder_max_stderr(pj_builder *builder, uint64_t max, pj_error *err)
{
    return set_size(&builder->max_stderr, max, "max_stderr", err);
}

int
pj_builder_max_stdin(pj_builder *builder, uint64_t max, pj_error *err)
{
    return set_size(&builder->max_stdin, max, "max_stdin", err);
}

int
pj_builder_overflow(pj_builder *builder, pj_overflow overflow,
                    pj_error *err)
{
    pj_error scratch;

    if ((unsigned)overflow > PJ_OVERFLOW_KEEP_HEAD_TAIL)
        return bad_limit("on_overflow", "an Overflow",
                         err == NULL ? &scratch : err);
    builder->overflow = overflow;
    return 0;
}

int
pj_builder_stop_grace(pj_builder *builder, int64_t nanoseconds,
                      pj_error *err)
{
    pj_error scratch;

    if (nanoseconds < 0 || nanoseconds > PJ_TIMEOUT_MAX)
        return bad_limit("stop_grace", "0 or more, and less than the timeout",
                         err == NULL ? &scratch : err);
    builder->stop_grace_ns = nanoseconds;
    return 0;
}

int
pj_builder_sandbox(pj_builder *builder, const pj_sandbox *sandbox,
                   pj_error *err)
{
    pj_error scratch;
    pj_sandbox *copy = pj_sandbox_dup(sandbox);

    if (copy == NULL)
        return pj_error_memory(err == NULL ? &scratch : err);
    pj_sandbox_free(builder->sandbox);
    builder->sandbox = copy;
    return 0;
}

void
pj_builder_get(const pj_builder *builder, pj_builder_info *out)
{
    memset(out, 0, sizeof *out);
    out->bins = builder->bins.items;
    out->bin_count = builder->bins.count;
    out->rule_paths = builder->rule_paths.items;
    out->rules = (const pj_rules *const *)builder->rules;
    out->rule_count = builder->rule_paths.count;
    out->risky = builder->risky;
    out->env_kind = builder->env_kind;
    out->env_pairs = builder->env_pairs.items;
    out->env_pair_count = builder->env_pairs.count;
    out->env_names = builder->env_names.items;
    out->env_name_count = builder->env_names.count;
    out->cwd_kind = builder->cwd_kind;
    out->cwd_dirs = builder->cwd_dirs.items;
    out->cwd_dir_count = builder->cwd_dirs.count;
    out->cwd_fallback = builder->cwd_fallback;
    out->timeout_ns = builder->timeout_ns;
    out->max_stdout = builder->max_stdout;
    out->max_stderr = builder->max_stderr;
    out->sandbox = builder->sandbox;
    out->max_stdin = builder->max_stdin;
    out->overflow = builder->overflow;
    out->stop_grace_ns = builder->stop_grace_ns;
}
