/* cwd.h: the child's working directory, opened before it is entered.  */
#ifndef PJ_CWD_H
#define PJ_CWD_H

#include "policy/binary.h"

/* Absolute and without NUL, as every configured directory must be.  */
int pj_cwd_check(pj_str path, pj_error *err);

/* Chooses, resolves and opens the directory of a request.  `known` is what
   pj_cwd_pin returned when the policy was built, or NULL.  `*shown` is the
   path to report, to be freed with pj_str_clear.  */
int pj_cwd_choose(const pj_policy_options *policy, pj_pin *known,
                  const pj_request *request, pj_pin **out, pj_str *shown,
                  pj_error *err);

/* Opens one directory permanently, for policies that use only that one.
   NULL if it does not exist now: prepare looks again.  */
pj_pin *pj_cwd_pin(pj_str path);

#endif
