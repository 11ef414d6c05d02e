/* typed.h: typed rules: compiling them, and checking argv against them.  */
#ifndef PJ_TYPED_H
#define PJ_TYPED_H

#include "argv/paths.h"
#include "argv/reading.h"
#include "argv/rules.h"
#include "base/reach.h"

typedef struct pj_typed pj_typed;

/* Compiles rules for a program (NULL: it has no table).  `rules` must outlive
   the result.  Fails with ArgRulesInvalid if the program has no such option,
   or the arity differs.  */
int pj_typed_compile(const pj_rules_options *rules, const pj_program *program,
                     pj_typed **out, pj_error *err);
void pj_typed_free(pj_typed *typed);

/* Adds the roots of all paths, and what else the kernel has to enforce.  */
int pj_typed_reach(const pj_typed *typed, pj_reach *reach, pj_error *err);

/* Checks a request's argv and appends what will be executed to `out`.
   Paths are kept in `claims` until the working directory is known; they
   borrow from argv and from the rules.  */
int pj_typed_apply(const pj_typed *typed, const pj_str *argv, size_t argc,
                   pj_strv *out, pj_path_claims *claims, pj_error *err);

#endif
