/* policy.h: internals of the immutable policy.  */
#ifndef PJ_POLICY_H
#define PJ_POLICY_H

#include <stdatomic.h>

#include "argv/programs.h"
#include "argv/typed.h"
#include "base/strings.h"
#include "confine/confine.h"
#include "policy/binary.h"

/* One allowed program, or one allowed name of a multi-call program.  */
typedef struct pj_allowance {
    pj_str canonical;
    pj_strv paths; /* as allowed */
    pj_str name;   /* base name it was allowed by */
    pj_pin *pin;
    pj_maker maker;   /* where it matters */
    int is_multicall; /* it selects its task by its name */
    pj_risk risk;
    pj_rules *rules;           /* owned by the policy's options */
    const pj_program *program; /* NULL if it has no table */
    pj_typed *typed;           /* typed rules, compiled; or NULL */
    pj_confinement *confinement;
    pj_strv roots[3]; /* by pj_access: its own and the sandbox's */
} pj_allowance;

struct pj_policy {
    atomic_size_t refs;
    pj_policy_options *options; /* owned */
    pj_allowance *allowed;
    size_t allowed_count;
    pj_pin *cwd_pin; /* NULL if it did not exist */
    int null_fd;     /* /dev/null, for the child's standard input */
};

/* The allowance that covers a path: by any name that leads to the file, but
   a multi-call file only by the allowed name.  NULL if there is none.  */
pj_allowance *pj_policy_find(const pj_policy *policy, pj_str canonical,
                             pj_str name);

void pj_allowance_get(const pj_allowance *entry, pj_program_view *out);

#endif
