/* args.c: the argv grammar: classify, match against the rules, place
   `--`.  */
#include "argv/args.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum kind {
    FLAG,
    VALUE, /* belongs to the flag before it */
    DASHES,
    POSITIONAL
};

/* What one pass over argv finds.  Indices are -1 for "none".  */
struct reading {
    const pj_rules *rules;
    const pj_program *program;
    const pj_str *argv;
    size_t argc;
    unsigned char *kinds;
    size_t flags;
    size_t positionals;      /* the subcommand among them */
    long dashes;             /* the first `--` */
    long subcommand;         /* the first positional, where one is pinned */
    long operand;            /* the first positional behind that */
    long flag_after_operand;
};

static int
invalid_rules(const pj_program *program, const char *why, pj_error *err)
{
    pj_error_begin(err, PJ_E_ArgRulesInvalid, pj_str_of(program->name));
    pj_escape(err->reason, pj_str_of(why));
    return pj_error_say(err, "argument rules invalid: %s %s; leave out "
                        "inject_double_dash for it", program->name, why);
}

int
pj_args_check_rules(const pj_rules *rules, const pj_program *program,
                    pj_error *err)
{
    if (program == NULL
        || rules->double_dash != PJ_DOUBLE_DASH_AFTER_FLAGS)
        return 0;
    if (program->dashdash == PJ_DASHDASH_IGNORED)
        return invalid_rules(program, "reads options behind `--` too", err);
    if (program->dashdash == PJ_DASHDASH_SUBCOMMAND
        && rules->subcommand.ptr == NULL)
        return invalid_rules(program, "honours `--` only behind a pinned "
                             "subcommand", err);
    return 0;
}

/* The table that tells how the token at this point is read.  A program that
   takes options before its first operand only hands what follows it to its
   subcommand, if it has those, and else reads no option any more.  */
static const pj_program *
table_now(const struct reading *r)
{
    long first = r->subcommand >= 0 ? r->subcommand : r->operand;

    if (r->program == NULL || r->program->order != PJ_ORDER_ORDERED
        || first < 0)
        return r->program;
    return r->program->dashdash == PJ_DASHDASH_SUBCOMMAND
        ? pj_program_find_sub(r->program, r->argv[first]) : NULL;
}

static int
is_flag_here(const struct reading *r, pj_str token)
{
    if (r->dashes < 0)
        return pj_str_is_flag(token);
    /* find and its kind go on reading their words behind `--`.  */
    return r->program != NULL
        && r->program->dashdash == PJ_DASHDASH_IGNORED
        && (pj_str_is_flag(token) || pj_program_is_word(r->program, token));
}

static void
read_flag(struct reading *r, size_t i)
{
    r->kinds[i] = FLAG;
    r->flags++;
    if (r->operand >= 0 && r->flag_after_operand < 0)
        r->flag_after_operand = (long)i;
}

static void
read_positional(struct reading *r, size_t i)
{
    r->kinds[i] = POSITIONAL;
    r->positionals++;
    if (r->rules->subcommand.ptr != NULL && r->subcommand < 0)
        r->subcommand = (long)i;
    else if (r->operand < 0)
        r->operand = (long)i;
}

static int
bad_value(const struct reading *r, size_t flag, size_t at, const char *why,
          pj_error *err)
{
    pj_error_begin(err, PJ_E_ArgValueInvalid, r->argv[at]);
    err->index = (long)at;
    pj_escape(err->expected, r->argv[flag]);
    pj_escape(err->reason, pj_str_of(why));
    return pj_error_say(err, "value of %s (argv[%zu]) %s: '%s'; attach the "
                        "value, or give another", err->expected, flag, why,
                        err->value);
}

/* How many of the next tokens belong to an option.  */
static int
words_of(enum pj_arity arity)
{
    if (arity == PJ_ARITY_NAME_VALUE || arity == PJ_ARITY_VALUE_TEXT)
        return 2;
    return arity == PJ_ARITY_REQUIRED ? 1 : 0;
}

/* -7, where a number is due that cannot be attached (find -mtime -7).  */
static int
is_signed_number(const pj_program *table, pj_str option, pj_str token)
{
    return token.len > 1 && token.ptr[0] == '-' && token.ptr[1] >= '0'
        && token.ptr[1] <= '9' && pj_program_takes_number(table, option);
}

/* Takes the tokens that belong to the flag at `*i`.  */
static int
read_values(struct reading *r, size_t *i, pj_error *err)
{
    const pj_program *table = table_now(r);
    enum pj_arity arity = table == NULL
        ? PJ_ARITY_NO_VALUE : pj_program_arity(table, r->argv[*i]);
    size_t flag = *i;

    for (int words = words_of(arity); words > 0; words--) {
        if (*i + 1 >= r->argc)
            return bad_value(r, flag, *i, "is missing", err);
        if (pj_str_is_flag(r->argv[*i + 1])
            && !is_signed_number(table, r->argv[flag], r->argv[*i + 1]))
            return bad_value(r, flag, *i + 1, "begins with '-'", err);
        r->kinds[++*i] = VALUE;
    }
    while (arity == PJ_ARITY_UNTIL_SEMICOLON && *i + 1 < r->argc) {
        pj_str token = r->argv[++*i];

        r->kinds[*i] = VALUE;
        if (pj_str_equal(token, PJ_STR(";"))
            || pj_str_equal(token, PJ_STR("+")))
            break;
    }
    return 0;
}

