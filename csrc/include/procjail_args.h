/*
 * procjail_args.h: the argument language.  Part of procjail.h, which
 * includes it; do not include it by itself.
 *
 * Plain rules (a list of flags) compare tokens.
 * Typed rules declare options and positionals, each with the type of its
 * value, and read argv as the program itself does: separate and attached
 * values, clusters, `=`, abbreviated names, options among the operands.
 * The known programs are in csrc/programs.  For any other program only the
 * declarations are known: each option is a separate word, with its value in
 * the next word or after `=`, all before the first positional.
 *
 * A set of rules is either plain or typed.
 */
#ifndef PROCJAIL_ARGS_H
#define PROCJAIL_ARGS_H

/* -------------------------------------------------------------- values */

/* The type of a value.  Immutable and reference-counted: it may be used in
   any number of rules and by any thread.  */
typedef struct pj_value pj_value;

typedef enum pj_value_type {
    PJ_VALUE_INT,        /* a decimal number between two bounds */
    PJ_VALUE_CHOICE,     /* one of a set of words */
    PJ_VALUE_TEXT,       /* any text up to a length */
    PJ_VALUE_PATTERN,    /* text that a POSIX ERE matches as a whole */
    PJ_VALUE_READ_PATH,  /* an existing file below one of some roots */
    PJ_VALUE_WRITE_PATH, /* an existing or new file below such a root */
    PJ_VALUE_HOST_NAME,  /* a host name or an IPv4 address */
    PJ_VALUE_URL,        /* scheme://host[:port][/path] */
    PJ_VALUE_GIT_REF     /* a branch, tag, commit or range */
} pj_value_type;

/* The longest text of a value, in bytes.  */
#define PJ_TEXT_MAX 131072
/* The longest subject of a pattern, in bytes.  */
#define PJ_PATTERN_MAX 4096

typedef struct pj_value_options {
    pj_value_type type;
    /* INT: inclusive bounds.  */
    int64_t min, max;
    /* TEXT: bytes, at most PJ_TEXT_MAX.  PATTERN: at most PJ_PATTERN_MAX.  */
    size_t max_length;
    /* PATTERN: a POSIX extended regular expression, which must match the
       whole text.  Back-references are refused, since they leave match time
       unbounded; so are repeats that nest more than four deep or come to
       more than 1000 characters.  Characters are those of the locale
       C.UTF-8, whatever the host's locale; on a system without C.UTF-8 an
       expression and what it matches are ASCII.  */
    pj_str expression;
    /* CHOICE: the words; at least one.
       READ_PATH, WRITE_PATH: absolute roots (none: no path is accepted).  The
       path, with every symbolic link resolved, must be at or below one.
       A relative path is resolved in the child's working directory.  The
       kernel lets the child read, or write, only the roots, if it can limit
       that.  A READ_PATH of `-` is standard input, if no file has that name.
       URL: the schemes, in lower case; at least one.  */
    const pj_str *words;
    size_t word_count;
    /* URL: "*." matches every subdomain of a domain; none: every host.  User
       names, passwords and curl's globbing characters are refused.  */
    const pj_str *hosts;
    size_t host_count;
} pj_value_options;

/* Makes a type with one reference.  Fails with ValueTypeInvalid for options
   that make no sense, with NulByte, or with OutOfMemory.  */
int pj_value_new(const pj_value_options *options, pj_value **out,
                 pj_error *err);

pj_value *pj_value_ref(pj_value *value);
void pj_value_unref(pj_value *value);

const pj_value_options *pj_value_get(const pj_value *value);

/* --------------------------------------------------------- typed rules */

/* Rules are immutable and reference-counted, as values are.  */
typedef struct pj_rules pj_rules;

/* Kinds of declarations, in the order in which messages name them.  */
typedef enum pj_declared_kind {
    /* An option without a value, under all of its names ("-n",
       "--line-number").  It may be given any number of times.  For a known
       program one name implies the others, and a name that the program does
       not have makes pj_policy_new fail.  */
    PJ_DECLARED_FLAG,
    /* An option with a value, which may be omitted if `optional`.  At most
       `max` times.  The name "key=" declares an operand KEY=VALUE, as for
       dd.  */
    PJ_DECLARED_OPTION,
    /* The next `min` to `max` positionals (SIZE_MAX: no bound).  The name is
       for messages.  If several lists could take a positional, later ones
       get their minimum first.  If one of the options `unless` is given,
       there is no such positional (grep -e).  */
    PJ_DECLARED_POSITIONAL,
    /* At least one of these options, by any of their names, must be given;
       or at most one may be.  */
    PJ_DECLARED_REQUIRE,
    PJ_DECLARED_EXCLUSIVE,
    /* A subcommand with rules of its own; one of the declared ones must be
       given.  The options of the outer rules come before it.  The inner ones
       cannot force environment, which applies to the whole program.  */
    PJ_DECLARED_SUBCOMMAND
} pj_declared_kind;

typedef struct pj_declared {
    pj_declared_kind kind;
    const pj_str *names; /* exactly one for POSITIONAL, SUBCOMMAND */
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
    /* After a pinned subcommand and its flags, unless the request has its
       own `--`; a flag after a positional is refused because it would become
       one.  For a program whose option table is known, a flag that takes a
       value keeps it before the `--`.  */
    PJ_DOUBLE_DASH_AFTER_FLAGS = 1
} pj_double_dash;

