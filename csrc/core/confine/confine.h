/* confine.h: a sandbox, compiled into what a child applies.  */
#ifndef PJ_CONFINE_H
#define PJ_CONFINE_H

#include "base/reach.h"
#include "system/confinement.h"

/* Compiles the sandbox of a policy for one program, by its canonical
   path (`reach` may be NULL).
   Fails with SandboxUnavailable, SandboxInvalid or OutOfMemory.  */
int pj_confine_compile(const pj_policy_options *policy, pj_str program,
                       const pj_reach *reach, pj_confinement **out,
                       pj_error *err);

/* Whether the compiled plan is the same for every program.  */
int pj_confine_is_general(const pj_policy_options *policy);

pj_confinement *pj_confine_ref(pj_confinement *confinement);
void pj_confine_unref(pj_confinement *confinement);

#endif
