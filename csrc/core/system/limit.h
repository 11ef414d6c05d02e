/* limit.h: the limits that a child sets for itself.  Inline, because a child
   calls nothing that may be bound lazily.  */
#ifndef PJ_LIMIT_H
#define PJ_LIMIT_H

#include "system/plan.h"

static inline rlim_t
pj_limit_less(rlim_t limit, uint64_t size)
{
    return limit == RLIM_INFINITY ? limit
        : limit > size ? (rlim_t)(limit - size) : 0;
}

/* The plan's limit number `i`.  The standard input that the host holds in
   memory for the program counts towards its memory limit.  */
static inline struct rlimit
pj_limit_of(const pj_child_plan *plan, size_t i)
{
    struct rlimit limit = plan->confinement->limits[i].value;

    if (plan->confinement->limits[i].resource == RLIMIT_AS) {
        limit.rlim_cur = pj_limit_less(limit.rlim_cur, plan->input_size);
        limit.rlim_max = pj_limit_less(limit.rlim_max, plan->input_size);
    }
    return limit;
}

#endif
