/*
 * procjail_args.h: the argument language.  Part of procjail.h, which
 * includes it; do not include it by itself.
 *
 * Plain rules (pj_rules_set_allowed_flags and its kind) compare tokens.
 * Typed rules declare options and positionals, each with the type of its
 * value, and read argv as the program itself does: separate and attached
 * values, clusters, `=`, names cut short, options among the operands.  What
 * is known of real programs is in csrc/programs.  Of another program only
 * what was declared is known: each option stands by itself, its value in
 * the next word or behind `=`, all before the first positional.
 *
 * One set of rules is plain or typed.  A call that would mix them fails
 * with ArgRulesInvalid.
 */
#ifndef PROCJAIL_ARGS_H
#define PROCJAIL_ARGS_H

/* -------------------------------------------------------------- values */

/* The type of a value.  Immutable and reference-counted: it may be used in
   any number of rules and by any thread.  */
typedef struct pj_value pj_value;

typedef enum pj_value_type {
    PJ_VALUE_INT,        /* a decimal number between two bounds */
    PJ_VALUE_CHOICE,     /* one of some words */
    PJ_VALUE_TEXT,       /* any text up to a length */
    PJ_VALUE_PATTERN,    /* text that a POSIX ERE matches as a whole */
    PJ_VALUE_READ_PATH,  /* an existing file below one of some roots */
    PJ_VALUE_WRITE_PATH, /* a file, there or not, below one of some roots */
    PJ_VALUE_HOST_NAME,  /* a host name or an IPv4 address */
    PJ_VALUE_URL,        /* scheme://host[:port][/path] */
    PJ_VALUE_GIT_REF     /* a branch, tag, commit or range of them */
} pj_value_type;

/* The longest text that a value may be given, in bytes.  */
#define PJ_TEXT_MAX 131072
/* The longest subject of a pattern, in bytes.  */
#define PJ_PATTERN_MAX 4096

/* Each makes one type, to be given back with pj_value_unref.  They fail
   with ValueTypeInvalid for arguments that cannot be meant, with NulByte, or
   with OutOfMemory.  */

/* min to max, both included.  */
int pj_value_int(int64_t min, int64_t max, pj_value **out, pj_error *err);

/* One of `words`; at least one.  */
int pj_value_choice(const pj_str *words, size_t count, pj_value **out,
                    pj_error *err);

/* Up to `max` bytes, at most PJ_TEXT_MAX.  */
int pj_value_text(size_t max, pj_value **out, pj_error *err);

/* Up to `max` bytes, at most PJ_PATTERN_MAX, which the POSIX extended
   regular expression matches from end to end.  Back-references are
   refused, with which the time of a match has no bound; so are repeats that
   nest more than four deep or come to more than 1000 characters.  Characters
   are those of the locale C.UTF-8, whatever the locale of the host; on a
   system without it an expression and what it matches are ASCII.  */
int pj_value_pattern(pj_str expression, size_t max, pj_value **out,
                     pj_error *err);

/* A path that leads, through every symbolic link, to something at or below
   one of the roots (absolute; none: no path is accepted).  Relative ones
   are read from the child's working directory.  The roots are what the
   kernel lets the child read, or write, where it can limit that.  A
   READ_PATH of `-` is standard input, where no file has that name.  */
int pj_value_read_path(const pj_str *roots, size_t count, pj_value **out,
                       pj_error *err);
int pj_value_write_path(const pj_str *roots, size_t count, pj_value **out,
                        pj_error *err);

int pj_value_host_name(pj_value **out, pj_error *err);

/* `schemes` in lower case.  `hosts` may begin with "*." for all below a
   domain; none: every host.  User names, passwords and the marks of curl's
   globbing are refused.  */
int pj_value_url(const pj_str *schemes, size_t scheme_count,
                 const pj_str *hosts, size_t host_count, pj_value **out,
                 pj_error *err);

int pj_value_git_ref(pj_value **out, pj_error *err);

pj_value *pj_value_ref(pj_value *value);
void pj_value_unref(pj_value *value);

/* A view of a type, valid as long as the type.  */
typedef struct pj_value_info {
    pj_value_type type;
    int64_t min, max;  /* INT */
    size_t max_length; /* TEXT, PATTERN */
    pj_str expression; /* PATTERN */
    const pj_str *words; /* CHOICE; roots of paths; schemes of URL */
    size_t word_count;
    const pj_str *hosts; /* URL */
    size_t host_count;
} pj_value_info;

void pj_value_get(const pj_value *value, pj_value_info *out);

/* --------------------------------------------------------- typed rules */

/* An option without a value, under all of its names ("-n",
   "--line-number").  It may be given any number of times.  Where the
   program is known one name stands for all, and a name that it does not
   have makes pj_builder_build fail.  */
int pj_rules_add_flag(pj_rules *rules, const pj_str *names, size_t count,
                      pj_error *err);

/* An option with a value; `optional`: that may be left out.  At most
   `repeat` times.  The name "key=" declares an operand KEY=VALUE, as dd
   takes them.  */
int pj_rules_add_option(pj_rules *rules, const pj_str *names, size_t count,
                        pj_value *value, int optional, size_t repeat,
                        pj_error *err);