/*
 * What one program's argv may look like.  With all fields zero: no flags, no
 * positionals.
 *
 * How plain rules read argv: up to the first `--`, a token that begins with
 * `-` and has more characters is a flag; everything else is a positional.  A
 * flag is matched whole: `-abc` and `--a=b` are one flag each, and must be
 * listed exactly so.
 */
typedef struct pj_rules_options {
    /* Plain rules.  The first positional must be `subcommand` (absent: any)
       and come before any `--`; it does not count against
       max_positionals.  */
    pj_str subcommand;
    const pj_str *flags;
    size_t flag_count;
    size_t max_flags;
    size_t max_positionals;
    /* Typed rules.  */
    const pj_declared *declared;
    size_t declared_count;
    /* Options that are inserted before the request's arguments (for a
       subcommand: right after it), and are not checked against the rules.
       Anything but a complete option of the program makes pj_policy_new
       fail.  */
    const pj_str *forced;
    size_t forced_count;
    /* Roots that the kernel lets the program read, or write, in addition to
       those of its paths: files it opens by itself.  They allow no values.  */
    const pj_str *roots[2]; /* PJ_ACCESS_READ, PJ_ACCESS_WRITE */
    size_t root_count[2];
    /* Either.  */
    pj_double_dash double_dash;
    /* Environment that the program always gets, regardless of the policy;
       for hardening, such as GIT_CONFIG_NOSYSTEM=1.  Names that make the
       dynamic loader load code are refused.  */
    const pj_pair *forced_env;
    size_t forced_env_count;
    /* The kernel lets the program execute only itself and its loader.  */
    int run_nothing;
} pj_rules_options;

/* Makes rules with one reference.  Fails with ArgRulesInvalid for rules that
   make no sense, with EnvForbidden, NulByte or OutOfMemory.  */
int pj_rules_new(const pj_rules_options *options, pj_rules **out,
                 pj_error *err);
pj_rules *pj_rules_ref(pj_rules *rules);
void pj_rules_unref(pj_rules *rules);
const pj_rules_options *pj_rules_get(const pj_rules *rules);

/* ------------------------------------------------------------ programs */

/* How a program in the tables reads argv, for tools and tests.  */
typedef enum pj_item_kind {
    PJ_ITEM_OPTION,
    PJ_ITEM_OPERAND,
    PJ_ITEM_DASHES /* the `--` that ends the options */
} pj_item_kind;

typedef struct pj_item {
    pj_item_kind kind;
    size_t index;   /* of its token in argv, from 0 */
    const char *name; /* of an option, without dashes, or NULL: */
    char letter;      /* its letter, or 0; a word has only a name */
    int is_word;      /* `name` is used literally (find -name) */
    int is_pair;      /* it is the KEY of an operand KEY=VALUE */
    pj_str value;     /* an option's value, or the operand; may be absent */
    pj_str text;      /* the other word, of an option that takes two */
} pj_item;

/* Reads argv as `program` would, into `*items`, which the caller frees with
   free(); their texts point into argv.  `posix`: as with $POSIXLY_CORRECT.
   Fails with ArgProgramUnknown if there is no table, or with one of the Arg
   codes for what the program would refuse or what is ambiguous.  */
int pj_program_read(pj_str program, const pj_str *argv, size_t argc,
                    int posix, pj_item **items, size_t *count,
                    pj_error *err);

/* The id of table `number`, from 0; NULL past the last.  */
const char *pj_program_name(size_t number);

/* The id of table `number`, from 0, of those for programs with this name;
   NULL past the last.  */
const char *pj_program_table(pj_str name, size_t number);

/* One row of a table, as lower-case words (csrc/programs/programs.def).  */
typedef struct pj_row_info {
    const char *form; /* "option", "word", "operand" */
    char letter;      /* or 0 */
    const char *name; /* or NULL */
    const char *arity, *kind, *effect;
} pj_row_info;

typedef struct pj_program_info {
    const char *name;   /* its id: "grep", "busybox_grep" */
    const char *called; /* what the program is called: "grep" */
    const char *maker;  /* whose it is: "GNU"; NULL if of one only */
    const char *dashdash, *order;
    const char *traits; /* as in its table: "EXACT | NO_BUNDLE" */
    size_t row_count;
} pj_program_info;

/* Finds a table by the program's name or id.  Returns 0, or -1 if there is
   none.  A name that programs of several makers have is that of the best
   known one; the others have ids of their own.  */
int pj_program_get(pj_str name, pj_program_info *out);

/* What is known of the file of a program.  */
typedef struct pj_program_place {
    const char *table; /* the id of its table; NULL if it has none */
    const char *maker; /* whose marks it has: "GNU"; NULL if they are
                          unknown, or not asked about */
} pj_program_place;

/* Which table the program at a path has, by its name and by the bytes of its
   file, which tell GNU's grep from BusyBox's.  A program whose file has the
   marks of no maker that a table is of has no table.  Fails with the Bin
   codes, NulByte or OutOfMemory.  */
int pj_program_at(pj_str path, pj_program_place *out, pj_error *err);

/* Its row `number`, from 0.  Returns 0, or -1 past the last.  */
int pj_program_row(pj_str name, size_t number, pj_row_info *out);

#endif
