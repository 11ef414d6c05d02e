/*
 * fuzz_typed.c: argv against typed rules, and texts against patterns.
 * fuzz.h tells how to run it.
 *
 * Input: two bytes (program, modes), then lines.  The first declares, in
 * words separated by blanks:
 *
 *     -n,--line-number    a flag         -m# a number  -e* any text
 *     --color?  a text that may be left out            -p% the pattern
 *     =*  a positional of the same types; =*+ any number of them
 *     !-s  forced          &-n,-m  one is required     |-n,-m  exclusive
 *     >log  what follows is of this subcommand
 *
 * The second is an expression; each other one is a token of argv.
 *
 * What is accepted is read again as it will be executed: its operands are
 * the request's, and its options those of the request and what is forced.
 */
#include <regex.h>

#include "fuzz.h"
#include "base/locales.h"
#include "argv/typed_plan.h"

enum { MOST_TOKENS = 40, MOST_WORDS = 24, MOST_NAMES = 4, SUBJECT = 200 };

static const char *const program_names[] = {
    NULL, NULL, "grep", "git", "find", "sort", "head", "jq", "tar", "curl",
    "dd", "sed", "ps", "unzip", "ls", "diff",
};

struct input {
    const pj_program *program;
    int posix, injects;
    pj_str words[MOST_WORDS];
    size_t word_count;
    pj_str expression;
    pj_str argv[MOST_TOKENS];
    size_t argc;
    pj_value *number, *text, *pattern; /* the last one may be NULL */
};

static int
parse(pj_str text, struct input *in)
{
    const unsigned char *head = (const unsigned char *)text.ptr;
    pj_str list;

    if (text.len < 2)
        return -1;
    memset(in, 0, sizeof *in);
    if (program_names[head[0] & 15] != NULL)
        in->program = pj_program_find(pj_str_of(program_names[head[0] & 15]));
    in->posix = head[1] & 1;
    in->injects = head[1] >> 1 & 1;
    text = (pj_str){text.ptr + 2, text.len - 2};
    list = take_piece(&text, '\n');
    while (list.len > 0 && in->word_count < MOST_WORDS)
        in->words[in->word_count++] = take_piece(&list, ' ');
    in->expression = take_piece(&text, '\n');
    while (text.len > 0 && in->argc < MOST_TOKENS)
        in->argv[in->argc++] = take_piece(&text, '\n');
    return 0;
}

/* -------------------------------------------------------- the patterns */

/* libc's own verdict: the leftmost match, of those the longest.  */
static int
matches_whole(const regex_t *regex, pj_str text)
{
    char subject[SUBJECT + 1];
    regmatch_t match;

    memcpy(subject, text.ptr, text.len);
    subject[text.len] = '\0';
    return regexec(regex, subject, 1, &match, 0) == 0 && match.rm_so == 0
        && (size_t)match.rm_eo == text.len;
}

/* In the locale of patterns, which the library enters by itself.  */
static void
check_pattern(const struct input *in)
{
    locale_t own = pj_locale_utf8(), before = (locale_t)0;
    char expression[1025];
    regex_t regex;

    if (own != (locale_t)0)
        before = uselocale(own);
    HOLDS(in->expression.len < sizeof expression);
    memcpy(expression, in->expression.ptr, in->expression.len);
    expression[in->expression.len] = '\0';
    HOLDS(regcomp(&regex, expression, REG_EXTENDED) == 0);
    for (size_t i = 0; i < in->argc; i++)
        if (in->argv[i].len <= SUBJECT && !pj_str_has(in->argv[i], '\0'))
            HOLDS(pj_value_accepts(in->pattern, in->argv[i])
                  == matches_whole(&regex, in->argv[i]));
    regfree(&regex);
    if (own != (locale_t)0) {
        uselocale(before);
        freelocale(own);
    }
}

