/* reading.h: argv as a program reads it.  */
#ifndef PJ_READING_H
#define PJ_READING_H

#include "argv/programs.h"

/* One thing that was read.  */
typedef struct pj_arg {
    pj_item_kind kind;
    size_t index;          /* of its token */
    const pj_option *row;  /* of an option */
    pj_str value;          /* of an option, or the operand; may be absent */
    size_t value_index;    /* of the token that contains it */
    pj_str text;           /* the other word of an option that takes two */
    int cut;               /* its long name was abbreviated */
} pj_arg;

typedef struct pj_reading {
    const pj_str *argv;
    size_t argc;
    size_t at; /* the next token to read */
    pj_arg *args;
    size_t count, room;
    pj_arg inside[32]; /* enough for most argv */
} pj_reading;

/* How one level of argv is read: by the rules of the program, or of its
   subcommand.  */
typedef struct pj_grammar {
    const pj_program *program;
    unsigned traits;
    int posix;  /* options end at the first operand */
    int nested; /* the first operand is a subcommand: stop before it */
    int whole;  /* for plain rules, see pj_reading_tokens */
} pj_grammar;

void pj_grammar_of(const pj_program *program, pj_grammar *out);

void pj_reading_init(pj_reading *r, const pj_str *argv, size_t argc);
void pj_reading_clear(pj_reading *r);

/* level.c: reads one level from r->at, to the end or to a subcommand.
   Fails with ArgFlagNotAllowed for an option that the program does not have,
   with ArgValueInvalid, with ArgFlagAfterPositional if a program without
   a table could read it either way, or with OutOfMemory.  */
int pj_reading_level(pj_reading *r, const pj_grammar *grammar,
                     pj_error *err);

/* tokens.c: reads all of argv for plain rules.  Each token that looks like an
   option is one, whether the program (NULL: any) has it or not, including
   bundles; the table determines which words belong to one.  Fails with
   ArgValueInvalid if such a word is missing, or looks like an option.  */
int pj_reading_tokens(pj_reading *r, const pj_program *program,
                      pj_error *err);

/* Adds an item for the token at `index`.  NULL if out of memory.  */
pj_arg *pj_reading_add(pj_reading *r, pj_item_kind kind, size_t index,
                       pj_error *err);

/* Reads the next token as an operand.  */
int pj_reading_operand(pj_reading *r, pj_error *err);

/* Refuses the token at `at`; `option` is how the program reads it.  */
int pj_reading_refuse(const pj_reading *r, size_t at, pj_str option,
                      const char *why, pj_error *err);

#endif
