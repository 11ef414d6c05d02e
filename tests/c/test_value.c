/* test_value.c: the types of values, and which texts they take.  */
#include "argv/value.h"

#include <pthread.h>

#include "fixture.h"

/* Nothing can be tested without the type.  */
static pj_value *
need(int result, pj_value **value)
{
    if (result < 0)
        exit(EXIT_FAILURE);
    return *value;
}

static pj_value *
number(int64_t min, int64_t max)
{
    pj_value *value;

    return need(pj_value_int(min, max, &value, NULL), &value);
}

static pj_value *
text(size_t max)
{
    pj_value *value;

    return need(pj_value_text(max, &value, NULL), &value);
}

static pj_value *
pattern(const char *expression)
{
    pj_value *value;

    return need(pj_value_pattern(S(expression), PJ_PATTERN_MAX, &value,
                                 NULL), &value);
}

static pj_value *
url(const char *host)
{
    pj_value *value;
    pj_str scheme = S("https"), hosts = S(host);

    return need(pj_value_url(&scheme, 1, &hosts, host != NULL, &value,
                             NULL), &value);
}

static pj_value *
simple(int (*make)(pj_value **, pj_error *))
{
    pj_value *value;

    return need(make(&value, NULL), &value);
}

/* Checks lists of texts, each ended by NULL, and gives the type back.  */
static void
try_value(pj_value *value, const char *const *good, const char *const *bad)
{
    for (; *good != NULL; good++) {
        if (pj_value_accepts(value, S(*good)) != 1)
            fprintf(stderr, "refused: '%s'\n", *good);
        CHECK(pj_value_accepts(value, S(*good)) == 1);
    }
    for (; *bad != NULL; bad++) {
        if (pj_value_accepts(value, S(*bad)) != 0)
            fprintf(stderr, "accepted: '%s'\n", *bad);
        CHECK(pj_value_accepts(value, S(*bad)) == 0);
    }
    CHECK(pj_value_accepts(value, ABSENT)
          == pj_value_accepts(value, PJ_STR("")));
    pj_value_unref(value);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE ((const char *const[]){NULL})

static void
test_texts(void)
{
    try_value(number(-3, 7), LIST("-3", "0", "7"),
              LIST("", "-", "-4", "8", "07", "-0", "+1", "1 ", "0x1"));
    try_value(number(INT64_MIN, INT64_MAX),
              LIST("-9223372036854775808", "9223372036854775807"),
              LIST("-9223372036854775809", "9223372036854775808",
                   "99999999999999999999999999"));
    try_value(text(3), LIST("", "abc", "\xff\n"), LIST("abcd"));
    try_value(text(0), LIST(""), LIST("a"));
    try_value(pattern("a|ab"), LIST("a", "ab"), LIST("", "aba", "b"));
    try_value(pattern("^a$"), LIST("a"), LIST("", "aa"));
    try_value(pattern(".*"), LIST("", "a\nb"), NONE);
    try_value(simple(pj_value_host_name), LIST("a", "a-b.c", "1.2.3.4"),
              LIST("", "-a", "a-", ".a", "a.", "a..b", "a_b", "[::1]"));
    try_value(url(NULL), LIST("https://a", "https://a:1/b?c#d"),
              LIST("", "a", "https://", "https:///a", "http://a",
                   "HTTPS://a", "https://a@b", "https://a:0", "https://a:",
                   "https://a b", "https://[::1]", "https://a\\b"));
    try_value(url("*.a.example"), LIST("https://b.A.Example/"),
              LIST("https://a.example", "https://xa.example",
                   "https://.a.example", "https://b.a.example.evil"));
    try_value(simple(pj_value_git_ref), LIST("main", "a..b", "HEAD@{1}"),
              LIST("", "-a", "a:b", "a b", "HEAD^{/x}"));
}

/* A text is as long as it says: what lies behind it is not read.  */
static void
test_lengths(void)
{
    pj_value *value = pattern("[a-z]+");
    char *exact = malloc(3);

    CHECK(exact != NULL);
    memcpy(exact, "abc", 3);
    CHECK(pj_value_accepts(value, (pj_str){exact, 3}) == 1);
    free(exact);
    pj_value_unref(value);
    value = number(0, 99);
    CHECK(pj_value_accepts(value, (pj_str){"123", 2}) == 1);
    CHECK(pj_value_accepts(value, PJ_STR("1\0002")) == 0);
    pj_value_unref(value);
    value = url(NULL);
    CHECK(pj_value_accepts(value, PJ_STR("https://a\0")) == 0);
    CHECK(pj_value_accepts(value, (pj_str){"https://a:12", 11}) == 1);
    pj_value_unref(value);
}

static int
refuses(int result, const pj_error *err, pj_code code)
{
    return result < 0 && says(err, code);
}

static void
test_numbers_and_texts_that_are_refused(void)
{
    pj_value *value = NULL;
    pj_str words[2] = {PJ_STR("a"), PJ_STR("b\0c")};
    pj_error err;

    CHECK(refuses(pj_value_int(1, 0, &value, &err), &err,
                  PJ_E_ValueTypeInvalid));
    CHECK(refuses(pj_value_choice(words, 0, &value, &err), &err,
                  PJ_E_ValueTypeInvalid));
    CHECK(refuses(pj_value_choice(words, 2, &value, &err), &err,
                  PJ_E_NulByte));
    CHECK(err.index == 1);
    CHECK(refuses(pj_value_text(PJ_TEXT_MAX + 1, &value, &err), &err,
                  PJ_E_ValueTypeInvalid));
    CHECK(refuses(pj_value_read_path(words, 1, &value, &err), &err,
                  PJ_E_ValueTypeInvalid));
    words[0] = PJ_STR("/a\0");
    CHECK(refuses(pj_value_write_path(words, 1, &value, &err), &err,
                  PJ_E_NulByte));
    CHECK(value == NULL);
    CHECK(pj_value_int(1, 0, &value, NULL) < 0);
    CHECK(pj_value_choice(words, 0, &value, NULL) < 0);
}

static void
test_urls_that_are_refused(void)
{
    static const char *const schemes[] = {"", "HTTP", "1a", "a:", "a b"};
    static const char *const hosts[] = {"", "*", "*.", "a:1", "a/", "*.*.a"};
    pj_value *value = NULL;
    pj_str good = PJ_STR("a"), bad;
    pj_error err;

    CHECK(refuses(pj_value_url(&good, 0, NULL, 0, &value, &err), &err,
                  PJ_E_ValueTypeInvalid));
    for (size_t i = 0; i < COUNT(schemes); i++) {
        bad = S(schemes[i]);
        CHECK(refuses(pj_value_url(&bad, 1, NULL, 0, &value, &err), &err,
                      PJ_E_ValueTypeInvalid));
    }
    for (size_t i = 0; i < COUNT(hosts); i++) {
        bad = S(hosts[i]);
        CHECK(refuses(pj_value_url(&good, 1, &bad, 1, &value, &err), &err,
                      PJ_E_ValueTypeInvalid));
    }
    CHECK(value == NULL);
}

static void
test_patterns_that_are_refused(void)
{
    static const char *const bad[] = {
        "", "(", ")", "a)|(b", "(a))", "[a", "[[:x", "[[:none:]]", "*a",
        "a\\", "a{2", "a{1001}", "(a{1,255}){1,255}", "((a?){99}){99}",
        "(((((((((((a+)+)+)+)+)+)+)+)+)+)+)+", "\\1", "(a)\\1",
        "a{99999999999999999999}", "a**", "a+?", "a{2}*",
        "(((((a*)*)*)*)*)",
    };
    pj_value *value = NULL;
    pj_error err;

    for (size_t i = 0; i < COUNT(bad); i++) {
        int ok = refuses(pj_value_pattern(S(bad[i]), 9, &value, &err), &err,
                         PJ_E_ValueTypeInvalid);

        if (!ok)
            fprintf(stderr, "pattern: '%s'\n", bad[i]);
        CHECK(ok && value == NULL);
    }
    CHECK(refuses(pj_value_pattern(PJ_STR("a\0"), 9, &value, &err), &err,
                  PJ_E_NulByte));
    CHECK(refuses(pj_value_pattern(S("a"), PJ_PATTERN_MAX + 1, &value,
                                   &err), &err, PJ_E_ValueTypeInvalid));
}

static void
test_patterns_that_are_not(void)
{
    static const char *const good[] = {
        "[]a]", "[^]a]", "[[.-.]a]", "[[=a=]]", "[[:digit:]]", "[(]", "[)]",
        "\\(", "\\)", "[\\1]", "\\\\1", "a{1000}", "(a{9}){9}", "a|", "()",
        "a{0}", "((((a*)*)*)?)", "(a*)*b*", "[[]", "[a-]", "[[:alpha:])]",
    };
    pj_value *value = NULL;
    pj_error err;

    for (size_t i = 0; i < COUNT(good); i++) {
        int ok = pj_value_pattern(S(good[i]), 9, &value, &err) == 0;

        if (!ok)
            fprintf(stderr, "%s\n", err.message);
        CHECK(ok);
        if (ok)
            pj_value_unref(value);
    }
}

static void
test_wanted(void)
{
    char out[PJ_VALUE_SIZE];
    pj_value *value = number(1, INT64_MAX);

    pj_value_wanted(value, out);
    CHECK(strcmp(out, "a decimal number from 1") == 0);
    pj_value_unref(value);
    value = pattern("\x1b[a-z]");
    pj_value_wanted(value, out);
    CHECK(strcmp(out, "text of at most 4096 bytes that matches \\x1b[a-z]")
          == 0);
    pj_value_unref(value);
    value = url("*.a");
    pj_value_wanted(value, out);
    CHECK(strcmp(out, "a plain URL (scheme://host[:port][/path]): https, of "
                 "*.a") == 0);
    pj_value_unref(value);
    value = pattern("(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)");
    pj_value_wanted(value, out);
    CHECK(strlen(out) == 131 && strcmp(out + 128, "...") == 0);
    pj_value_unref(value);
}

static void
test_view(void)
{
    pj_str roots[2] = {PJ_STR("/a"), PJ_STR("/b")};
    pj_value *value = NULL;
    pj_value_info info;

    CHECK(pj_value_read_path(roots, 2, &value, NULL) == 0);
    CHECK(pj_value_ref(value) == value);
    pj_value_unref(value);
    pj_value_get(value, &info);
    CHECK(info.type == PJ_VALUE_READ_PATH && info.word_count == 2);
    CHECK(pj_str_equal(info.words[1], roots[1]) && pj_value_is_path(value));
    CHECK(info.host_count == 0 && info.expression.ptr == NULL);
    pj_value_unref(value);
    pj_value_unref(NULL);
    value = pattern("a+");
    pj_value_get(value, &info);
    CHECK(info.type == PJ_VALUE_PATTERN && info.max_length == 4096);
    CHECK(pj_str_equal(info.expression, PJ_STR("a+")));
    CHECK(!pj_value_is_path(value));
    pj_value_unref(value);
}

/* Threads share one type; each asks as if it were alone.  */
static void *
match_often(void *argument)
{
    pj_value *value = argument;
    char word[600];
    size_t wrong = 0;

    memset(word, 'a', sizeof word);
    for (size_t i = 0; i < 400; i++) {
        pj_str fits = {word, i + 1}, none = {"b", 1};

        wrong += pj_value_accepts(value, fits) != 1;
        wrong += pj_value_accepts(value, none) != 0;
    }
    pj_value_unref(value);
    return wrong == 0 ? NULL : argument;
}

static void
test_threads(void)
{
    pj_value *value = pattern("(a|aa)+");
    pthread_t threads[4];
    void *wrong;

    for (size_t i = 0; i < COUNT(threads); i++)
        CHECK(pthread_create(&threads[i], NULL, match_often,
                             pj_value_ref(value)) == 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        CHECK(pthread_join(threads[i], &wrong) == 0 && wrong == NULL);
    pj_value_unref(value);
}

int
main(void)
{
    test_texts();
    test_lengths();
    test_numbers_and_texts_that_are_refused();
    test_urls_that_are_refused();
    test_patterns_that_are_refused();
    test_patterns_that_are_not();
    test_wanted();
    test_view();
    test_threads();
    return CHECK_REPORT();
}
