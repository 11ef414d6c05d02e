/* rules.h: one program's argument rules, seen from inside.  */
#ifndef PJ_RULES_H
#define PJ_RULES_H

#include "strings.h"

struct pj_rules {
    pj_str subcommand; /* absent when none is pinned */
    pj_strv flags;
    size_t max_flags;
    size_t max_positionals;
    pj_double_dash double_dash;
};

#endif
