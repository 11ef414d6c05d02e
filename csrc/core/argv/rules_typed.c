/* rules_typed.c: declaring options and positionals with their types.  */
#include <stdlib.h>
#include <string.h>

#include "argv/rules.h"
#include "base/error.h"
#include "base/variable.h"

/* Declarations of one set of rules; far more than any program has.  */
#define DECLARED_MAX 1000
#define DEPTH_MAX 8

static int
declare(pj_rules *rules, const pj_declared *d, pj_error *err)
{
    if (rules->declared_count >= DECLARED_MAX)
        return pj_rules_invalid((pj_str){NULL, 0},
                                "more than 1000 declarations",
                                "one program does not need them", err);
    if (pj_rules_be_typed(rules, err) < 0)
        return -1;
    return pj_rules_append(rules, d) < 0 ? pj_error_memory(err) : 0;
}

/* "-n", "--line-number", "-name", "if="; and words without a dash, which
   only a table can make options: "(" of find, "aux" of ps.  */
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
    return pj_rules_invalid(name, "this is no option", "write names like -n, "
                   "--count, or KEY= for an operand KEY=VALUE", err);
}

static int
check_option_names(const pj_str *names, size_t count, pj_error *err)
{
    if (count == 0)
        return pj_rules_invalid((pj_str){NULL, 0}, "an option without a name",
                                "give it one", err);
    for (size_t i = 0; i < count; i++)
        if (check_option_name(names[i], err) < 0)
            return -1;
    return 0;
}

/* What is declared by the names of options alone.  */
static int
add_names(pj_rules *rules, pj_declared_kind kind, const pj_str *names,
          size_t count, pj_error *err)
{
    const pj_declared d = {.kind = kind, .names = names,
                           .name_count = count,
                           .max = kind == PJ_DECLARED_FLAG ? SIZE_MAX : 0};
    pj_error scratch;

    if (err == NULL)
        err = &scratch;
    return check_option_names(names, count, err) < 0
        ? -1 : declare(rules, &d, err);
}

int
pj_rules_add_flag(pj_rules *rules, const pj_str *names, size_t count,
                  pj_error *err)
{
    return add_names(rules, PJ_DECLARED_FLAG, names, count, err);
}

/* C has no type that is never NULL.  */
static int
check_type(pj_str name, const void *type, pj_error *err)
{
    return type != NULL ? 0
                        : pj_rules_invalid(name, "no type was given for it",
                                           "give it one", err);
}

int
pj_rules_add_option(pj_rules *rules, const pj_str *names, size_t count,
                    pj_value *value, int optional, size_t repeat,
                    pj_error *err)
{
    const pj_declared d = {.kind = PJ_DECLARED_OPTION, .names = names,
                           .name_count = count, .value = value,
                           .optional = optional, .max = repeat};
    pj_error scratch;

    if (err == NULL)
        err = &scratch;
    if (check_option_names(names, count, err) < 0
        || check_type(names[0], value, err) < 0)
        return -1;
    if (repeat == 0)
        return pj_rules_invalid(names[0],
                                "an option that may be given 0 times",
                                "leave it out", err);
    return declare(rules, &d, err);
}

int
pj_rules_add_positional(pj_rules *rules, pj_str name, pj_value *value,
                        size_t min, size_t max, const pj_str *unless,
                        size_t unless_count, pj_error *err)
{
    const pj_declared d = {.kind = PJ_DECLARED_POSITIONAL, .names = &name,
                           .name_count = 1, .value = value, .min = min,
                           .max = max, .unless = unless,
                           .unless_count = unless_count};
    pj_error scratch;

    if (err == NULL)
        err = &scratch;
    if (pj_str_has(name, '\0'))
        return pj_error_nul(err, "positional", name, -1);
    if (name.len == 0)
        return pj_rules_invalid(name, "a positional without a name",
                                "give it one", err);
    if (max == 0 || min > max)
        return pj_rules_invalid(name,
                                "a positional that may be given less often "
                                "than it has to",
                                "let max be at least 1 and min", err);
    if (check_type(name, value, err) < 0)
        return -1;
    for (size_t i = 0; i < unless_count; i++)
        if (check_option_name(unless[i], err) < 0)
            return -1;
    return declare(rules, &d, err);
}

int
pj_rules_add_require(pj_rules *rules, const pj_str *names, size_t count,
                     pj_error *err)
{
    return add_names(rules, PJ_DECLARED_REQUIRE, names, count, err);
}

