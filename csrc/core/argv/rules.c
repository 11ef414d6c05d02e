/* rules.c: the argument rules of one program, as an object.  */
#include "argv/rules.h"

#include <stdlib.h>

#include "base/error.h"

static void
clear_declared(pj_declared *d)
{
    pj_strs_free(d->names, d->name_count);
    pj_strs_free(d->unless, d->unless_count);
    pj_value_unref(d->value);
    pj_rules_unref(d->inner);
}

/* Copies into an empty declaration.  */
static int
copy_declared(const pj_declared *from, pj_declared *to)
{
    const pj_declared copy = {.kind = from->kind, .optional = from->optional,
                              .min = from->min, .max = from->max};

    *to = copy;
    if (from->kind == PJ_DECLARED_FLAG)
        to->max = SIZE_MAX;
    if (from->value != NULL)
        to->value = pj_value_ref(from->value);
    if (from->inner != NULL)
        to->inner = pj_rules_ref(from->inner);
    if (pj_strs_dup(from->names, from->name_count, &to->names) < 0)
        return -1;
    to->name_count = from->name_count;
    if (pj_strs_dup(from->unless, from->unless_count, &to->unless) < 0)
        return -1;
    to->unless_count = from->unless_count;
    return 0;
}

static void
free_declared(const pj_declared *items, size_t count)
{
    pj_declared *own = (pj_declared *)(uintptr_t)items;

    for (size_t i = 0; i < count; i++)
        clear_declared(&own[i]);
    free(own);
}

static int
dup_declared(const pj_rules_options *from, pj_rules_options *to)
{
    pj_declared *copy = calloc(from->declared_count + 1, sizeof *copy);

    if (copy == NULL)
        return -1;
    to->declared = copy;
    for (size_t i = 0; i < from->declared_count; i++) {
        to->declared_count++;
        if (copy_declared(&from->declared[i], &copy[i]) < 0)
            return -1;
    }
    return 0;
}

/* Copies into empty rules.  */
static int
fill(pj_rules_options *to, const pj_rules_options *from)
{
    to->max_flags = from->max_flags;
    to->max_positionals = from->max_positionals;
    to->double_dash = from->double_dash;
    to->run_nothing = from->run_nothing;
    if (pj_str_dup(from->subcommand, &to->subcommand) < 0
        || pj_strs_dup(from->flags, from->flag_count, &to->flags) < 0)
        return -1;
    to->flag_count = from->flag_count;
    if (dup_declared(from, to) < 0
        || pj_strs_dup(from->forced, from->forced_count, &to->forced) < 0)
        return -1;
    to->forced_count = from->forced_count;
    if (pj_pairs_dup(from->forced_env, from->forced_env_count,
                     &to->forced_env) < 0)
        return -1;
    to->forced_env_count = from->forced_env_count;
    for (int access = 0; access < 2; access++) {
        if (pj_strs_dup(from->roots[access], from->root_count[access],
                        &to->roots[access]) < 0)
            return -1;
        to->root_count[access] = from->root_count[access];
    }
    return 0;
}

int
pj_rules_new(const pj_rules_options *options, pj_rules **out, pj_error *err)
{
    pj_error scratch;
    pj_rules *rules;

    if (err == NULL)
        err = &scratch;
    if (pj_rules_check(options, err) < 0)
        return -1;
    rules = calloc(1, sizeof *rules);
    if (rules == NULL)
        return pj_error_memory(err);
    atomic_init(&rules->refs, 1);
    if (fill(&rules->is, options) < 0) {
        pj_rules_unref(rules);
        return pj_error_memory(err);
    }
    *out = rules;
    return 0;
}

pj_rules *
pj_rules_ref(pj_rules *rules)
{
    atomic_fetch_add_explicit(&rules->refs, 1, memory_order_relaxed);
    return rules;
}

void
pj_rules_unref(pj_rules *rules)
{
    if (rules == NULL
        || atomic_fetch_sub_explicit(&rules->refs, 1,
                                     memory_order_acq_rel) > 1)
        return;
    pj_str_clear(&rules->is.subcommand);
    pj_strs_free(rules->is.flags, rules->is.flag_count);
    free_declared(rules->is.declared, rules->is.declared_count);
    pj_strs_free(rules->is.forced, rules->is.forced_count);
    pj_pairs_free(rules->is.forced_env, rules->is.forced_env_count);
    pj_strs_free(rules->is.roots[0], rules->is.root_count[0]);
    pj_strs_free(rules->is.roots[1], rules->is.root_count[1]);
    free(rules);
}

const pj_rules_options *
pj_rules_get(const pj_rules *rules)
{
    return &rules->is;
}
