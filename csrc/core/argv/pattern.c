/* pattern.c: match whole strings, in bounded time and memory.

   A search restarts at every character, which takes minutes on a crafted
   string: matches are anchored.  And the compiled form from regcomp caches
   matcher state without a bound, for some strings megabytes each: it is
   discarded after it has read a certain amount.

   The meaning of an expression depends on the locale, which is the host's:
   each pattern has its own, in which characters are UTF-8 and a range is one
   of code points.  If the system has no such locale, only ASCII is matched,
   for which "C" gives the same result.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "argv/pattern.h"

#include <limits.h>
#include <regex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/locales.h"

/* Single characters and operators of an expression with its repeats expanded.
   regcomp takes quadratic time and memory, or worse.  */
#define ITEMS_MAX 1000
/* Bytes of an expression.  */
#define EXPRESSION_MAX 1024
/* Nesting depth of repeats.  */
#define HEIGHT_MAX 4
/* How much text a compiled form reads before it is discarded.  */
#define TEXT_MAX PJ_PATTERN_MAX
/* glibc can match at a single position.  Elsewhere the expression itself has
   to be anchored, which takes glibc's regcomp very long to compile.  */
#if defined(__GLIBC__) && !defined(PJ_PORTABLE)
#define HAS_MATCH 1
#else
#define HAS_MATCH 0
#endif

typedef struct form {
    regex_t regex;
    size_t read; /* bytes of text */
} form;

struct pj_pattern {
    pj_str source;
    locale_t locale;
    int ascii_only;
    _Atomic(form *) spare; /* a form that no thread is using, or NULL */
};

static int
invalid(pj_str expression, const char *why, pj_error *err)
{
    pj_error_begin(err, PJ_E_ValueTypeInvalid, expression);
    pj_escape(err->reason, pj_str_of(why));
    return pj_error_say(err, "value type invalid: %s%s%s%s", why,
                        expression.len == 0 ? "" : ": '", err->value,
                        expression.len == 0 ? "" : "'");
}

/* What has been read of one group.  */
struct level {
    size_t items;    /* before the last one */
    size_t last;     /* of the last one, which an operator would repeat */
    int height;      /* of repeats in the group, ... */
    int last_height; /* ... and in the last item */
    int is_repeated; /* the last item is */
};

struct scan {
    pj_str text;
    size_t at;
    struct level *level;
    struct level levels[EXPRESSION_MAX + 1];
};

/* The next character, or NUL at the end.  */
static char
peek(const struct scan *s)
{
    return s->at < s->text.len ? s->text.ptr[s->at] : '\0';
}

static char
take(struct scan *s)
{
    char c = peek(s);

    s->at += s->at < s->text.len;
    return c;
}

static int
take_if(struct scan *s, char wanted)
{
    if (peek(s) != wanted)
        return 0;
    take(s);
    return 1;
}

static void
add_item(struct level *level, size_t size, int height)
{
    level->items += level->last;
    level->last = size;
    level->last_height = height;
    level->is_repeated = 0;
    if (height > level->height)
        level->height = height;
}

/* Records an operator after the last item; returns an error, or NULL.  */
static const char *
repeat_item(struct level *level, size_t size)
{
    if (level->is_repeated)
        return "a repetition cannot be repeated";
    level->last = size;
    level->is_repeated = 1;
    if (++level->last_height > level->height)
        level->height = level->last_height;
    return level->height > HEIGHT_MAX ? "its repetitions are nested too deeply"
                                      : NULL;
}

/* [:alpha:] [.-.] [=a=], after the `[`.  */
static void
skip_class(struct scan *s)
{
    char kind = peek(s), c;

    if (kind != ':' && kind != '.' && kind != '=')
        return;
    take(s);
    do
        c = take(s);
    while (c != '\0' && !(c == kind && peek(s) == ']'));
    take(s);
}

/* A bracket expression, in which a leading `]` is literal.  */
static void
skip_bracket(struct scan *s)
{
    take_if(s, '^');
    take_if(s, ']');
    for (char c = take(s); c != ']' && c != '\0'; c = take(s))
        if (c == '[')
            skip_class(s);
}

