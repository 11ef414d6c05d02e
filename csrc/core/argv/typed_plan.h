/* typed_plan.h: what typed.c compiles and typed_match.c uses.  */
#ifndef PJ_TYPED_PLAN_H
#define PJ_TYPED_PLAN_H

#include "argv/typed.h"

/* The rules of one level: a program, or a subcommand.  */
struct pj_typed {
    const pj_rules_options *rules;
    pj_grammar grammar;
    /* For a program without a table: made from the declarations.  */
    pj_program own;
    pj_option *own_rows;
    char *own_names;
    uint16_t *declared_of; /* by row: the declaration's number + 1, or 0 */
    /* By declaration: the options named in a group, or in `unless`, as
       their numbers + 1; 0 for one that was already named.  */
    uint16_t **groups;
    pj_strv *roots;        /* by declaration: canonical roots of a path */
    pj_typed **inner;      /* by declaration: of a subcommand */
};

/* The number of the declaration that covers a row, + 1; 0 for none.  */
static inline uint16_t
pj_typed_find(const pj_typed *typed, const pj_option *row)
{
    return typed->declared_of[row - typed->grammar.program->options];
}

/* The state of matching one argv.  */
typedef struct pj_match {
    const pj_typed *typed; /* of the current level */
    pj_reading reading;
    size_t first, last;    /* items of that level: args[first..last) */
    size_t start;          /* its first token */
    pj_strv *out;
    pj_path_claims *claims;
} pj_match;

/* Appends what will be executed for the level that was read, up to the token
   `end`: with forced arguments, `--`, and full names.  */
int pj_match_write(const pj_match *m, size_t end, pj_error *err);

#endif
