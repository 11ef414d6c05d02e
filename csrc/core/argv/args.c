/* args.c: check argv against plain rules, and place `--`.  */
#include "argv/args.h"

#include "argv/reading.h"
#include "base/error.h"

/* Plain rules, and an argv as read.  An index of -1 means "none".  */
struct match {
    const pj_rules_options *rules;
    pj_reading reading;
    size_t flags;
    size_t positionals;      /* including the subcommand */
    long dashes;             /* the first `--` */
    long subcommand;         /* the first positional, if one is pinned */
    long operand;            /* the first positional after that */
    long flag_after_operand;
};

static int
invalid_rules(const pj_program *program, const char *why, pj_error *err)
{
    const char *called = pj_program_called(program);

    pj_error_begin(err, PJ_E_ArgRulesInvalid, pj_str_of(called));
    pj_escape(err->reason, pj_str_of(why));
    return pj_error_say(err, "argument rules invalid: %s %s; leave out "
                        "inject_double_dash for it", called, why);
}

int
pj_args_check_rules(const pj_rules_options *rules, const pj_program *program,
                    pj_error *err)
{
    if (program == NULL
        || rules->double_dash != PJ_DOUBLE_DASH_AFTER_FLAGS)
        return 0;
    if (program->dashdash == PJ_DASHDASH_IGNORED)
        return invalid_rules(program, "reads options after `--` too", err);
    if (program->dashdash == PJ_DASHDASH_SUBCOMMAND
        && rules->subcommand.ptr == NULL)
        return invalid_rules(program, "honours `--` only after a pinned "
                             "subcommand", err);
    return 0;
}

static void
count_flag(struct match *m, long at)
{
    m->flags++;
    if (m->operand >= 0 && m->flag_after_operand < 0)
        m->flag_after_operand = at;
}

static void
count_positional(struct match *m, long at)
{
    m->positionals++;
    if (m->rules->subcommand.ptr != NULL && m->subcommand < 0)
        m->subcommand = at;
    else if (m->operand < 0)
        m->operand = at;
}

static int
read(struct match *m, const pj_program *program, pj_error *err)
{
    const pj_reading *r = &m->reading;

    for (size_t i = 0; i < r->argc; i++)
        if (pj_str_has(r->argv[i], '\0'))
            return pj_error_nul(err, "argument", r->argv[i], (long)i);
    if (pj_reading_tokens(&m->reading, program, err) < 0)
        return -1;
    for (size_t i = 0; i < r->count; i++) {
        long at = (long)r->args[i].index;

        if (r->args[i].kind == PJ_ITEM_OPTION)
            count_flag(m, at);
        else if (r->args[i].kind == PJ_ITEM_OPERAND)
            count_positional(m, at);
        else
            m->dashes = at;
    }
    return 0;
}

/* The index of the n-th item of a kind, for error reports.  */
static size_t
nth_of(const struct match *m, pj_item_kind kind, size_t n)
{
    const pj_arg *arg = m->reading.args;

    while (arg->kind != kind || n-- > 0)
        arg++;
    return arg->index;
}

/* The allowed flags as one string, truncated if too long.  */
static void
list_flags(const pj_rules_options *rules, char *out)
{
    pj_text text = {.used = 0};

    pj_text_words(&text, rules->flags, rules->flag_count);
    pj_escape(out, text.used == 0 ? PJ_STR("none") : pj_text_view(&text));
}

static int
check_flags(const struct match *m, pj_error *err)
{
    const pj_rules_options *rules = m->rules;

    if (m->flags > rules->max_flags) {
        size_t at = nth_of(m, PJ_ITEM_OPTION, rules->max_flags);

        pj_error_begin(err, PJ_E_ArgTooManyFlags, m->reading.argv[at]);
        err->index = (long)at;
        err->max = rules->max_flags;
        err->got = m->flags;
        return pj_error_say(err, "too many flags: max %zu, got %zu; leave "
                            "out '%s' (argv[%zu])", rules->max_flags,
                            m->flags, err->value, at);
    }
    for (size_t i = 0; i < m->reading.count; i++) {
        size_t at = m->reading.args[i].index;
        pj_str token = m->reading.argv[at];

        if (m->reading.args[i].kind != PJ_ITEM_OPTION
            || pj_strs_find(rules->flags, rules->flag_count, token))
            continue;
        pj_error_begin(err, PJ_E_ArgFlagNotAllowed, token);
        err->index = (long)at;
        list_flags(rules, err->expected);
        return pj_error_say(err, "flag not allowed: %s (argv[%zu]); allowed "
                            "are: %s", err->value, at, err->expected);
    }
    return 0;
}