static size_t
read_number(struct scan *s, size_t absent)
{
    size_t number = 0, start = s->at;

    for (; peek(s) >= '0' && peek(s) <= '9'; take(s))
        if (number <= ITEMS_MAX)
            number = number * 10 + (size_t)(peek(s) - '0');
    return s->at == start ? absent : number;
}

/* {3} {3,} {3,5}: how often the item is expanded.  An error, or NULL.  */
static const char *
read_repeat(struct scan *s, size_t last)
{
    size_t least = read_number(s, 0), most = least, times;

    if (take_if(s, ','))
        most = read_number(s, least + 1);
    take_if(s, '}');
    times = most > least ? most : least;
    /* 255 in musl and on Darwin, whose regcomp would only say that what
       stands in the braces is invalid.  */
    if (RE_DUP_MAX < ITEMS_MAX && times > RE_DUP_MAX)
        return "it repeats a part more often than this system's C library "
               "can";
    return repeat_item(s->level, last * (times > 0 ? times : 1));
}

/* What a backslash makes of a letter POSIX leaves open: \d is a d in glibc,
   and a digit in musl.  An error, or NULL.  */
static const char *
read_escape(struct scan *s)
{
    char c = take(s);
    int is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

    if (c >= '1' && c <= '9')
        return "a Pattern must not have back-references";
    if (is_letter && strchr("bBsSwW", c) == NULL)
        return "a backslash before this letter has no common meaning; name "
               "the characters, as in [0-9]";
    add_item(s->level, 1, 0);
    return NULL;
}

static const char *
close_group(struct scan *s)
{
    const struct level *inner = s->level;

    if (s->level == s->levels)
        return "a ) has no matching (";
    s->level--;
    add_item(s->level, inner->items + inner->last + 1, inner->height);
    return NULL;
}

/* Reads one character or operator; returns an error, or NULL.  */
static const char *
scan_one(struct scan *s)
{
    size_t last = s->level->last;

    switch (take(s)) {
    case '\\':
        return read_escape(s);
    case '[':
        skip_bracket(s);
        break;
    case '(':
        *++s->level = (struct level){0, 0, 0, 0, 0};
        return NULL;
    case ')':
        return close_group(s);
    case '*':
    case '?':
        return repeat_item(s->level, last + 1);
    case '+': /* one or more times */
        return repeat_item(s->level, last * 2 + 1);
    case '{':
        return read_repeat(s, last);
    }
    add_item(s->level, 1, 0);
    return NULL;
}

static int
check_expression(pj_str expression, pj_error *err)
{
    struct scan s = {.text = expression};
    const char *why = NULL;

    if (pj_str_has(expression, '\0'))
        return pj_error_nul(err, "pattern", expression, -1);
    if (expression.len == 0 || expression.len > EXPRESSION_MAX)
        return invalid(PJ_STR(""), "the expression of a Pattern must have "
                       "1 to 1024 bytes", err);
    s.level = s.levels;
    while (s.at < expression.len && why == NULL) {
        why = scan_one(&s);
        if (why == NULL && s.level->items + s.level->last > ITEMS_MAX)
            why = "a Pattern must have at most 1000 characters, those "
                  "that are repeated counted each time";
    }
    return why == NULL ? 0 : invalid(expression, why, err);
}

/* The expression to compile, NUL-terminated.  */
static int
make_source(pj_str expression, pj_str *out)
{
    char *text;

    if (HAS_MATCH)
        return pj_str_dup(expression, out);
    text = malloc(expression.len + sizeof "^()$");
    if (text == NULL)
        return -1;
    memcpy(text, "^(", 2);
    memcpy(text + 2, expression.ptr, expression.len);
    memcpy(text + 2 + expression.len, ")$", sizeof ")$");
    *out = (pj_str){text, expression.len + 4};
    return 0;
}

static int
is_ascii(pj_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80)
            return 0;
    return 1;
}

static int
choose_locale(pj_pattern *pattern, pj_str expression, pj_error *err)
{
    pattern->locale = pj_locale_utf8();
    pattern->ascii_only = pattern->locale == (locale_t)0;
    if (!pattern->ascii_only)
        return 0;
    if (!is_ascii(expression))
        return invalid(expression, "this system has no locale C.UTF-8, "
                       "without which a Pattern is ASCII only", err);
    pattern->locale = pj_locale_plain();
    return pattern->locale == (locale_t)0 ? pj_error_memory(err) : 0;
}

