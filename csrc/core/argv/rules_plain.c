/* rules_plain.c: rules that list tokens.  */
#include "argv/rules.h"
#include "base/error.h"

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
        return pj_rules_invalid(word, "this is no subcommand",
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
            return pj_rules_invalid(flags[i], "this is no flag",
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
        return pj_rules_invalid(PJ_STR(""), "unknown double-dash mode",
                       "use Never or AfterFlags", err);
    rules->double_dash = mode;
    return 0;
}
