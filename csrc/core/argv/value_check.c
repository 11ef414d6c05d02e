/* value_check.c: whether a string is of a type.  */
#include "argv/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static int
is_alnum(char c)
{
    return pj_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
all_of(pj_str text, const char *also)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.ptr[i])
            && (text.ptr[i] == '\0' || strchr(also, text.ptr[i]) == NULL))
            return 0;
    return 1;
}

/* Without leading zeros, which some programs read as octal.  */
static int
parse_int(pj_str text, int64_t *out)
{
    char copy[24], *end;
    size_t sign = text.len > 0 && text.ptr[0] == '-';

    if (text.len <= sign || text.len >= sizeof copy)
        return -1;
    for (size_t i = sign; i < text.len; i++)
        if (!pj_is_digit(text.ptr[i]))
            return -1;
    if (text.ptr[sign] == '0' && text.len > 1)
        return -1;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    errno = 0;
    *out = strtoll(copy, &end, 10);
    return errno == 0 ? 0 : -1;
}

static int
is_int(const pj_value *value, pj_str text)
{
    int64_t number;

    return parse_int(text, &number) == 0 && number >= value->is.min
        && number <= value->is.max;
}

int
pj_is_host_name(pj_str text)
{
    size_t start = 0;

    if (text.len == 0 || text.len > 253 || !all_of(text, "-."))
        return 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != '.')
            continue;
        if (i == start || i - start > 63 || text.ptr[start] == '-'
            || text.ptr[i - 1] == '-')
            return 0;
        start = i + 1;
    }
    return 1;
}

static int
host_allowed(const pj_value *value, pj_str host)
{
    if (value->is.host_count == 0)
        return 1;
    for (size_t i = 0; i < value->is.host_count; i++) {
        pj_str rule = value->is.hosts[i];

        if (rule.len > 2 && pj_str_starts(rule, PJ_STR("*."))) {
            pj_str tail = {rule.ptr + 1, rule.len - 1};

            if (host.len > tail.len
                && pj_str_equal_nocase((pj_str){host.ptr + host.len
                                                - tail.len, tail.len}, tail))
                return 1;
        } else if (pj_str_equal_nocase(rule, host)) {
            return 1;
        }
    }
    return 0;
}

static int
is_port(pj_str text)
{
    int64_t number;

    return parse_int(text, &number) == 0 && number > 0 && number < 65536;
}

/* Scheme, host and the rest; 0 if it is not such a URL.  */
static int
split_url(pj_str text, pj_str *scheme, pj_str *host)
{
    const char *colon = memchr(text.ptr, ':', text.len);
    const char *end = text.ptr + text.len, *at, *stop;

    if (colon == NULL || end - colon < 4 || memcmp(colon, "://", 3) != 0)
        return 0;
    *scheme = (pj_str){text.ptr, (size_t)(colon - text.ptr)};
    at = colon + 3;
    stop = at;
    while (stop < end && strchr("/?#", *stop) == NULL)
        stop++;
    *host = (pj_str){at, (size_t)(stop - at)};
    colon = memchr(at, ':', host->len);
    if (colon == NULL)
        return 1;
    *host = (pj_str){at, (size_t)(colon - at)};
    return is_port((pj_str){colon + 1, (size_t)(stop - colon) - 1});
}

/* No brackets, braces, blanks or backslashes, which programs expand or read
   in different ways.  */
static int
is_url(const pj_value *value, pj_str text)
{
    pj_str scheme, host;

    return all_of(text, "-._~:/?#@!$&'()*+,;=%")
        && split_url(text, &scheme, &host) && pj_is_host_name(host)
        && pj_strs_find(value->is.words, value->is.word_count, scheme)
        && host_allowed(value, host);
}

/* A revision or a range.  Neither `:`, which introduces files and searches,
   nor a search by ^{/text}.  */
static int
is_git_ref(pj_str text)
{
    if (text.len == 0 || text.ptr[0] == '-' || !all_of(text, "._/~^@{}+-"))
        return 0;
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == '{' && text.ptr[i + 1] == '/')
            return 0;
    return 1;
}

int
pj_value_accepts(const pj_value *value, pj_str text)
{
    if (text.ptr == NULL)
        text = PJ_STR("");
    if (text.len > value->is.max_length)
        return 0;
    switch (value->is.type) {
    case PJ_VALUE_INT:
        return is_int(value, text);
    case PJ_VALUE_CHOICE:
        return pj_strs_find(value->is.words, value->is.word_count, text);
    case PJ_VALUE_TEXT:
        return 1;
    case PJ_VALUE_PATTERN:
        return pj_pattern_matches(value->pattern, text);
    case PJ_VALUE_READ_PATH:
    case PJ_VALUE_WRITE_PATH:
        return text.len > 0;
    case PJ_VALUE_HOST_NAME:
        return pj_is_host_name(text);
    case PJ_VALUE_URL:
        return is_url(value, text);
    case PJ_VALUE_GIT_REF:
        return is_git_ref(text);
    }
    return 0;
}

static void
tell_words(pj_text *t, const char *before, const pj_str *words, size_t count)
{
    if (count == 0)
        return;
    pj_text_add(t, "%s", before);
    pj_text_words(t, words, count);
}

static void
tell_int(pj_text *t, const pj_value *value)
{
    pj_text_add(t, "a decimal number");
    if (value->is.min != INT64_MIN)
        pj_text_add(t, " from %lld", (long long)value->is.min);
    if (value->is.max != INT64_MAX)
        pj_text_add(t, " up to %lld", (long long)value->is.max);
}

static void
tell_wanted(const pj_value *value, pj_text *t)
{
    switch (value->is.type) {
    case PJ_VALUE_INT:
        tell_int(t, value);
        break;
    case PJ_VALUE_CHOICE:
        tell_words(t, "one of", value->is.words,
                   value->is.word_count);
        break;
    case PJ_VALUE_TEXT:
        pj_text_add(t, "text of at most %zu bytes", value->is.max_length);
        break;
    case PJ_VALUE_PATTERN:
        pj_text_add(t, "text of at most %zu bytes that matches %.*s",
                    value->is.max_length, (int)value->is.expression.len,
                    value->is.expression.ptr);
        break;
    case PJ_VALUE_READ_PATH:
    case PJ_VALUE_WRITE_PATH:
        pj_text_add(t, value->is.word_count > 0 ? "a path"
                    : "left out: it has no root");
        tell_words(t, " below", value->is.words,
                   value->is.word_count);
        break;
    case PJ_VALUE_HOST_NAME:
        pj_text_add(t, "a host name");
        break;
    case PJ_VALUE_URL:
        tell_words(t, "a plain URL (scheme://host[:port][/path]):",
                   value->is.words,
                   value->is.word_count);
        tell_words(t, ", of", value->is.hosts,
                   value->is.host_count);
        break;
    case PJ_VALUE_GIT_REF:
        pj_text_add(t, "a branch, tag, commit or range of them");
        break;
    }
}

void
pj_value_wanted(const pj_value *value, char *out)
{
    pj_text t = {.used = 0};

    tell_wanted(value, &t);
    pj_escape(out, pj_text_view(&t));
}