static void
make_values(struct input *in)
{
    const pj_value_options number = {PJ_VALUE_INT, .min = 1, .max = 999};
    const pj_value_options text = {PJ_VALUE_TEXT, .max_length = 64};
    pj_value_options pattern = {PJ_VALUE_PATTERN, .max_length = 100,
                                .expression = in->expression};
    pj_error err;
    char wanted[PJ_VALUE_SIZE];

    HOLDS(pj_value_new(&number, &in->number, NULL) == 0);
    HOLDS(pj_value_new(&text, &in->text, NULL) == 0);
    if (pj_value_new(&pattern, &in->pattern, &err) < 0) {
        check_error(&err);
        in->pattern = NULL;
        return;
    }
    pj_value_wanted(in->pattern, wanted);
    HOLDS(strlen(wanted) < sizeof wanted);
    pj_value_unref(in->pattern);
    pattern.max_length = PJ_PATTERN_MAX;
    HOLDS(pj_value_new(&pattern, &in->pattern, NULL) == 0);
    check_pattern(in);
}

static void
clear_values(struct input *in)
{
    pj_value_unref(in->number);
    pj_value_unref(in->text);
    pj_value_unref(in->pattern);
}

/* ----------------------------------------------------------- the rules */

static size_t
take_names(pj_str list, pj_str *names)
{
    size_t count = 0;

    while (list.len > 0 && count < MOST_NAMES)
        names[count++] = take_piece(&list, ',');
    return count;
}

/* The type that a mark stands for; NULL for none.  */
static pj_value *
type_of(const struct input *in, char mark)
{
    return mark == '#' ? in->number
        : mark == '*' || mark == '?' ? in->text
        : mark == '%' && in->pattern != NULL ? in->pattern : NULL;
}

/* Options of one level, with what they point to.  */
struct level {
    pj_str names[MOST_WORDS * MOST_NAMES];
    size_t name_count;
    pj_declared declared[MOST_WORDS];
    pj_str forced[MOST_WORDS];
    pj_rules_options options;
};

static pj_declared *
add(struct level *l, pj_declared_kind kind, pj_str names)
{
    pj_declared *one = &l->declared[l->options.declared_count++];

    *one = (pj_declared){.kind = kind, .names = &l->names[l->name_count]};
    one->name_count = take_names(names, &l->names[l->name_count]);
    l->name_count += one->name_count;
    return one;
}

static void
add_positional(const struct input *in, struct level *l, pj_str word)
{
    int many = word.len > 1 && word.ptr[word.len - 1] == '+';
    pj_value *value = word.len == 0 ? NULL : type_of(in, word.ptr[0]);
    pj_declared *one = add(l, PJ_DECLARED_POSITIONAL, PJ_STR("list"));

    one->value = value == NULL ? in->text : value;
    one->min = many ? 0 : 1;
    one->max = many ? SIZE_MAX : 1;
}

static void
add_option(const struct input *in, struct level *l, pj_str word)
{
    char mark = word.len == 0 ? '\0' : word.ptr[word.len - 1];
    pj_value *value = type_of(in, mark);
    pj_declared *one;

    if (value == NULL) {
        add(l, PJ_DECLARED_FLAG, word);
        return;
    }
    word.len--;
    one = add(l, PJ_DECLARED_OPTION, word);
    one->value = value;
    one->optional = mark == '?';
    one->max = 3;
}

static void
declare(const struct input *in, struct level *l, pj_str word)
{
    pj_str rest = word.len == 0 ? word
                                : (pj_str){word.ptr + 1, word.len - 1};

    switch (word.len == 0 ? '\0' : word.ptr[0]) {
    case '!':
        l->forced[l->options.forced_count++] = rest;
        break;
    case '&':
        add(l, PJ_DECLARED_REQUIRE, rest);
        break;
    case '|':
        add(l, PJ_DECLARED_EXCLUSIVE, rest);
        break;
    case '=':
        add_positional(in, l, rest);
        break;
    default:
        add_option(in, l, word);
        break;
    }
}

/* Declares the words from `*at` on, to the end or the next subcommand.  */
static void
begin_level(const struct input *in, size_t *at, struct level *l)
{
    memset(l, 0, sizeof *l);
    l->options.declared = l->declared;
    l->options.forced = l->forced;
    for (; *at < in->word_count; ++*at) {
        pj_str word = in->words[*at];

        if (word.len > 0 && word.ptr[0] == '>')
            break;
        declare(in, l, word);
    }
    if (in->injects && *at == in->word_count)
        l->options.double_dash = PJ_DOUBLE_DASH_AFTER_FLAGS;
}

