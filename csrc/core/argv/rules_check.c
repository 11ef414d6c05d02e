/* rules_check.c: whether argument rules make sense in themselves.  They are
   checked against the program when a policy is built.  */
#include <string.h>

#include "argv/rules.h"
#include "base/error.h"
#include "base/variable.h"

/* Declarations per set of rules; far more than any program needs.  */
#define DECLARED_MAX 1000
#define DEPTH_MAX 8

/* An absent value is left out.  */
static int
invalid(pj_str value, const char *what, const char *remedy, pj_error *err)
{
    pj_error_begin(err, PJ_E_ArgRulesInvalid, value);
    return pj_error_say(err, "argument rules invalid: %s%s%s%s; %s", what,
                        value.ptr != NULL ? ": '" : "", err->value,
                        value.ptr != NULL ? "'" : "", remedy);
}

static const pj_str none = {NULL, 0};

/* ------------------------------------------------------------ plain rules */

static int
check_subcommand(pj_str word, pj_error *err)
{
    if (pj_str_has(word, '\0'))
        return pj_error_nul(err, "subcommand", word, -1);
    if (word.len == 0 || word.ptr[0] == '-')
        return invalid(word, "this is no subcommand",
                       "name a word that does not begin with '-'", err);
    return 0;
}

static int
check_flags(const pj_rules_options *o, pj_error *err)
{
    for (size_t i = 0; i < o->flag_count; i++) {
        if (pj_str_has(o->flags[i], '\0'))
            return pj_error_nul(err, "flag", o->flags[i], (long)i);
        if (!pj_str_is_flag(o->flags[i])
            || pj_str_equal(o->flags[i], PJ_STR("--")))
            return invalid(o->flags[i], "this is not a flag",
                           "list tokens like -n or --count=3", err);
    }
    return 0;
}

static int
are_plain(const pj_rules_options *o)
{
    return o->subcommand.ptr != NULL || o->flag_count > 0
        || o->max_flags > 0 || o->max_positionals > 0;
}

/* ------------------------------------------------------------ typed rules */

/* "-n", "--line-number", "-name", "if="; and words without a dash, which
   are options only by a table: "(" of find, "aux" of ps.  */
static int
check_option_name(pj_str name, pj_error *err)
{
    const char *equals = name.len == 0 ? NULL
                                       : memchr(name.ptr, '=', name.len);
    int last = equals != NULL && equals == name.ptr + name.len - 1;
    int dash = name.len > 0 && name.ptr[0] == '-';

    if (pj_str_has(name, '\0'))
        return pj_error_nul(err, "option", name, -1);
    if (dash ? name.len > 1 && equals == NULL
               && !pj_str_equal(name, PJ_STR("--"))
             : name.len > 0 && (equals == NULL || (last && name.len > 1)))
        return 0;
    return invalid(name, "this is no option", "write names like -n, "
                   "--count, or KEY= for an operand KEY=VALUE", err);
}

static int
check_option_names(const pj_declared *d, pj_error *err)
{
    if (d->name_count == 0)
        return invalid(none, "an option without a name", "give it one", err);
    for (size_t i = 0; i < d->name_count; i++)
        if (check_option_name(d->names[i], err) < 0)
            return -1;
    return 0;
}

/* Nothing in C prevents a NULL.  */
static int
check_type(const pj_declared *d, pj_error *err)
{
    return d->value != NULL ? 0
        : invalid(d->names[0], "no type was given for it", "give it one",
                  err);
}

static int
check_option(const pj_declared *d, pj_error *err)
{
    if (check_option_names(d, err) < 0 || check_type(d, err) < 0)
        return -1;
    return d->max > 0 ? 0
        : invalid(d->names[0], "an option that may be given 0 times",
                  "leave it out", err);
}

static int
check_positional(const pj_declared *d, pj_error *err)
{
    pj_str name = d->name_count == 1 ? d->names[0] : none;

    if (pj_str_has(name, '\0'))
        return pj_error_nul(err, "positional", name, -1);
    if (name.len == 0)
        return invalid(none, "a positional without a name", "give it one",
                       err);
    if (d->max == 0 || d->min > d->max)
        return invalid(name, "a positional that may be given less often "
                       "than it must be", "make max at least 1 and at "
                       "least min", err);
    if (check_type(d, err) < 0)
        return -1;
    for (size_t i = 0; i < d->unless_count; i++)
        if (check_option_name(d->unless[i], err) < 0)
            return -1;
    return 0;
}

