/* pattern.h: POSIX extended regular expressions that match a whole text. */
#ifndef PJ_PATTERN_H
#define PJ_PATTERN_H

#include "base/strings.h"

typedef struct pj_pattern pj_pattern;

/* Compiles an expression.  Fails with ValueTypeInvalid for one that is
   none, that has back-references, or whose repeats make it too large; or
   with OutOfMemory.  */
int pj_pattern_new(pj_str expression, pj_pattern **out, pj_error *err);
void pj_pattern_free(pj_pattern *pattern);

/* Whether the expression matches all of a text of at most PJ_PATTERN_MAX
   bytes: 1 or 0, or -1 without memory.  For any thread.  */
int pj_pattern_matches(pj_pattern *pattern, pj_str text);

#endif
