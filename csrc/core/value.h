/* value.h: the types of values, seen from inside.  */
#ifndef PJ_VALUE_H
#define PJ_VALUE_H

#include <regex.h>
#include <stdatomic.h>

#include "strings.h"

struct pj_value {
    atomic_size_t refs;
    pj_value_type type;
    int64_t min, max;
    size_t max_length;
    pj_str expression;
    regex_t regex;
    int has_regex;
    pj_strv words;
    pj_strv hosts;
};

/* Whether a text is of the type, as far as the text alone tells: what a
   path leads to is for pj_path_check.  On a refusal `*why` is what the text
   must be, static or in `scratch` (PJ_VALUE_SIZE bytes).  */
int pj_value_accepts(const pj_value *value, pj_str text, char *scratch,
                     const char **why);

int pj_value_is_path(const pj_value *value);

#endif
