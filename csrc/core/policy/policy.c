/* policy.c: an immutable policy, shared by its commands.  */
#include "policy/policy.h"

#include <stdlib.h>
#include <unistd.h>

#include "confine/controls.h"
#include "policy/risky.h"

pj_allowance *
pj_policy_find(const pj_policy *policy, pj_str canonical, pj_str name)
{
    for (size_t i = 0; i < policy->allowed_count; i++) {
        pj_allowance *entry = &policy->allowed[i];

        if (pj_str_equal(entry->canonical, canonical)
            && (pj_str_equal(entry->name, name)
                || !pj_is_multicall(canonical)))
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

void
pj_policy_unref(pj_policy *policy)
{
    if (policy == NULL
        || atomic_fetch_sub_explicit(&policy->refs, 1,
                                     memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < policy->allowed_count; i++) {
        pj_str_clear(&policy->allowed[i].canonical);
        pj_str_clear(&policy->allowed[i].name);
        pj_pin_unref(policy->allowed[i].pin);
        pj_typed_free(policy->allowed[i].typed);
        pj_confine_unref(policy->allowed[i].confinement);
    }
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
    if ((missing & ~totals) != 0 && why != NULL)
        pj_controls_tell(missing & ~totals, why);
    return missing;
}

const pj_policy_options *
pj_policy_get(const pj_policy *policy)
{
    return policy->options;
}
