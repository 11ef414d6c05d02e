/* sandbox.h: the plan as it was asked for, seen from inside.  */
#ifndef PJ_SANDBOX_H
#define PJ_SANDBOX_H

#include "base/strings.h"

struct pj_sandbox {
    pj_preset preset;
    pj_strv roots[3]; /* by pj_access */
    pj_network network;
    pj_tree tree;
    uint32_t limits_set;
    uint64_t limits[PJ_LIMIT_COUNT];
    int umask;
    int has_user;
    uid_t uid;
    gid_t gid;
    uint32_t best_effort;
    uint32_t allow; /* bits 1 << PJ_ALLOW_x */
};

#endif