int
pj_rules_add_exclusive(pj_rules *rules, const pj_str *names, size_t count,
                       pj_error *err)
{
    return add_names(rules, PJ_DECLARED_EXCLUSIVE, names, count, err);
}

/* How deep the subcommands of rules are nested.  */
static int
depth_of(const pj_rules *rules)
{
    int deepest = 0;

    for (size_t i = 0; i < rules->declared_count; i++) {
        const pj_rules *inner = rules->declared[i].inner;
        int depth = inner == NULL ? 0 : depth_of(inner) + 1;

        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}

int
pj_rules_add_subcommand(pj_rules *rules, pj_str word, const pj_rules *inner,
                        pj_error *err)
{
    const pj_declared d = {.kind = PJ_DECLARED_SUBCOMMAND, .names = &word,
                           .name_count = 1, .inner = inner};
    pj_error scratch;

    if (err == NULL)
        err = &scratch;
    if (pj_str_has(word, '\0'))
        return pj_error_nul(err, "subcommand", word, -1);
    if (word.len == 0 || word.ptr[0] == '-')
        return pj_rules_invalid(word, "this is no subcommand",
                                "name a word that "
                                "does not begin with '-'",
                                err);
    if (inner == NULL)
        return pj_rules_invalid(word, "a subcommand without rules",
                                "give it some", err);
    if (inner->is_plain)
        return pj_rules_invalid(word, "the rules of a subcommand list tokens",
                       "declare its options by type", err);
    if (inner->forced_env.count > 0)
        return pj_rules_invalid(word, "the rules of a subcommand force an "
                       "environment", "force it for the whole program", err);
    if (depth_of(inner) + 1 >= DEPTH_MAX)
        return pj_rules_invalid(word, "subcommands are nested too deep",
                       "one program does not need that", err);
    return declare(rules, &d, err);
}

int
pj_rules_add_forced(pj_rules *rules, const pj_str *argv, size_t count,
                    pj_error *err)
{
    pj_error scratch;

    if (err == NULL)
        err = &scratch;
    for (size_t i = 0; i < count; i++)
        if (pj_str_has(argv[i], '\0'))
            return pj_error_nul(err, "argument", argv[i], (long)i);
    if (pj_rules_be_typed(rules, err) < 0)
        return -1;
    return pj_strv_extend(&rules->forced, argv, count) < 0
        ? pj_error_memory(err) : 0;
}

int
pj_rules_set_forced_env(pj_rules *rules, const pj_pair *pairs, size_t count,
                        pj_error *err)
{
    pj_error scratch;
    pj_pairv copy = {NULL, 0, 0};

    if (err == NULL)
        err = &scratch;
    for (size_t i = 0; i < count; i++) {
        if (pj_variable_check_pair(pairs[i].name, pairs[i].value, err) < 0)
            return -1;
        if (!pj_variable_loads_code(pairs[i].name))
            continue;
        pj_error_begin(err, PJ_E_EnvForbidden, pairs[i].name);
        return pj_error_say(err, "environment name forbidden: '%s' makes "
                            "every program load code; leave it out",
                            err->value);
    }
    if (pj_pairv_extend(&copy, pairs, count) < 0) {
        pj_pairv_clear(&copy);
        return pj_error_memory(err);
    }
    pj_pairv_clear(&rules->forced_env);
    rules->forced_env = copy;
    return 0;
}

void
pj_rules_set_run_nothing(pj_rules *rules)
{
    rules->run_nothing = 1;
}

int
pj_rules_add_roots(pj_rules *rules, pj_access access, const pj_str *roots,
                   size_t count, pj_error *err)
{
    pj_error scratch;

    if (err == NULL)
        err = &scratch;
    if (access != PJ_ACCESS_READ && access != PJ_ACCESS_WRITE)
        return pj_rules_invalid((pj_str){NULL, 0}, "unknown kind of access",
                       "use PJ_ACCESS_READ or PJ_ACCESS_WRITE", err);
    for (size_t i = 0; i < count; i++) {
        if (pj_str_has(roots[i], '\0'))
            return pj_error_nul(err, "root", roots[i], (long)i);
        if (roots[i].len == 0 || roots[i].ptr[0] != '/')
            return pj_rules_invalid(roots[i], "a root that is not absolute",
                           "write it from / on", err);
    }
    if (pj_rules_be_typed(rules, err) < 0)
        return -1;
    return pj_strv_extend(&rules->roots[access], roots, count) < 0
        ? pj_error_memory(err) : 0;
}
