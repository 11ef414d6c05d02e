/* rules.h: one program's argument rules, seen from inside.  */
#ifndef PJ_RULES_H
#define PJ_RULES_H

#include "base/strings.h"

struct pj_rules {
    pj_double_dash double_dash;
    /* Plain rules.  */
    int is_plain; /* something of these was set */
    pj_str subcommand; /* absent when none is pinned */
    pj_strv flags;
    size_t max_flags;
    size_t max_positionals;
    /* Typed rules.  The arrays of a declaration belong to it.  */
    int is_typed;
    pj_declared *declared;
    size_t declared_count;
    size_t declared_room;
    /* Of either kind.  */
    pj_strv forced;
    pj_pairv forced_env;
    pj_strv roots[2];
    int run_nothing;
};

/* Says that rules are plain, or typed.  Fails with ArgRulesInvalid when
   they are the other.  */
int pj_rules_be_plain(pj_rules *rules, pj_error *err);
int pj_rules_be_typed(pj_rules *rules, pj_error *err);

/* Appends a copy of a declaration.  0, or -1 without memory.  */
int pj_rules_append(pj_rules *rules, const pj_declared *from);

/* ArgRulesInvalid, and -1.  An absent `value` is left out.  */
int pj_rules_invalid(pj_str value, const char *what, const char *remedy,
                     pj_error *err);

#endif
