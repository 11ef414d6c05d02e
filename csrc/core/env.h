/* env.h: the child's environment, built from nothing.  */
#ifndef PJ_ENV_H
#define PJ_ENV_H

#include "strings.h"

/* Names: not empty, no `=`; neither may hold a NUL.  */
int pj_env_check_name(pj_str name, pj_error *err);
int pj_env_check_pair(pj_str name, pj_str value, pj_error *err);

/* Whether the strip table takes a variable out of every environment.  */
int pj_env_is_stripped(pj_str name, pj_str value);

/* Builds the environment of a request under a policy.  Names that were
   offered but not passed are added to `stripped`.  */
int pj_env_build(const pj_builder_info *policy, const pj_request *request,
                 pj_pairv *env, pj_strv *stripped, pj_error *err);

/* Whether the dynamic loader, or libc, of every program obeys it.  */
int pj_env_loads_code(pj_str name);

#endif
