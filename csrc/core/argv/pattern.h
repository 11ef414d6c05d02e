/* pattern.h: POSIX extended regular expressions, matching whole strings.  */
#ifndef PJ_PATTERN_H
#define PJ_PATTERN_H

#include "base/strings.h"

typedef struct pj_pattern pj_pattern;

/* Compiles an expression.  Fails with ValueTypeInvalid if it is malformed,
   has back-references, or is too large because of its repeats; or with
   OutOfMemory.  */
int pj_pattern_new(pj_str expression, pj_pattern **out, pj_error *err);
void pj_pattern_free(pj_pattern *pattern);

/* Whether the expression matches all of a string of at most PJ_PATTERN_MAX
   bytes: 1 or 0, or -1 if out of memory.  Thread-safe.  */
int pj_pattern_matches(pj_pattern *pattern, pj_str text);

#endif