static int
classify(struct reading *r, pj_error *err)
{
    for (size_t i = 0; i < r->argc; i++)
        if (pj_str_has(r->argv[i], '\0'))
            return pj_error_nul(err, "argument", r->argv[i], (long)i);
    for (size_t i = 0; i < r->argc; i++) {
        pj_str token = r->argv[i];

        if (r->dashes < 0 && pj_str_equal(token, PJ_STR("--"))) {
            r->kinds[i] = DASHES;
            r->dashes = (long)i;
        } else if (is_flag_here(r, token)) {
            read_flag(r, i);
            if (read_values(r, &i, err) < 0)
                return -1;
        } else {
            read_positional(r, i);
        }
    }
    return 0;
}

/* The place of the n-th token of a kind, for a report.  */
static long
nth_of(const struct reading *r, enum kind kind, size_t n)
{
    for (size_t i = 0; i < r->argc; i++)
        if (r->kinds[i] == kind && n-- == 0)
            return (long)i;
    return -1;
}

/* The allowed flags as one text, cut where it gets long.  */
static void
list_flags(const pj_rules *rules, char *out)
{
    pj_text text = {.used = 0};

    pj_text_words(&text, rules->flags.items, rules->flags.count);
    pj_escape(out, text.used == 0 ? PJ_STR("none") : pj_text_view(&text));
}

static int
check_flags(const struct reading *r, pj_error *err)
{
    const pj_rules *rules = r->rules;

    if (r->flags > rules->max_flags) {
        long at = nth_of(r, FLAG, rules->max_flags);

        pj_error_begin(err, PJ_E_ArgTooManyFlags, r->argv[at]);
        err->index = at;
        err->max = rules->max_flags;
        err->got = r->flags;
        return pj_error_say(err, "too many flags: max %zu, got %zu; leave "
                            "out '%s' (argv[%ld])", rules->max_flags,
                            r->flags, err->value, at);
    }
    for (size_t i = 0; i < r->argc; i++) {
        if (r->kinds[i] != FLAG
            || pj_strs_find(rules->flags.items, rules->flags.count,
                            r->argv[i]))
            continue;
        pj_error_begin(err, PJ_E_ArgFlagNotAllowed, r->argv[i]);
        err->index = (long)i;
        list_flags(rules, err->expected);
        return pj_error_say(err, "flag not allowed: %s (argv[%zu]); allowed "
                            "are: %s", err->value, i, err->expected);
    }
    return 0;
}

static int
check_subcommand(const struct reading *r, pj_error *err)
{
    pj_str wanted = r->rules->subcommand;
    pj_str got = r->subcommand < 0 ? (pj_str){NULL, 0}
                                   : r->argv[r->subcommand];
    int late = r->dashes >= 0 && r->subcommand > r->dashes;

    if (wanted.ptr == NULL || (pj_str_equal(got, wanted) && !late))
        return 0;
    pj_error_begin(err, PJ_E_ArgSubcommandMismatch, got);
    err->index = r->subcommand;
    pj_escape(err->expected, wanted);
    if (got.ptr == NULL)
        return pj_error_say(err, "subcommand mismatch: expected %s, got "
                            "none; put it first", err->expected);
    if (late)
        return pj_error_say(err, "subcommand mismatch: %s (argv[%ld]) comes "
                            "after `--`; put it first", err->value,
                            r->subcommand);
    return pj_error_say(err, "subcommand mismatch: expected %s, got %s "
                        "(argv[%ld])", err->expected, err->value,
                        r->subcommand);
}

static int
check_positionals(const struct reading *r, pj_error *err)
{
    size_t pinned = r->rules->subcommand.ptr != NULL ? 1 : 0;
    size_t got = r->positionals - pinned, max = r->rules->max_positionals;
    long at;

    if (got <= max)
        return 0;
    at = nth_of(r, POSITIONAL, max + pinned);
    pj_error_begin(err, PJ_E_ArgTooManyPositionals, r->argv[at]);
    err->index = at;
    err->max = max;
    err->got = got;
    return pj_error_say(err, "too many positional arguments: max %zu, got "
                        "%zu; leave out '%s' (argv[%ld])", max, got,
                        err->value, at);
}

/* Whether a `--` has to be put before the first operand.  */
static int
injects(const struct reading *r)
{
    return r->rules->double_dash == PJ_DOUBLE_DASH_AFTER_FLAGS
        && r->dashes < 0 && r->operand >= 0;
}

static int
check_order(const struct reading *r, pj_error *err)
{
    long at = r->flag_after_operand;

    if (!injects(r) || at < 0)
        return 0;
    pj_error_begin(err, PJ_E_ArgFlagAfterPositional, r->argv[at]);
    err->index = at;
    return pj_error_say(err, "flag %s (argv[%ld]) comes after a positional, "
                        "where the injected `--` would make it one; put "
                        "flags first", err->value, at);
}

static int
write_out(const struct reading *r, pj_strv *out, pj_error *err)
{
    for (size_t i = 0; i < r->argc; i++) {
        if (injects(r) && (long)i == r->operand
            && pj_strv_push(out, PJ_STR("--")) < 0)
            return pj_error_memory(err);
        if (pj_strv_push(out, r->argv[i]) < 0)
            return pj_error_memory(err);
    }
    return 0;
}

int
pj_args_apply(const pj_rules *rules, const pj_program *program,
              const pj_str *argv, size_t argc, pj_strv *out, pj_error *err)
{
    struct reading r = {.rules = rules, .program = program, .argv = argv,
                        .argc = argc, .dashes = -1, .subcommand = -1,
                        .operand = -1, .flag_after_operand = -1};
    int result = -1;

    r.kinds = calloc(argc + 1, 1);
    if (r.kinds == NULL)
        return pj_error_memory(err);
    if (classify(&r, err) == 0 && check_flags(&r, err) == 0
        && check_subcommand(&r, err) == 0
        && check_positionals(&r, err) == 0 && check_order(&r, err) == 0)
        result = write_out(&r, out, err);
    free(r.kinds);
    return result;
}