/* The nesting depth of the subcommands in rules.  */
static int
depth_of(const pj_rules_options *o)
{
    int deepest = 0;

    for (size_t i = 0; i < o->declared_count; i++) {
        const pj_rules *inner = o->declared[i].inner;
        int depth = inner == NULL ? 0 : depth_of(&inner->is) + 1;

        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}

static int
check_inner(const pj_declared *d, pj_error *err)
{
    pj_str word = d->name_count == 1 ? d->names[0] : PJ_STR("");
    const pj_rules_options *inner = d->inner == NULL ? NULL : &d->inner->is;

    if (check_subcommand(word, err) < 0)
        return -1;
    if (inner == NULL)
        return invalid(word, "a subcommand without rules", "give it some",
                       err);
    if (are_plain(inner))
        return invalid(word, "the rules of a subcommand must not list "
                       "tokens",
                       "declare its options by type", err);
    if (inner->forced_env_count > 0)
        return invalid(word, "the rules of a subcommand must not force "
                       "an environment", "force it for the whole program",
                       err);
    if (depth_of(inner) + 1 >= DEPTH_MAX)
        return invalid(word, "subcommands are nested too deeply",
                       "leave out the inner ones", err);
    return 0;
}

static int
check_declared(const pj_declared *d, pj_error *err)
{
    switch (d->kind) {
    case PJ_DECLARED_FLAG:
    case PJ_DECLARED_REQUIRE:
    case PJ_DECLARED_EXCLUSIVE:
        return check_option_names(d, err);
    case PJ_DECLARED_OPTION:
        return check_option(d, err);
    case PJ_DECLARED_POSITIONAL:
        return check_positional(d, err);
    case PJ_DECLARED_SUBCOMMAND:
        return check_inner(d, err);
    }
    return invalid(none, "an unknown kind of declaration",
                   "use a pj_declared_kind", err);
}

static int
check_all_declared(const pj_rules_options *o, pj_error *err)
{
    if (o->declared_count > DECLARED_MAX)
        return invalid(none, "more than 1000 declarations",
                       "declare fewer", err);
    for (size_t i = 0; i < o->declared_count; i++)
        if (check_declared(&o->declared[i], err) < 0)
            return -1;
    for (size_t i = 0; i < o->forced_count; i++)
        if (pj_str_has(o->forced[i], '\0'))
            return pj_error_nul(err, "argument", o->forced[i], (long)i);
    return 0;
}

/* ----------------------------------------------------------------- either */

static int
check_roots(const pj_str *roots, size_t count, pj_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (pj_str_has(roots[i], '\0'))
            return pj_error_nul(err, "root", roots[i], (long)i);
        if (roots[i].len == 0 || roots[i].ptr[0] != '/')
            return invalid(roots[i], "a root that is not absolute",
                           "begin it with /", err);
    }
    return 0;
}

static int
check_forced_env(const pj_rules_options *o, pj_error *err)
{
    for (size_t i = 0; i < o->forced_env_count; i++) {
        const pj_pair *pair = &o->forced_env[i];

        if (pj_variable_check_pair(pair->name, pair->value, err) < 0)
            return -1;
        if (!pj_variable_loads_code(pair->name))
            continue;
        pj_error_begin(err, PJ_E_EnvForbidden, pair->name);
        return pj_error_say(err, "environment name forbidden: '%s' makes "
                            "every program load code; leave it out",
                            err->value);
    }
    return 0;
}

int
pj_rules_check(const pj_rules_options *o, pj_error *err)
{
    if (o->double_dash != PJ_DOUBLE_DASH_NEVER
        && o->double_dash != PJ_DOUBLE_DASH_AFTER_FLAGS)
        return invalid(none, "unknown double-dash mode",
                       "use Never or AfterFlags", err);
    if (are_plain(o) && pj_rules_are_typed(o))
        return invalid(none, "they both list tokens and declare by type",
                       "use either allowed_flags, max_flags, max_positionals "
                       "and a pinned subcommand, or flag, option, "
                       "positional and subcommand with rules", err);
    if ((o->subcommand.ptr != NULL && check_subcommand(o->subcommand, err) < 0)
        || check_flags(o, err) < 0 || check_all_declared(o, err) < 0)
        return -1;
    for (int access = 0; access < 2; access++)
        if (check_roots(o->roots[access], o->root_count[access], err) < 0)
            return -1;
    return check_forced_env(o, err);
}