/* The next `min` to `max` positionals, in the order of the calls (max
   SIZE_MAX: no bound).  `name` is for messages.  Where several lists could
   take a positional, later ones get their least number first.  With one of
   the options `unless` there is no such positional (grep -e).  */
int pj_rules_add_positional(pj_rules *rules, pj_str name, pj_value *value,
                            size_t min, size_t max, const pj_str *unless,
                            size_t unless_count, pj_error *err);

/* Of these options, by any of their names, at least one has to be given;
   or at most one may be.  */
int pj_rules_add_require(pj_rules *rules, const pj_str *names, size_t count,
                         pj_error *err);
int pj_rules_add_exclusive(pj_rules *rules, const pj_str *names,
                           size_t count, pj_error *err);

/* Allows a subcommand with rules of its own, which are copied.  May be
   called for several words; one of them has to be given.  The options of
   `rules` itself stand before it.  They force no environment of their own,
   which is the whole program's.  */
int pj_rules_add_subcommand(pj_rules *rules, pj_str word,
                            const pj_rules *inner, pj_error *err);

/* Options that are put before the arguments of the request (of a
   subcommand: right behind it), and are not checked against the rules.
   Calls add up.  What is no complete option of the program makes
   pj_builder_build fail.  */
int pj_rules_add_forced(pj_rules *rules, const pj_str *argv, size_t count,
                        pj_error *err);

/* Environment that the program always gets, whatever the policy says; for
   hardening, such as GIT_CONFIG_NOSYSTEM=1.  Names that make the dynamic
   loader load code are refused.  */
int pj_rules_set_forced_env(pj_rules *rules, const pj_pair *pairs,
                            size_t count, pj_error *err);

/* The kernel lets the program execute no file but itself and its
   loader.  */
void pj_rules_set_run_nothing(pj_rules *rules);

/* Roots that the kernel lets the program read, or write, besides those of
   its paths: what it opens by itself.  No value is allowed by them.  */
int pj_rules_add_roots(pj_rules *rules, pj_access access,
                       const pj_str *roots, size_t count, pj_error *err);

typedef enum pj_declared_kind {
    PJ_DECLARED_FLAG,
    PJ_DECLARED_OPTION,
    PJ_DECLARED_POSITIONAL,
    PJ_DECLARED_REQUIRE,
    PJ_DECLARED_EXCLUSIVE,
    PJ_DECLARED_SUBCOMMAND
} pj_declared_kind;

/* One declaration, in the order they were made.  */
typedef struct pj_declared {
    pj_declared_kind kind;
    const pj_str *names; /* of a POSITIONAL and a SUBCOMMAND: one */
    size_t name_count;
    pj_value *value;       /* OPTION, POSITIONAL; borrowed */
    int optional;          /* OPTION */
    size_t min, max;       /* POSITIONAL; max is the repeat of an OPTION */
    const pj_str *unless;  /* POSITIONAL */
    size_t unless_count;
    const pj_rules *inner; /* SUBCOMMAND; borrowed */
} pj_declared;

/* ------------------------------------------------------------ programs */

/* How argv is read by a program of the tables, for tools and tests.  */
typedef enum pj_item_kind {
    PJ_ITEM_OPTION,
    PJ_ITEM_OPERAND,
    PJ_ITEM_DASHES /* the `--` that ends the options */
} pj_item_kind;

typedef struct pj_item {
    pj_item_kind kind;
    size_t index;   /* of its token in argv, from 0 */
    const char *name; /* of an option, without dashes, or NULL: */
    char letter;      /* its letter, or 0; a word has a name only */
    int is_word;      /* `name` is written as it is (find -name) */
    int is_pair;      /* it is the KEY of an operand KEY=VALUE */
    pj_str value;     /* an option's value, or the operand; may be absent */
    pj_str text;      /* the other word, of an option that takes two */
} pj_item;

/* Reads argv as `program` would, into `*items`, which the caller frees with
   free(); their texts point into argv.  `posix`: as with $POSIXLY_CORRECT.
   Fails with ArgProgramUnknown when there is no table, or with one of the
   Arg codes for what the program would refuse or what is ambiguous.  */
int pj_program_read(pj_str program, const pj_str *argv, size_t argc,
                    int posix, pj_item **items, size_t *count,
                    pj_error *err);

/* The tables by number, from 0: the id of one, or NULL behind the last.  */
const char *pj_program_name(size_t number);

/* One row of a table, as lower-case words (csrc/programs/programs.def).  */
typedef struct pj_row_info {
    const char *form; /* "option", "word", "operand" */
    char letter;      /* or 0 */
    const char *name; /* or NULL */
    const char *arity, *kind, *effect;
} pj_row_info;

typedef struct pj_program_info {
    const char *name;
    const char *dashdash, *order;
    const char *traits; /* as its table has them: "EXACT | NO_BUNDLE" */
    size_t row_count;
} pj_program_info;

/* The table of a program's name or id.  0, or -1 when there is none.  */
int pj_program_get(pj_str name, pj_program_info *out);

/* Row `number` of it, from 0.  0, or -1 behind the last.  */
int pj_program_row(pj_str name, size_t number, pj_row_info *out);

#endif
