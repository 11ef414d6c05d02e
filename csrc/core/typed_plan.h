/* typed_plan.h: what typed.c compiles and typed_match.c uses.  */
#ifndef PJ_TYPED_PLAN_H
#define PJ_TYPED_PLAN_H

#include "typed.h"

/* The rules of one level: a program, or a subcommand.  */
struct pj_typed {
    const pj_rules *rules;
    pj_grammar grammar;
    /* Of a program without table: made from what was declared.  */
    pj_program own;
    pj_option *own_rows;
    char *own_names;
    uint16_t *declared_of; /* by row: the declaration's number + 1, or 0 */
    pj_strv *roots;        /* by declaration: canonical roots of a path */
    pj_typed **inner;      /* by declaration: of a subcommand */
};

/* The declaration that covers a row, or NULL.  */
static inline const pj_declared *
pj_typed_find(const pj_typed *typed, const pj_option *row)
{
    uint16_t number
        = typed->declared_of[row - typed->grammar.program->options];

    return number == 0 ? NULL : &typed->rules->declared[number - 1];
}

/* The work on one argv.  */
typedef struct pj_match {
    const pj_typed *typed; /* of the level that is looked at */
    pj_reading reading;
    size_t first, last;    /* what that level read: args[first..last) */
    size_t start;          /* its first token */
    pj_strv *out;
    pj_path_claims *claims;
} pj_match;

/* Appends what will be executed for the level that was read, up to the
   token `end`: what is forced, `--`, names in full.  */
int pj_match_write(const pj_match *m, size_t end, pj_error *err);

#endif
