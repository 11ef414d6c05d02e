/* args.h: checking argv against the rules.  */
#ifndef PJ_ARGS_H
#define PJ_ARGS_H

#include "argv/programs.h"
#include "argv/rules.h"

/* Whether the rules make sense for the program (NULL: unknown).  Fails with
   ArgRulesInvalid if `--` would not have the requested effect.  */
int pj_args_check_rules(const pj_rules_options *rules,
                        const pj_program *program, pj_error *err);

/* Checks a request's argv and appends what will be executed, with `--` in
   place, to `out`.  Fails with NulByte and the Arg codes.  */
int pj_args_apply(const pj_rules_options *rules, const pj_program *program,
                  const pj_str *argv, size_t argc, pj_strv *out,
                  pj_error *err);

#endif
