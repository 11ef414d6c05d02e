/*
 * fuzz_args.c: argv against rules.  fuzz.h tells how to run it.
 *
 * Input: four bytes (program, modes, max_flags, max_positionals), then
 * lines.  The first holds the allowed flags, separated by blanks; each
 * other one is a token of argv, NUL bytes and all.
 *
 * For a program that no table knows, a second reading of the rules, written
 * from their documentation, must come to the same verdict.
 */
#include "argv/args.h"
#include "fuzz.h"
#include "argv/rules.h"

enum { MOST_FLAGS = 16, MOST_TOKENS = 48 };

struct input {
    const pj_program *program;
    pj_str subcommand;
    pj_double_dash mode;
    size_t max_flags, max_positionals;
    pj_str flags[MOST_FLAGS];
    size_t flag_count;
    pj_str argv[MOST_TOKENS];
    size_t argc;
};

static const char *const program_names[] = {
    NULL, NULL, "grep", "git", "find", "sort", "head", "jq", "tar", "curl",
    "dd", "sed", "tr", "wc", "ls", "diff",
};

static const char *const subcommands[] = {NULL, "log", "grep", "x"};

static int
parse(pj_str text, struct input *in)
{
    const unsigned char *head = (const unsigned char *)text.ptr;
    pj_str list;

    if (text.len < 4)
        return -1;
    memset(in, 0, sizeof *in);
    if (program_names[head[0] & 15] != NULL)
        in->program = pj_program_find(pj_str_of(program_names[head[0] & 15]));
    in->mode = head[1] & 1 ? PJ_DOUBLE_DASH_AFTER_FLAGS
                           : PJ_DOUBLE_DASH_NEVER;
    in->subcommand = pj_str_of(subcommands[head[1] >> 1 & 3]);
    in->max_flags = head[2] & 15;
    in->max_positionals = head[3] & 15;
    text = (pj_str){text.ptr + 4, text.len - 4};
    list = take_piece(&text, '\n');
    while (list.len > 0 && in->flag_count < MOST_FLAGS)
        in->flags[in->flag_count++] = take_piece(&list, ' ');
    while (text.len > 0 && in->argc < MOST_TOKENS)
        in->argv[in->argc++] = take_piece(&text, '\n');
    return 0;
}

static int
is_flag(pj_str token)
{
    return token.len >= 2 && token.ptr[0] == '-';
}

static int
is_dashes(pj_str token)
{
    return token.len == 2 && memcmp(token.ptr, "--", 2) == 0;
}

static int
has_nul(const pj_str *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].len > 0 && memchr(items[i].ptr, 0, items[i].len))
            return 1;
    return 0;
}

static int
is_listed(const struct input *in, pj_str token)
{
    for (size_t i = 0; i < in->flag_count; i++)
        if (in->flags[i].len == token.len
            && memcmp(in->flags[i].ptr, token.ptr, token.len) == 0)
            return 1;
    return 0;
}

/* The second reading, for programs that are not known.  -1: refused; else
   the place of the `--` to put in, or argc for none.  */
static long
model(const struct input *in)
{
    size_t flags = 0, positionals = 0, operand = in->argc;
    size_t pinned = in->subcommand.ptr != NULL;
    int dashes = 0, late = 0;

    for (size_t i = 0; i < in->argc; i++) {
        if (!dashes && is_dashes(in->argv[i])) {
            dashes = 1;
        } else if (!dashes && is_flag(in->argv[i])) {
            flags++;
            late |= operand < in->argc;
            if (!is_listed(in, in->argv[i]))
                return -1;
        } else {
            if (pinned && positionals == 0
                && (dashes || !pj_str_equal(in->argv[i], in->subcommand)))
                return -1;
            if (positionals++ == pinned)
                operand = i;
        }
    }
    if (has_nul(in->argv, in->argc) || positionals < pinned
        || flags > in->max_flags
        || positionals - pinned > in->max_positionals)
        return -1;
    if (in->mode == PJ_DOUBLE_DASH_NEVER || dashes || operand == in->argc)
        return (long)in->argc;
    return late ? -1 : (long)operand;
}

