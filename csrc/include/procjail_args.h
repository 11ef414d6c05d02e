/*
 * procjail_args.h: the argument language.  Part of procjail.h, which
 * includes it; do not include it by itself.
 *
 * Plain rules (a list of flags) compare tokens.
 * Typed rules declare options and positionals, each with the type of its
 * value, and read argv as the program itself does: separate and attached
 * values, clusters, `=`, names cut short, options among the operands.  What
 * is known of real programs is in csrc/programs.  Of another program only
 * what was declared is known: each option stands by itself, its value in
 * the next word or behind `=`, all before the first positional.
 *
 * One set of rules is plain or typed.
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

typedef struct pj_value_options {
    pj_value_type type;
    /* INT: both included.  */
    int64_t min, max;
    /* TEXT: bytes, at most PJ_TEXT_MAX.  PATTERN: at most PJ_PATTERN_MAX.  */
    size_t max_length;
    /* PATTERN: a POSIX extended regular expression, which matches from end to
       end.  Back-references are refused, with which the time of a match has
       no bound; so are repeats that nest more than four deep or come to more
       than 1000 characters.  Characters are those of the locale C.UTF-8,
       whatever the locale of the host; on a system without it an expression
       and what it matches are ASCII.  */
    pj_str expression;
    /* CHOICE: the words; at least one.
       READ_PATH, WRITE_PATH: absolute roots (none: no path is accepted).  The
       path leads, through every symbolic link, to something at or below one.
       Relative ones are read from the child's working directory.  The roots
       are what the kernel lets the child read, or write, where it can limit
       that.  A READ_PATH of `-` is standard input, where no file has that
       name.
       URL: the schemes, in lower case; at least one.  */
    const pj_str *words;
    size_t word_count;
    /* URL: "*." begins all below a domain; none: every host.  User names,
       passwords and the marks of curl's globbing are refused.  */
    const pj_str *hosts;
    size_t host_count;
} pj_value_options;

/* Makes a type with one reference.  Fails with ValueTypeInvalid for options
   that cannot be meant, with NulByte, or with OutOfMemory.  */
int pj_value_new(const pj_value_options *options, pj_value **out,
                 pj_error *err);

pj_value *pj_value_ref(pj_value *value);
void pj_value_unref(pj_value *value);

const pj_value_options *pj_value_get(const pj_value *value);

/* --------------------------------------------------------- typed rules */

/* Rules are immutable and reference-counted, as values are.  */
typedef struct pj_rules pj_rules;

/* What is declared, in the order in which messages name it.  */
typedef enum pj_declared_kind {
    /* An option without a value, under all of its names ("-n",
       "--line-number").  It may be given any number of times.  Where the
       program is known one name stands for all, and a name that it does not
       have makes pj_policy_new fail.  */
    PJ_DECLARED_FLAG,
    /* An option with a value; `optional`: that may be left out.  At most
       `max` times.  The name "key=" declares an operand KEY=VALUE, as dd
       takes them.  */
    PJ_DECLARED_OPTION,
    /* The next `min` to `max` positionals (SIZE_MAX: no bound).  The name is
       for messages.  Where several lists could take a positional, later ones
       get their least number first.  With one of the options `unless` there
       is no such positional (grep -e).  */
    PJ_DECLARED_POSITIONAL,
    /* Of these options, by any of their names, at least one has to be given;
       or at most one may be.  */
    PJ_DECLARED_REQUIRE,
    PJ_DECLARED_EXCLUSIVE,
    /* A subcommand with rules of its own; one of several has to be given.  The
       options of the outer rules stand before it.  The inner ones force no
       environment, which is the whole program's.  */
    PJ_DECLARED_SUBCOMMAND
} pj_declared_kind;

typedef struct pj_declared {
    pj_declared_kind kind;
    const pj_str *names; /* of a POSITIONAL and a SUBCOMMAND: one */
    size_t name_count;
    pj_value *value;      /* OPTION, POSITIONAL */
    int optional;         /* OPTION */
    size_t min, max;      /* POSITIONAL, OPTION */
    const pj_str *unless; /* POSITIONAL */
    size_t unless_count;
    pj_rules *inner;      /* SUBCOMMAND */
} pj_declared;

/* --------------------------------------------------------------- rules */

/* Whether prepare puts a `--` before the first positional.  */
typedef enum pj_double_dash {
    PJ_DOUBLE_DASH_NEVER = 0,
    /* After a pinned subcommand and its flags, unless the request brought its
       own; a flag after a positional is refused because it would become one.
       For a program whose option table is known, a flag that takes a value
       keeps it before the `--`.  */
    PJ_DOUBLE_DASH_AFTER_FLAGS = 1
} pj_double_dash;

/*
 * What one program's argv may look like.  With all fields zero: no flags, no
 * positionals.
 *
 * How plain rules read argv: a token that begins with `-` and is longer than
 * that is a flag, until the first `--`; everything else is a positional.  A
 * flag is matched whole: `-abc` and `--a=b` are one flag each, and must stand
 * in the list as they are.
 */
typedef struct pj_rules_options {
    /* Plain rules.  The first positional must be `subcommand` (absent: any),
       and stand before any `--`; it does not count against
       max_positionals.  */
    pj_str subcommand;
    const pj_str *flags;
    size_t flag_count;
    size_t max_flags;
    size_t max_positionals;
    /* Typed rules.  */
    const pj_declared *declared;
    size_t declared_count;
    /* Options that are put before the arguments of the request (of a
       subcommand: right behind it), and are not checked against the rules.
       What is no complete option of the program makes pj_policy_new fail.  */
    const pj_str *forced;
    size_t forced_count;
    /* Roots that the kernel lets the program read, or write, besides those of
       its paths: what it opens by itself.  No value is allowed by them.  */
    const pj_str *roots[2]; /* PJ_ACCESS_READ, PJ_ACCESS_WRITE */
    size_t root_count[2];
    /* Either.  */
    pj_double_dash double_dash;
    /* Environment that the program always gets, whatever the policy says; for
       hardening, such as GIT_CONFIG_NOSYSTEM=1.  Names that make the dynamic
       loader load code are refused.  */
    const pj_pair *forced_env;
    size_t forced_env_count;
    /* The kernel lets the program execute no file but itself and its
       loader.  */
    int run_nothing;
} pj_rules_options;

/* Makes rules with one reference.  Fails with ArgRulesInvalid for what cannot
   be meant, with EnvForbidden, NulByte or OutOfMemory.  */
int pj_rules_new(const pj_rules_options *options, pj_rules **out,
                 pj_error *err);
pj_rules *pj_rules_ref(pj_rules *rules);
void pj_rules_unref(pj_rules *rules);
const pj_rules_options *pj_rules_get(const pj_rules *rules);

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
