/* env.h: the child's environment, built from scratch.  */
#ifndef PJ_ENV_H
#define PJ_ENV_H

#include "base/strings.h"

/* Builds the environment of a request under a policy.  Names that were
   offered but not passed are added to `stripped`.  */
int pj_env_build(const pj_policy_options *policy, const pj_request *request,
                 pj_pairv *env, pj_strv *stripped, pj_error *err);

#endif