/* The output is the input, but for one `--` at most.  */
static void
check_output(const struct input *in, const pj_strv *out)
{
    size_t at = 0;

    HOLDS(out->count == in->argc || out->count == in->argc + 1);
    while (at < in->argc && pj_str_equal(out->items[at], in->argv[at]))
        at++;
    if (out->count == in->argc) {
        HOLDS(at == in->argc);
        return;
    }
    HOLDS(in->mode == PJ_DOUBLE_DASH_AFTER_FLAGS);
    HOLDS(is_dashes(out->items[at]));
    for (; at < in->argc; at++)
        HOLDS(pj_str_equal(out->items[at + 1], in->argv[at]));
}

/* What holds whatever table was used: no flag that is not listed before
   the first `--`, no more of them than max_flags, and no more words behind
   the `--` than may be positionals.  find's -exec takes words that are no
   flags of find, so nothing is said of it here.  */
static void
check_bounds(const struct input *in, const pj_strv *out)
{
    size_t flags = 0, behind = 0, at = 0;

    if (in->program != NULL && in->program->dashdash == PJ_DASHDASH_IGNORED)
        return;
    for (; at < out->count && !is_dashes(out->items[at]); at++) {
        if (!is_flag(out->items[at]))
            continue;
        flags++;
        HOLDS(is_listed(in, out->items[at]));
    }
    for (at++; at < out->count; at++)
        behind++;
    HOLDS(flags <= in->max_flags);
    HOLDS(behind <= in->max_positionals);
}

static void
check_failure(const struct input *in, const pj_strv *out,
              const pj_error *err)
{
    check_error(err);
    HOLDS(pj_code_class(err->code) == PJ_CLASS_VIOLATION);
    HOLDS(err->index >= -1 && err->index < (long)in->argc);
    HOLDS(out->count == 0);
}

static void
check_apply(const struct input *in, const pj_rules_options *rules)
{
    pj_strv out = {NULL, 0, 0}, again = {NULL, 0, 0};
    pj_error err;
    int result = pj_args_apply(rules, in->program, in->argv, in->argc, &out,
                               &err);

    if (in->program == NULL) {
        long place = model(in);

        HOLDS((place < 0) == (result < 0));
        HOLDS(place < 0 || place == (long)in->argc
              || is_dashes(out.items[place]));
    }
    if (result < 0) {
        check_failure(in, &out, &err);
    } else {
        HOLDS(!has_nul(in->argv, in->argc));
        check_output(in, &out);
        check_bounds(in, &out);
        HOLDS(pj_args_apply(rules, in->program, out.items, out.count,
                            &again, &err) == 0);
        HOLDS(again.count == out.count);
        for (size_t i = 0; i < out.count; i++)
            HOLDS(pj_str_equal(out.items[i], again.items[i]));
    }
    pj_strv_clear(&out);
    pj_strv_clear(&again);
}

/* The list is taken exactly when all of it are flags.  NULL when not.  */
static pj_rules *
make_rules(const struct input *in)
{
    const pj_rules_options options = {
        .subcommand = in->subcommand, .flags = in->flags,
        .flag_count = in->flag_count, .max_flags = in->max_flags,
        .max_positionals = in->max_positionals, .double_dash = in->mode,
    };
    int fit = !has_nul(in->flags, in->flag_count);
    pj_rules *rules = NULL;
    pj_error err;

    for (size_t i = 0; i < in->flag_count; i++)
        fit &= is_flag(in->flags[i]) && !is_dashes(in->flags[i]);
    HOLDS((pj_rules_new(&options, &rules, &err) == 0) == fit);
    HOLDS((rules != NULL) == fit);
    if (!fit)
        check_error(&err);
    return rules;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in;
    pj_rules *rules;
    pj_error err;

    if (parse((pj_str){(const char *)data, size}, &in) < 0)
        return 0;
    rules = make_rules(&in);
    if (rules == NULL)
        return 0;
    if (pj_args_check_rules(pj_rules_get(rules), in.program, &err) == 0)
        check_apply(&in, pj_rules_get(rules));
    else
        check_error(&err);
    pj_rules_unref(rules);
    return 0;
}