/* Both regcomp and a match need this: the locale of the pattern.  */
static int
compile(const pj_pattern *pattern, const char *text, regex_t *out)
{
    locale_t before = uselocale(pattern->locale);
    int code = regcomp(out, text, REG_EXTENDED | REG_NOSUB);

    uselocale(before);
    return code;
}

/* Checks an expression by itself: `text` is NUL-terminated.  */
static int
try_expression(const pj_pattern *pattern, const char *text, pj_error *err)
{
    char why[128];
    locale_t before;
    regex_t regex;
    int code = compile(pattern, text, &regex);

    if (code == 0) {
        regfree(&regex);
        return 0;
    }
    if (code == REG_ESPACE)
        return pj_error_memory(err);
    before = uselocale(pattern->locale);
    regerror(code, &regex, why, sizeof why);
    uselocale(before);
    return invalid(pj_str_of(text), why, err);
}

/* NULL if out of memory: the expression has been compiled before, so nothing
   else can fail.  */
static form *
new_form(const pj_pattern *pattern)
{
    form *made = malloc(sizeof *made);

    if (made == NULL)
        return NULL;
    made->read = 0;
    if (compile(pattern, pattern->source.ptr, &made->regex) == 0)
        return made;
    free(made);
    return NULL;
}

static void
free_form(form *old)
{
    if (old == NULL)
        return;
    regfree(&old->regex);
    free(old);
}

int
pj_pattern_new(pj_str expression, pj_pattern **out, pj_error *err)
{
    pj_pattern *pattern;
    pj_str copy = {NULL, 0};

    if (check_expression(expression, err) < 0)
        return -1;
    pattern = calloc(1, sizeof *pattern);
    if (pattern == NULL)
        return pj_error_memory(err);
    if (pj_str_dup(expression, &copy) < 0
        || make_source(expression, &pattern->source) < 0) {
        pj_error_memory(err);
        goto fail;
    }
    if (choose_locale(pattern, expression, err) < 0
        || try_expression(pattern, copy.ptr, err) < 0)
        goto fail;
    pj_str_clear(&copy);
    atomic_init(&pattern->spare, new_form(pattern));
    *out = pattern;
    return 0;
fail:
    pj_str_clear(&copy);
    pj_pattern_free(pattern);
    return -1;
}

void
pj_pattern_free(pj_pattern *pattern)
{
    if (pattern == NULL)
        return;
    free_form(atomic_load(&pattern->spare));
    pj_str_clear(&pattern->source);
    if (pattern->locale != (locale_t)0)
        freelocale(pattern->locale);
    free(pattern);
}

/* 1 or 0, or -1 if out of memory.  */
static int
match(form *mine, pj_str text)
{
#if HAS_MATCH
    regoff_t matched = re_match(&mine->regex, text.ptr, (regoff_t)text.len,
                                0, NULL);

    /* It finds the longest match.  -2 means out of memory.  */
    return matched == -2 ? -1 : matched == (regoff_t)text.len;
#else
    char subject[PJ_PATTERN_MAX + 1];
    int code;

    memcpy(subject, text.ptr, text.len);
    subject[text.len] = '\0';
    code = regexec(&mine->regex, subject, 0, NULL, 0);
    return code == REG_ESPACE ? -1 : code == 0;
#endif
}

int
pj_pattern_matches(pj_pattern *pattern, pj_str text)
{
    form *mine, *none = NULL;
    locale_t before;
    int result;

    if (pattern->ascii_only && !is_ascii(text))
        return 0;
    mine = atomic_exchange(&pattern->spare, NULL);
    if (mine == NULL)
        mine = new_form(pattern);
    if (mine == NULL)
        return -1;
    before = uselocale(pattern->locale);
    result = match(mine, text);
    uselocale(before);
    mine->read += text.len;
    if (mine->read > TEXT_MAX
        || !atomic_compare_exchange_strong(&pattern->spare, &none, mine))
        free_form(mine);
    return result;
}
