/* policy.c: an immutable policy, shared by its commands.  */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine/controls.h"
#include "confine/roots.h"

pj_allowance *
pj_policy_find(const pj_policy *policy, pj_str canonical, pj_str name)
{
    for (size_t i = 0; i < policy->allowed_count; i++) {
        pj_allowance *entry = &policy->allowed[i];

        if (pj_str_equal(entry->canonical, canonical)
            && (pj_str_equal(entry->name, name)
                || !entry->is_multicall))
            return entry;
    }
    return NULL;
}

pj_policy *
pj_policy_ref(pj_policy *policy)
{
    atomic_fetch_add_explicit(&policy->refs, 1, memory_order_relaxed);
    return policy;
}

static void
clear_allowance(pj_allowance *entry)
{
    pj_str_clear(&entry->canonical);
    pj_strv_clear(&entry->paths);
    pj_str_clear(&entry->name);
    pj_pin_unref(entry->pin);
    pj_typed_free(entry->typed);
    pj_confine_unref(entry->confinement);
    for (int access = 0; access < 3; access++)
        pj_strv_clear(&entry->roots[access]);
}

void
pj_policy_unref(pj_policy *policy)
{
    if (policy == NULL
        || atomic_fetch_sub_explicit(&policy->refs, 1,
                                     memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < policy->allowed_count; i++)
        clear_allowance(&policy->allowed[i]);
    free(policy->allowed);
    pj_pin_unref(policy->cwd_pin);
    if (policy->null_fd >= 0)
        close(policy->null_fd);
    pj_policy_options_free(policy->options);
    free(policy);
}

uint32_t
pj_policy_missing(const pj_policy *policy, pj_error *why)
{
    const uint32_t totals = PJ_BIT(TREE_TOTALS);
    uint32_t missing = 0;

    for (size_t i = 0; i < policy->allowed_count; i++)
        missing |= policy->allowed[i].confinement->report.missing;
    if ((missing & ~totals) != 0 && why != NULL
        && !policy->options->checks_only)
        pj_controls_tell(missing & ~totals, why);
    return missing;
}

size_t
pj_policy_program_count(const pj_policy *policy)
{
    return policy->allowed_count;
}

void
pj_policy_program(const pj_policy *policy, size_t i, pj_program_view *out)
{
    pj_allowance_get(&policy->allowed[i], out);
}

void
pj_allowance_get(const pj_allowance *entry, pj_program_view *out)
{
    memset(out, 0, sizeof *out);
    out->paths = entry->paths.items;
    out->path_count = entry->paths.count;
    out->canonical = entry->canonical;
    out->table = entry->program == NULL ? NULL : entry->program->id;
    out->rules = entry->rules;
    out->sandbox = entry->confinement->report;
    out->runs_nothing = (out->sandbox.enforced & PJ_BIT(EXEC_LOCK)) != 0;
    for (int access = 0; access < 3; access++) {
        out->is_limited[access] =
            pj_roots_hold(&out->sandbox, (pj_access)access);
        if (!out->is_limited[access]
            || (access == PJ_ACCESS_EXECUTE && out->runs_nothing))
            continue;
        out->roots[access] = entry->roots[access].items;
        out->root_count[access] = entry->roots[access].count;
    }
}

const pj_policy_options *
pj_policy_get(const pj_policy *policy)
{
    return policy->options;
}
