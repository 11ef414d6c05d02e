/* value.h: the types of values, seen from inside.  */
#ifndef PJ_VALUE_H
#define PJ_VALUE_H

#include <stdatomic.h>

#include "argv/pattern.h"
#include "base/strings.h"

struct pj_value {
    atomic_size_t refs;
    pj_value_options is; /* owned */
    pj_pattern *pattern; /* compiled, or NULL */
};

/* Whether a text is of the type, as far as the text alone tells: what a
   path leads to is for pj_path_claims_check.  1 or 0, or -1 without
   memory.  */
int pj_value_accepts(const pj_value *value, pj_str text);

/* What a text has to be, in words that are safe to show.  `out` has
   PJ_VALUE_SIZE bytes.  */
void pj_value_wanted(const pj_value *value, char *out);

/* Labels of letters, digits and inner hyphens, joined by dots.  */
int pj_is_host_name(pj_str text);

int pj_value_is_path(const pj_value *value);

#endif
