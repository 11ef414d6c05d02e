/* rules.h: internals of the argument rules of one program.  */
#ifndef PJ_RULES_H
#define PJ_RULES_H

#include <stdatomic.h>

#include "base/strings.h"

struct pj_rules {
    atomic_size_t refs;
    pj_rules_options is; /* owned */
};

/* Whether these are typed rules.  */
static inline int
pj_rules_are_typed(const pj_rules_options *rules)
{
    return rules->declared_count > 0 || rules->forced_count > 0
        || rules->root_count[PJ_ACCESS_READ] > 0
        || rules->root_count[PJ_ACCESS_WRITE] > 0;
}

/* rules_check.c: the checks of pj_rules_new.  */
int pj_rules_check(const pj_rules_options *options, pj_error *err);

#endif
