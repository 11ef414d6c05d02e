/* rules.c: writing down what one program's argv may look like.  */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

pj_rules *
pj_rules_new(void)
{
    return calloc(1, sizeof(pj_rules));
}

void
pj_rules_free(pj_rules *rules)
{
    if (rules == NULL)
        return;
    pj_str_clear(&rules->subcommand);
    pj_strv_clear(&rules->flags);
    pj_rules_clear_typed(rules);
    free(rules);
}

pj_rules *
pj_rules_dup(const pj_rules *rules)
{
    pj_rules *copy = pj_rules_new();

    if (copy == NULL)
        return NULL;
    copy->max_flags = rules->max_flags;
    copy->max_positionals = rules->max_positionals;
    copy->double_dash = rules->double_dash;
    copy->is_plain = rules->is_plain;
    if (pj_str_dup(rules->subcommand, &copy->subcommand) < 0
        || pj_strv_extend(&copy->flags, rules->flags.items,
                          rules->flags.count) < 0
        || pj_rules_dup_typed(rules, copy) < 0) {
        pj_rules_free(copy);
        return NULL;
    }
    return copy;
}

static int
invalid(pj_str value, const char *what, const char *remedy, pj_error *err)
{
    pj_error_begin(err, PJ_E_ArgRulesInvalid, value);
    return pj_error_say(err, "argument rules invalid: %s: '%s'; %s", what,
                        err->value, remedy);
}

int
pj_rules_set_subcommand(pj_rules *rules, pj_str word, pj_error *err)
{
    pj_error scratch;
    pj_str copy;

    if (err == NULL)
        err = &scratch;
    if (pj_str_has(word, '\0'))
        return pj_error_nul(err, "subcommand", word, -1);
    if (word.ptr != NULL && (word.len == 0 || word.ptr[0] == '-'))
        return invalid(word, "this is no subcommand",
                       "name a word that does not begin with '-'", err);
    if (pj_rules_be_plain(rules, err) < 0)
        return -1;
    if (pj_str_dup(word, &copy) < 0)
        return pj_error_memory(err);
    pj_str_clear(&rules->subcommand);
    rules->subcommand = copy;
    return 0;
}

int
pj_rules_set_allowed_flags(pj_rules *rules, const pj_str *flags,
                           size_t count, pj_error *err)
{
    pj_error scratch;
    pj_strv copy = {NULL, 0, 0};

    if (err == NULL)
        err = &scratch;
    for (size_t i = 0; i < count; i++) {
        if (pj_str_has(flags[i], '\0'))
            return pj_error_nul(err, "flag", flags[i], (long)i);
        if (!pj_str_is_flag(flags[i])
            || pj_str_equal(flags[i], PJ_STR("--")))
            return invalid(flags[i], "this is no flag",
                           "list tokens like -n or --count=3", err);
    }
    if (pj_rules_be_plain(rules, err) < 0)
        return -1;
    if (pj_strv_extend(&copy, flags, count) < 0) {
        pj_strv_clear(&copy);
        return pj_error_memory(err);
    }
    pj_strv_clear(&rules->flags);
    rules->flags = copy;
    return 0;
}

int
pj_rules_set_max_flags(pj_rules *rules, size_t max, pj_error *err)
{
    pj_error scratch;

    if (pj_rules_be_plain(rules, err == NULL ? &scratch : err) < 0)
        return -1;
    rules->max_flags = max;
    return 0;
}

int
pj_rules_set_max_positionals(pj_rules *rules, size_t max, pj_error *err)
{
    pj_error scratch;

    if (pj_rules_be_plain(rules, err == NULL ? &scratch : err) < 0)
        return -1;
    rules->max_positionals = max;
    return 0;
}

int
pj_rules_set_double_dash(pj_rules *rules, pj_double_dash mode, pj_error *err)
{
    pj_error scratch;

    if (err == NULL)
        err = &scratch;
    if (mode != PJ_DOUBLE_DASH_NEVER && mode != PJ_DOUBLE_DASH_AFTER_FLAGS)
        return invalid(PJ_STR(""), "unknown double-dash mode",
                       "use Never or AfterFlags", err);
    rules->double_dash = mode;
    return 0;
}

void
pj_rules_get(const pj_rules *rules, pj_rules_info *out)
{
    memset(out, 0, sizeof *out);
    out->subcommand = rules->subcommand;
    out->flags = rules->flags.items;
    out->flag_count = rules->flags.count;
    out->max_flags = rules->max_flags;
    out->max_positionals = rules->max_positionals;
    out->double_dash = rules->double_dash;
    out->declared = rules->declared;
    out->declared_count = rules->declared_count;
    out->forced = rules->forced.items;
    out->forced_count = rules->forced.count;
    out->forced_env = rules->forced_env.items;
    out->forced_env_count = rules->forced_env.count;
    for (int access = 0; access < 2; access++) {
        out->roots[access] = rules->roots[access].items;
        out->root_count[access] = rules->roots[access].count;
    }
    out->run_nothing = rules->run_nothing;
}