/* NULL where something is refused.  */
static pj_rules *
end_level(const struct level *l)
{
    pj_rules *rules = NULL;
    pj_error err;

    if (pj_rules_new(&l->options, &rules, &err) < 0) {
        check_error(&err);
        HOLDS(rules == NULL);
    }
    return rules;
}

/* Reads the subcommands, each with the words behind it; -1 where the rules
   of one are refused.  */
static int
add_subcommands(const struct input *in, size_t *at, struct level *outer)
{
    struct level inner;

    while (*at < in->word_count) {
        pj_str word = in->words[(*at)++];
        pj_declared *one = &outer->declared[outer->options.declared_count++];

        word = (pj_str){word.ptr + 1, word.len - 1};
        *one = (pj_declared){.kind = PJ_DECLARED_SUBCOMMAND,
                             .names = &outer->names[outer->name_count],
                             .name_count = 1};
        outer->names[outer->name_count++] = word;
        begin_level(in, at, &inner);
        one->inner = end_level(&inner);
        if (one->inner == NULL)
            return -1;
    }
    return 0;
}

/* The rules of a copy of the options are the same.  */
static pj_rules *
make_again(pj_rules *rules)
{
    pj_rules *again = NULL;

    HOLDS(pj_rules_new(pj_rules_get(rules), &again, NULL) == 0);
    pj_rules_unref(rules);
    return again;
}

static pj_rules *
make_rules(const struct input *in)
{
    const pj_pair posix = {PJ_STR("POSIXLY_CORRECT"), PJ_STR("1")};
    struct level outer;
    size_t at = 0;
    pj_rules *rules = NULL;

    begin_level(in, &at, &outer);
    outer.options.forced_env = &posix;
    outer.options.forced_env_count = in->posix != 0;
    if (add_subcommands(in, &at, &outer) == 0)
        rules = end_level(&outer);
    for (size_t i = 0; i < outer.options.declared_count; i++)
        pj_rules_unref(outer.declared[i].inner);
    return rules == NULL ? NULL : make_again(rules);
}

/* --------------------------------------------------------- the reading */

static const pj_typed *
inner_of(const pj_typed *typed, pj_str word)
{
    for (size_t i = 0; i < typed->rules->declared_count; i++)
        if (typed->inner[i] != NULL
            && pj_str_equal(typed->rules->declared[i].names[0], word))
            return typed->inner[i];
    return NULL;
}

static int
is_forced(const pj_typed *typed, const pj_reading *r, const pj_arg *arg)
{
    return pj_strs_find(typed->rules->forced, typed->rules->forced_count,
                        r->argv[arg->index]);
}

/* Reads what will be executed.  Every option is declared, or forced.  */
static void
read_executed(const pj_typed *typed, pj_reading *r)
{
    size_t first;
    pj_error err;

    for (;;) {
        first = r->count;
        HOLDS(pj_reading_level(r, &typed->grammar, &err) == 0);
        for (size_t i = first; i < r->count; i++)
            HOLDS(r->args[i].row == NULL
                  || pj_typed_find(typed, r->args[i].row) > 0
                  || is_forced(typed, r, &r->args[i]));
        if (!typed->grammar.nested)
            break;
        HOLDS(r->at < r->argc);
        typed = inner_of(typed, r->argv[r->at]);
        HOLDS(typed != NULL);
        HOLDS(pj_reading_operand(r, &err) == 0);
    }
    HOLDS(r->at == r->argc);
}

static int
same_arg(const pj_arg *a, const pj_arg *b)
{
    return a->kind == b->kind && a->row == b->row
        && (a->value.ptr == NULL) == (b->value.ptr == NULL)
        && pj_str_equal(a->value, b->value) && pj_str_equal(a->text, b->text);
}

/* The request's things are those that will be executed, in their order; in
   between are only options that are forced, and one `--` at most.  */
