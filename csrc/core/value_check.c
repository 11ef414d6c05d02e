/* value_check.c: whether a text is of a type.  */
#include "value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

/* No function of <ctype.h>: those depend on the locale.  */
static int
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int
is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
all_of(pj_str text, const char *also)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.ptr[i]) && strchr(also, text.ptr[i]) == NULL)
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
        if (!is_digit(text.ptr[i]))
            return -1;
    if (text.ptr[sign] == '0' && text.len > 1)
        return -1;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    errno = 0;
    *out = strtoll(copy, &end, 10);
    return errno == 0 ? 0 : -1;
}

static const char *
check_int(const pj_value *value, pj_str text, char *scratch)
{
    int64_t number;

    if (parse_int(text, &number) == 0 && number >= value->min
        && number <= value->max)
        return NULL;
    if (value->min == INT64_MIN && value->max == INT64_MAX)
        return "a decimal number";
    if (value->max == INT64_MAX)
        snprintf(scratch, PJ_VALUE_SIZE, "a number of at least %lld",
                 (long long)value->min);
    else if (value->min == INT64_MIN)
        snprintf(scratch, PJ_VALUE_SIZE, "a number of at most %lld",
                 (long long)value->max);
    else
        snprintf(scratch, PJ_VALUE_SIZE, "a number from %lld to %lld",
                 (long long)value->min, (long long)value->max);
    return scratch;
}

static const char *
check_choice(const pj_value *value, pj_str text, char *scratch)
{
    size_t used;

    if (pj_strs_find(value->words.items, value->words.count, text))
        return NULL;
    used = (size_t)snprintf(scratch, PJ_VALUE_SIZE, "one of");
    for (size_t i = 0; i < value->words.count; i++) {
        char shown[PJ_VALUE_SIZE];
        int wrote;

        pj_escape(shown, value->words.items[i]);
        wrote = snprintf(scratch + used, PJ_VALUE_SIZE - used, " %s", shown);
        used += (size_t)wrote;
        if (used >= PJ_VALUE_SIZE - 1)
            break;
    }
    return scratch;
}

static const char *
check_pattern(const pj_value *value, pj_str text, char *scratch)
{
    char subject[PJ_PATTERN_MAX + 1], shown[PJ_VALUE_SIZE];
    regmatch_t match;

    memcpy(subject, text.ptr, text.len);
    subject[text.len] = '\0';
    /* POSIX finds the longest of the leftmost matches, so that a match of
       the whole is found when there is one.  */
    if (regexec(&value->regex, subject, 1, &match, 0) == 0
        && match.rm_so == 0 && (size_t)match.rm_eo == text.len)
        return NULL;
    pj_escape(shown, value->expression);
    snprintf(scratch, PJ_VALUE_SIZE, "text that matches %.110s", shown);
    return scratch;
}

/* Labels of letters, digits and inner hyphens, joined by dots.  */
static int
is_host(pj_str text)
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
    if (value->hosts.count == 0)
        return 1;
    for (size_t i = 0; i < value->hosts.count; i++) {
        pj_str rule = value->hosts.items[i];

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

/* scheme, host and what follows; 0 when it is no such URL.  */
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

static const char *
check_url(const pj_value *value, pj_str text, char *scratch)
{
    pj_str scheme, host;
    char shown[PJ_VALUE_SIZE];

    /* No brackets, braces, blanks or backslashes, which programs expand or
       read each in its own way.  */
    if (!all_of(text, "-._~:/?#@!$&'()*+,;=%")
        || !split_url(text, &scheme, &host) || !is_host(host))
        return "a plain URL: scheme://host[:port][/path]";
    if (!pj_strs_find(value->words.items, value->words.count, scheme)) {
        pj_escape(shown, value->words.items[0]);
        snprintf(scratch, PJ_VALUE_SIZE, "a URL of an allowed scheme (%.60s"
                 "%s)", shown, value->words.count > 1 ? ", ..." : "");
        return scratch;
    }
    if (!host_allowed(value, host)) {
        pj_escape(shown, value->hosts.items[0]);
        snprintf(scratch, PJ_VALUE_SIZE, "a URL of an allowed host (%.60s"
                 "%s)", shown, value->hosts.count > 1 ? ", ..." : "");
        return scratch;
    }
    return NULL;
}

/* A revision or a range.  Neither `:`, which names files and searches, nor
   a search by ^{/text}.  */
static const char *
check_git_ref(pj_str text)
{
    static const char wanted[] = "a branch, tag, commit or range of them";

    if (text.len == 0 || text.ptr[0] == '-'
        || !all_of(text, "._/~^@{}+-"))
        return wanted;
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == '{' && text.ptr[i + 1] == '/')
            return wanted;
    return NULL;
}

static const char *
check_length(const pj_value *value, pj_str text, char *scratch)
{
    if (text.len <= value->max_length)
        return NULL;
    snprintf(scratch, PJ_VALUE_SIZE, "at most %zu bytes long",
             value->max_length);
    return scratch;
}

static const char *
check_type(const pj_value *value, pj_str text, char *scratch)
{
    switch (value->type) {
    case PJ_VALUE_INT:
        return check_int(value, text, scratch);
    case PJ_VALUE_CHOICE:
        return check_choice(value, text, scratch);
    case PJ_VALUE_TEXT:
        return NULL;
    case PJ_VALUE_PATTERN:
        return check_pattern(value, text, scratch);
    case PJ_VALUE_READ_PATH:
    case PJ_VALUE_WRITE_PATH:
        return text.len > 0 ? NULL : "a path";
    case PJ_VALUE_HOST_NAME:
        return is_host(text) ? NULL : "a host name";
    case PJ_VALUE_URL:
        return check_url(value, text, scratch);
    case PJ_VALUE_GIT_REF:
        return check_git_ref(text);
    }
    return "of a known type";
}

int
pj_value_accepts(const pj_value *value, pj_str text, char *scratch,
                 const char **why)
{
    *why = check_length(value, text, scratch);
    if (*why == NULL)
        *why = check_type(value, text, scratch);
    return *why == NULL;
}
