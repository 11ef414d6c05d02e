/* value.h: internals of the value types.  */
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

/* Whether a string is of the type, judging by the string alone: where a path
   leads is left to pj_path_claims_check.  1 or 0, or -1 if out of memory.  */
int pj_value_accepts(const pj_value *value, pj_str text);

/* A description of what is accepted, safe to display.  `out` has
   PJ_VALUE_SIZE bytes.  */
void pj_value_wanted(const pj_value *value, char *out);

/* Labels of letters, digits and inner hyphens, joined by dots.  */
int pj_is_host_name(pj_str text);

int pj_value_is_path(const pj_value *value);

#endif