static void
compare(const struct input *in, const pj_reading *asked,
        const pj_reading *done)
{
    size_t at = 0, dashes = 0;

    for (size_t i = 0; i < done->count; i++) {
        const pj_arg *arg = &done->args[i];

        if (at < asked->count && same_arg(&asked->args[at], arg)) {
            at++;
            continue;
        }
        HOLDS(arg->kind != PJ_ITEM_OPERAND);
        dashes += arg->kind == PJ_ITEM_DASHES;
    }
    HOLDS(at == asked->count);
    HOLDS(dashes <= (size_t)in->injects);
}

/* What tools are told of a program is what was matched.  */
static void
check_told(const struct input *in, const pj_reading *asked)
{
    pj_item *items = NULL;
    size_t count = 0;
    pj_error err;

    if (in->program == NULL
        || pj_program_read(pj_str_of(in->program->id), in->argv, in->argc,
                           in->posix, &items, &count, &err) < 0)
        return;
    HOLDS(count == asked->count);
    for (size_t i = 0; i < count; i++)
        HOLDS(items[i].kind == asked->args[i].kind
              && items[i].index == asked->args[i].index
              && pj_str_equal(items[i].value, asked->args[i].value));
    free(items);
}

static int
forces(const pj_typed *typed)
{
    for (size_t i = 0; i < typed->rules->declared_count; i++)
        if (typed->inner[i] != NULL && forces(typed->inner[i]))
            return 1;
    return typed->rules->forced_count > 0;
}

/* Without anything forced, what will be executed is accepted as it is.  */
static void
check_again(const pj_typed *typed, const pj_strv *out)
{
    pj_path_claims claims = {NULL, 0, 0};
    pj_strv again = {NULL, 0, 0};
    pj_error err;

    if (forces(typed))
        return;
    HOLDS(pj_typed_apply(typed, out->items, out->count, &again, &claims,
                         &err) == 0);
    HOLDS(again.count == out->count);
    for (size_t i = 0; i < again.count; i++)
        HOLDS(pj_str_equal(again.items[i], out->items[i]));
    pj_strv_clear(&again);
}

static void
check_accepted(const struct input *in, const pj_typed *typed,
               const pj_strv *out)
{
    pj_reading asked, done;

    pj_reading_init(&asked, in->argv, in->argc);
    pj_reading_init(&done, out->items, out->count);
    read_executed(typed, &asked);
    /* Of a program without table what is forced cannot be read.  */
    if (in->program != NULL || !forces(typed)) {
        read_executed(typed, &done);
        compare(in, &asked, &done);
    }
    check_told(in, &asked);
    check_again(typed, out);
    pj_reading_clear(&asked);
    pj_reading_clear(&done);
}

static void
check_apply(const struct input *in, const pj_typed *typed)
{
    pj_path_claims claims = {NULL, 0, 0};
    pj_strv out = {NULL, 0, 0};
    pj_error err;

    if (pj_typed_apply(typed, in->argv, in->argc, &out, &claims, &err) == 0) {
        check_accepted(in, typed, &out);
    } else {
        check_error(&err);
        HOLDS(pj_code_class(err.code) == PJ_CLASS_VIOLATION);
        HOLDS(err.index >= -1 && err.index < (long)in->argc);
        HOLDS(memchr(err.option, '\0', sizeof err.option) != NULL);
    }
    HOLDS(claims.count == 0);
    pj_strv_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in;
    const pj_rules_options *is;
    pj_rules *rules;
    pj_typed *typed = NULL;
    pj_error err;

    if (parse((pj_str){(const char *)data, size}, &in) < 0)
        return 0;
    make_values(&in);
    rules = make_rules(&in);
    is = rules == NULL ? NULL : pj_rules_get(rules);
    if (is != NULL && pj_rules_are_typed(is)) {
        if (pj_typed_compile(is, in.program, &typed, &err) == 0)
            check_apply(&in, typed);
        else
            check_error(&err);
    }
    pj_typed_free(typed);
    pj_rules_unref(rules);
    clear_values(&in);
    return 0;
}
