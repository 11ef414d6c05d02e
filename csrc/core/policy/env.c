/* env.c: build the environment of a request under the policy.  */
#include "policy/env.h"

#include "base/error.h"
#include "base/variable.h"

/* Passes a pair on, or records its name as stripped.  */
static int
offer(const pj_pair *pair, int wanted, pj_pairv *env, pj_strv *stripped)
{
    if (wanted && !pj_variable_is_stripped(pair->name, pair->value))
        return pj_pairv_set(env, pair->name, pair->value);
    return pj_strv_push(stripped, pair->name);
}

static int
is_wanted(const pj_policy_options *policy, pj_str name)
{
    return policy->env_kind == PJ_ENV_ALLOWLIST
        && pj_strs_find(policy->env_names, policy->env_name_count, name);
}

static int
add_policy_pairs(const pj_policy_options *policy, pj_pairv *env,
                 pj_strv *stripped)
{
    static const pj_pair locale[] = {
        {PJ_STR("LANG"), PJ_STR("C.UTF-8")},
        {PJ_STR("LC_ALL"), PJ_STR("C.UTF-8")},
    };

    if (policy->env_kind == PJ_ENV_LOCALE)
        return pj_pairv_extend(env, locale, sizeof locale / sizeof locale[0]);
    if (policy->env_kind != PJ_ENV_FIXED)
        return 0;
    for (size_t i = 0; i < policy->env_pair_count; i++)
        if (offer(&policy->env_pairs[i], 1, env, stripped) < 0)
            return -1;
    return 0;
}

int
pj_env_build(const pj_policy_options *policy, const pj_request *request,
             pj_pairv *env, pj_strv *stripped, pj_error *err)
{
    for (size_t i = 0; i < request->env_count; i++)
        if (pj_variable_check_pair(request->env[i].name, request->env[i].value,
                              err) < 0)
            return -1;
    if (add_policy_pairs(policy, env, stripped) < 0)
        return pj_error_memory(err);
    for (size_t i = 0; i < request->env_count; i++)
        if (offer(&request->env[i],
                  is_wanted(policy, request->env[i].name), env,
                  stripped) < 0)
            return pj_error_memory(err);
    return 0;
}
