/* programs.h: what is known about the command lines of real programs.  The
   data is in csrc/programs; this is how the core looks it up.  */
#ifndef PJ_PROGRAMS_H
#define PJ_PROGRAMS_H

#include "procjail.h"

/* How a program treats `--`.  */
enum pj_dashdash {
    PJ_DASHDASH_ENDS_OPTIONS, /* as getopt does */
    PJ_DASHDASH_IGNORED,      /* options are still read after it */
    PJ_DASHDASH_SUBCOMMAND    /* honoured only after the subcommand */
};

/* Where its options may appear.  */
enum pj_order {
    PJ_ORDER_PERMUTES,  /* among the operands */
    PJ_ORDER_ORDERED,   /* before the first operand */
    PJ_ORDER_EXPRESSION /* its own language (find) */
};

enum pj_arity {
    PJ_ARITY_NO_VALUE,
    PJ_ARITY_REQUIRED,
    PJ_ARITY_OPTIONAL, /* attached, or none */
    PJ_ARITY_NAME_VALUE, /* two words: a name, then the value */
    PJ_ARITY_VALUE_TEXT, /* two words: the value, then a text */
    PJ_ARITY_UNTIL_SEMICOLON
};

enum pj_value_kind {
    PJ_KIND_NO_KIND, PJ_KIND_NUMBER, PJ_KIND_TEXT, PJ_KIND_PATTERN,
    PJ_KIND_READ_PATH, PJ_KIND_WRITE_PATH, PJ_KIND_PROGRAM, PJ_KIND_URL,
    PJ_KIND_CHOICE, PJ_KIND_COUNT, PJ_KIND_WORD,
    PJ_KIND_MODE /* of an option without a value */
};

enum pj_effect {
    PJ_EFFECT_NONE, PJ_EFFECT_EXEC, PJ_EFFECT_WRITE, PJ_EFFECT_READ,
    PJ_EFFECT_NETWORK, PJ_EFFECT_CONFIG, PJ_EFFECT_INPUT, PJ_EFFECT_ENDLESS
};

enum pj_option_form {
    PJ_FORM_OPTION,  /* -x, --long */
    PJ_FORM_WORD,    /* a literal word: -name, ( */
    PJ_FORM_OPERAND, /* name=value */
    PJ_FORM_NONE
};

/* Who made a program: programs of the same name have other options.  For a
   table NONE is whoever; for a file, nobody whose marks are known.  */
typedef enum pj_maker {
    PJ_MAKER_NONE,
#define PJ_MAKER(id, name) PJ_MAKER_##id,
#include "programs/makers.def"
    PJ_MAKER_COUNT,
    PJ_MAKER_ANY = PJ_MAKER_NONE
} pj_maker;

typedef struct pj_option {
    unsigned char form, arity, kind, effect;
    char letter;      /* 0 if there is no short form */
    const char *name; /* without dashes; the word itself for a word */
} pj_option;

/* How a program differs from getopt_long.  */
enum pj_trait {
    PJ_TRAIT_EXACT = 1,        /* long names are never abbreviated */
    PJ_TRAIT_NEXT_WORD = 2,    /* no --name=value */
    PJ_TRAIT_NO_BUNDLE = 4,    /* one letter per token */
    PJ_TRAIT_FIRST_NUMBER = 8, /* -5 as the first token only */
    PJ_TRAIT_OLD_STYLE = 16,   /* a first word of letters without a dash */
    PJ_TRAIT_LATE_DASHES = 32, /* no `--` before the first operand */
    PJ_TRAIT_OPTIONS_FIRST = 64, /* none after an operand */
    PJ_TRAIT_IN_ORDER = 128,   /* $POSIXLY_CORRECT changes nothing */
    PJ_TRAIT_AT_FILES = 256,   /* @FILE is replaced by the words in FILE */
    PJ_TRAIT_PLUS_OPTION = 512, /* +5 is an option before `--` */
    PJ_TRAIT_OFFSET = 1024,    /* a last operand +5, or 5, is a number */
    PJ_TRAIT_TWO_OPERANDS = 2048, /* a third one changes the others */
    PJ_TRAIT_DECLARED = 4096,  /* no table: only declarations are known */
    PJ_TRAIT_SCRIPT = 8192,    /* the first operand can run programs */
    PJ_TRAIT_EQUALS = 16384,   /* -x=5 is -x 5 */
    PJ_TRAIT_BARE_LETTERS = 32768 /* a first word lacks its dash */
};

typedef struct pj_program {
    const char *id; /* grep, busybox_grep; git_log of a subcommand */
    pj_maker maker;
    enum pj_dashdash dashdash;
    enum pj_order order;
    unsigned traits;          /* enum pj_trait */
    const pj_option *options; /* the first row is a placeholder */
    size_t count;
} pj_program;

/* The row of a letter; of a long name (without dashes, abbreviated or not);
   of a literal word or the KEY of an operand.  NULL if there is none, or if
   the name is ambiguous.  */
const pj_option *pj_program_letter(const pj_program *program, char letter);
const pj_option *pj_program_long(const pj_program *program, pj_str name);
const pj_option *pj_program_word(const pj_program *program, pj_str word);
const pj_option *pj_program_operand(const pj_program *program, pj_str key);

/* The program of a base name, or NULL; of several the one that is best known,
   or the one of that maker.  */
const pj_program *pj_program_find(pj_str name);
const pj_program *pj_program_find_made(pj_str name, pj_maker maker);

/* Of all that have a name: the one behind `before` (NULL: the first).  */
const pj_program *pj_program_next(pj_str name, const pj_program *before);

/* Whether who made it decides which table a program of that name has.  */
int pj_program_has_makers(pj_str name);

/* The name of a maker; NULL for none.  */
const char *pj_maker_name(pj_maker maker);

/* What it is called: its id, without whose it is.  */
const char *pj_program_called(const pj_program *program);

/* By id, which may be that of a subcommand (git_log); by number.  */
const pj_program *pj_program_find_id(pj_str id);
const pj_program *pj_program_number(size_t number);

/* The table of a subcommand (git log), or NULL.  */
const pj_program *pj_program_find_sub(const pj_program *program,
                                      pj_str subcommand);

/* Whether a word comes before the starting points, like find's -L.  */
int pj_program_is_leader(const pj_option *word);

/* The full name of an option: "--count", or "-c" if it has no long one; safe
   to display.  `out` has PJ_VALUE_SIZE bytes.  */
void pj_option_name(const pj_option *option, char *out);

#endif