static int
check_subcommand(const struct match *m, pj_error *err)
{
    pj_str wanted = m->rules->subcommand;
    pj_str got = m->subcommand < 0 ? (pj_str){NULL, 0}
                                   : m->reading.argv[m->subcommand];
    int late = m->dashes >= 0 && m->subcommand > m->dashes;

    if (wanted.ptr == NULL || (pj_str_equal(got, wanted) && !late))
        return 0;
    pj_error_begin(err, PJ_E_ArgSubcommandMismatch, got);
    err->index = m->subcommand;
    pj_escape(err->expected, wanted);
    if (got.ptr == NULL)
        return pj_error_say(err, "subcommand mismatch: expected %s, got "
                            "none; put it first", err->expected);
    if (late)
        return pj_error_say(err, "subcommand mismatch: %s (argv[%ld]) comes "
                            "after `--`; put it first", err->value,
                            m->subcommand);
    return pj_error_say(err, "subcommand mismatch: expected %s, got %s "
                        "(argv[%ld])", err->expected, err->value,
                        m->subcommand);
}

static int
check_positionals(const struct match *m, pj_error *err)
{
    size_t pinned = m->rules->subcommand.ptr != NULL ? 1 : 0;
    size_t got = m->positionals - pinned, max = m->rules->max_positionals;
    size_t at;

    if (got <= max)
        return 0;
    at = nth_of(m, PJ_ITEM_OPERAND, max + pinned);
    pj_error_begin(err, PJ_E_ArgTooManyPositionals, m->reading.argv[at]);
    err->index = (long)at;
    err->max = max;
    err->got = got;
    return pj_error_say(err, "too many positional arguments: max %zu, got "
                        "%zu; leave out '%s' (argv[%zu])", max, got,
                        err->value, at);
}

/* Whether to insert `--` before the first operand.  */
static int
injects(const struct match *m)
{
    return m->rules->double_dash == PJ_DOUBLE_DASH_AFTER_FLAGS
        && m->dashes < 0 && m->operand >= 0;
}

static int
check_order(const struct match *m, pj_error *err)
{
    long at = m->flag_after_operand;

    if (!injects(m) || at < 0)
        return 0;
    pj_error_begin(err, PJ_E_ArgFlagAfterPositional, m->reading.argv[at]);
    err->index = at;
    return pj_error_say(err, "flag %s (argv[%ld]) comes after a positional, "
                        "where the injected `--` would make it one; put "
                        "flags first", err->value, at);
}

static int
write_out(const struct match *m, pj_strv *out, pj_error *err)
{
    for (size_t i = 0; i < m->reading.argc; i++) {
        if (injects(m) && (long)i == m->operand
            && pj_strv_push(out, PJ_STR("--")) < 0)
            return pj_error_memory(err);
        if (pj_strv_push(out, m->reading.argv[i]) < 0)
            return pj_error_memory(err);
    }
    return 0;
}

int
pj_args_apply(const pj_rules_options *rules, const pj_program *program,
              const pj_str *argv, size_t argc, pj_strv *out, pj_error *err)
{
    struct match m = {.rules = rules, .dashes = -1, .subcommand = -1,
                      .operand = -1, .flag_after_operand = -1};
    int result = -1;

    pj_reading_init(&m.reading, argv, argc);
    if (read(&m, program, err) == 0 && check_flags(&m, err) == 0
        && check_subcommand(&m, err) == 0
        && check_positionals(&m, err) == 0 && check_order(&m, err) == 0)
        result = write_out(&m, out, err);
    pj_reading_clear(&m.reading);
    return result;
}
