/* builder.h: a policy in the making, seen from inside.  */
#ifndef PJ_BUILDER_H
#define PJ_BUILDER_H

#include "base/strings.h"

struct pj_builder {
    pj_strv bins;
    pj_strv rule_paths;
    pj_rules **rules; /* one per rule path */
    size_t rules_room;
    pj_risky_policy risky;
    pj_env_kind env_kind;
    pj_pairv env_pairs;
    pj_strv env_names;
    pj_cwd_kind cwd_kind;
    pj_strv cwd_dirs;
    pj_str cwd_fallback;
    int64_t timeout_ns;
    uint64_t max_stdout;
    uint64_t max_stderr;
    uint64_t max_stdin;
    pj_overflow overflow;
    int64_t stop_grace_ns;
    pj_sandbox *sandbox; /* NULL when none was given */
};

#endif
