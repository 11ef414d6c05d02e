/* rules.c: the argument rules of one program, as an object.  */
#include "argv/rules.h"

#include <stdlib.h>
#include <string.h>

#include "argv/value.h"
#include "base/error.h"

int
pj_rules_invalid(pj_str value, const char *what, const char *remedy,
                 pj_error *err)
{
    pj_error_begin(err, PJ_E_ArgRulesInvalid, value);
    return pj_error_say(err, "argument rules invalid: %s%s%s%s; %s", what,
                        value.ptr != NULL ? ": '" : "", err->value,
                        value.ptr != NULL ? "'" : "", remedy);
}

int
pj_rules_be_plain(pj_rules *rules, pj_error *err)
{
    if (rules->is_typed)
        return pj_rules_invalid((pj_str){NULL, 0},
                                "they declare options and positionals by "
                                "type",
                                "use flag, option, positional and "
                                "subcommand with rules, and no list of "
                                "tokens",
                                err);
    rules->is_plain = 1;
    return 0;
}

int
pj_rules_be_typed(pj_rules *rules, pj_error *err)
{
    if (rules->is_plain)
        return pj_rules_invalid((pj_str){NULL, 0}, "they list tokens",
                                "leave out "
                                "allowed_flags, max_flags, max_positionals "
                                "and the "
                                "pinned subcommand to declare options by "
                                "type",
                                err);
    rules->is_typed = 1;
    return 0;
}

pj_rules *
pj_rules_new(void)
{
    return calloc(1, sizeof(pj_rules));
}

static void
free_strings(const pj_str *items, size_t count)
{
    pj_strv vector = {(pj_str *)(uintptr_t)items, count, count};

    pj_strv_clear(&vector);
}

static void
clear_declared(pj_declared *d)
{
    free_strings(d->names, d->name_count);
    free_strings(d->unless, d->unless_count);
    pj_value_unref(d->value);
    pj_rules_free((pj_rules *)(uintptr_t)d->inner);
}

static void
clear_typed(pj_rules *rules)
{
    for (size_t i = 0; i < rules->declared_count; i++)
        clear_declared(&rules->declared[i]);
    free(rules->declared);
    pj_strv_clear(&rules->forced);
    pj_pairv_clear(&rules->forced_env);
    pj_strv_clear(&rules->roots[0]);
    pj_strv_clear(&rules->roots[1]);
}

void
pj_rules_free(pj_rules *rules)
{
    if (rules == NULL)
        return;
    pj_str_clear(&rules->subcommand);
    pj_strv_clear(&rules->flags);
    clear_typed(rules);
    free(rules);
}

static int
copy_strings(const pj_str *from, size_t count, const pj_str **out,
             size_t *out_count)
{
    pj_strv copy = {NULL, 0, 0};

    if (pj_strv_extend(&copy, from, count) < 0) {
        pj_strv_clear(&copy);
        return -1;
    }
    *out = copy.items;
    *out_count = copy.count;
    return 0;
}

int
pj_rules_append(pj_rules *rules, const pj_declared *from)
{
    pj_declared *d;

    if (rules->declared_count == rules->declared_room) {
        size_t room = rules->declared_room == 0 ? 8
            : rules->declared_room * 2;
        pj_declared *bigger = realloc(rules->declared,
                                      room * sizeof *bigger);

        if (bigger == NULL)
            return -1;
        rules->declared = bigger;
        rules->declared_room = room;
    }
    d = &rules->declared[rules->declared_count];
    *d = *from;
    d->names = d->unless = NULL;
    d->name_count = d->unless_count = 0;
    d->value = from->value == NULL ? NULL : pj_value_ref(from->value);
    d->inner = NULL;
    if (copy_strings(from->names, from->name_count, &d->names,
                     &d->name_count) < 0
        || copy_strings(from->unless, from->unless_count, &d->unless,
                        &d->unless_count) < 0
        || (from->inner != NULL
            && (d->inner = pj_rules_dup(from->inner)) == NULL)) {
        clear_declared(d);
        return -1;
    }
    rules->declared_count++;
    return 0;
}

static int
dup_typed(const pj_rules *from, pj_rules *to)
{
    to->is_typed = from->is_typed;
    to->run_nothing = from->run_nothing;
    for (size_t i = 0; i < from->declared_count; i++)
        if (pj_rules_append(to, &from->declared[i]) < 0)
            return -1;
    if (pj_strv_extend(&to->forced, from->forced.items,
                       from->forced.count) < 0
        || pj_pairv_extend(&to->forced_env, from->forced_env.items,
                           from->forced_env.count) < 0)
        return -1;
    for (int access = 0; access < 2; access++)
        if (pj_strv_extend(&to->roots[access], from->roots[access].items,
                           from->roots[access].count) < 0)
            return -1;
    return 0;
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
        || dup_typed(rules, copy) < 0) {
        pj_rules_free(copy);
        return NULL;
    }
    return copy;
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
