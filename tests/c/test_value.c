/* test_value.c: the types of values, and which texts they take.  */
#include "argv/value.h"

#include <pthread.h>

#include "fixture.h"

static pj_value *
number(int64_t min, int64_t max)
{
    return need_value((pj_value_options){.type = PJ_VALUE_INT, .min = min,
                                         .max = max});
}

static pj_value *
text(size_t max)
{
    return need_value((pj_value_options){.type = PJ_VALUE_TEXT,
                                         .max_length = max});
}

static pj_value_options
pattern_options(pj_str expression, size_t max)
{
    return (pj_value_options){.type = PJ_VALUE_PATTERN, .max_length = max,
                              .expression = expression};
}

static pj_value *
pattern(const char *expression)
{
    return need_value(pattern_options(S(expression), PJ_PATTERN_MAX));
}

static pj_value *
url(const char *host)
{
    pj_str scheme = S("https"), hosts = S(host);

    return need_value((pj_value_options){.type = PJ_VALUE_URL,
                                         .words = &scheme, .word_count = 1,
                                         .hosts = &hosts,
                                         .host_count = host != NULL});
}

static pj_value *
simple(pj_value_type type)
{
    return need_value((pj_value_options){.type = type});
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
    try_value(simple(PJ_VALUE_HOST_NAME), LIST("a", "a-b.c", "1.2.3.4"),
              LIST("", "-a", "a-", ".a", "a.", "a..b", "a_b", "[::1]"));
    try_value(url(NULL), LIST("https://a", "https://a:1/b?c#d"),
              LIST("", "a", "https://", "https:///a", "http://a",
                   "HTTPS://a", "https://a@b", "https://a:0", "https://a:",
                   "https://a b", "https://[::1]", "https://a\\b"));
    try_value(url("*.a.example"), LIST("https://b.A.Example/"),
              LIST("https://a.example", "https://xa.example",
                   "https://.a.example", "https://b.a.example.evil"));
    try_value(simple(PJ_VALUE_GIT_REF), LIST("main", "a..b", "HEAD@{1}"),
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
refuses_words(pj_value_type type, const pj_str *words, size_t count,
              pj_code code, pj_error *err)
{
    return refuses_value((pj_value_options){.type = type, .words = words,
                                            .word_count = count},
                         code, err);
}

static void
test_numbers_and_texts_that_are_refused(void)
{
    pj_str words[2] = {PJ_STR("a"), PJ_STR("b\0c")};
    pj_value_options options = {.type = PJ_VALUE_INT, .min = 1};
    pj_error err;

    CHECK(refuses_value(options, PJ_E_ValueTypeInvalid, &err));
    CHECK(refuses_words(PJ_VALUE_CHOICE, words, 0, PJ_E_ValueTypeInvalid,
                        &err));
    CHECK(refuses_words(PJ_VALUE_CHOICE, words, 2, PJ_E_NulByte, &err));
    CHECK(strcmp(err.value, "b\\x00c") == 0);
    options = (pj_value_options){.type = PJ_VALUE_TEXT,
                                 .max_length = PJ_TEXT_MAX + 1};
    CHECK(refuses_value(options, PJ_E_ValueTypeInvalid, &err));
    CHECK(refuses_words(PJ_VALUE_READ_PATH, words, 1, PJ_E_ValueTypeInvalid,
                        &err));
    words[0] = PJ_STR("");
    CHECK(refuses_words(PJ_VALUE_WRITE_PATH, words, 1, PJ_E_ValueTypeInvalid,
                        &err));
    words[0] = PJ_STR("/a\0");
    CHECK(refuses_words(PJ_VALUE_WRITE_PATH, words, 1, PJ_E_NulByte, &err));
    for (int type = -1; type <= PJ_VALUE_GIT_REF + 1;
         type += PJ_VALUE_GIT_REF + 2) {
        options = (pj_value_options){.type = (pj_value_type)type};
        CHECK(refuses_value(options, PJ_E_ValueTypeInvalid, &err));
    }
}

static int
refuses_url(pj_str scheme, pj_str host, pj_code code)
{
    pj_error err;

    return refuses_value((pj_value_options){
        .type = PJ_VALUE_URL, .words = &scheme, .word_count = 1,
        .hosts = &host, .host_count = host.ptr != NULL,
    }, code, &err);
}

static void
test_urls_that_are_refused(void)
{
    static const char *const schemes[] = {"", "HTTP", "1a", "a:", "a b"};
    static const char *const hosts[] = {"", "*", "*.", "a:1", "a/", "*.*.a"};
    pj_str nul = PJ_STR("a\0");
    pj_error err;

    CHECK(refuses_words(PJ_VALUE_URL, NULL, 0, PJ_E_ValueTypeInvalid, &err));
    for (size_t i = 0; i < COUNT(schemes); i++)
        CHECK(refuses_url(S(schemes[i]), ABSENT, PJ_E_ValueTypeInvalid));
    for (size_t i = 0; i < COUNT(hosts); i++)
        CHECK(refuses_url(S("a"), S(hosts[i]), PJ_E_ValueTypeInvalid));
    CHECK(refuses_url(nul, ABSENT, PJ_E_NulByte));
    CHECK(refuses_url(S("a"), nul, PJ_E_NulByte));
}

static void
test_patterns_that_are_refused(void)
{
    static const char *const bad[] = {
        "", "(", ")", "a)|(b", "(a))", "[a", "[[:x", "[[:none:]]", "*a",
        "a\\", "a{2", "a{1001}", "(a{1,255}){1,255}", "((a?){99}){99}",
        "(((((((((((a+)+)+)+)+)+)+)+)+)+)+)+", "\\1", "(a)\\1",
        "a{99999999999999999999}", "a**", "a+?", "a{2}*",
        "(((((a*)*)*)*)*)", "\\d", "a\\n", "(\\x)",
    };
    pj_error err;

    for (size_t i = 0; i < COUNT(bad); i++) {
        int ok = refuses_value(pattern_options(S(bad[i]), 9),
                               PJ_E_ValueTypeInvalid, &err);

        if (!ok)
            fprintf(stderr, "pattern: '%s'\n", bad[i]);
        CHECK(ok);
    }
    CHECK(refuses_value(pattern_options(ABSENT, 9), PJ_E_ValueTypeInvalid,
                        &err));
    CHECK(refuses_value(pattern_options(PJ_STR("a\0"), 9), PJ_E_NulByte,
                        &err));
    CHECK(refuses_value(pattern_options(S("a"), PJ_PATTERN_MAX + 1),
                        PJ_E_ValueTypeInvalid, &err));
}

static void
test_patterns_that_are_not(void)
{
    static const char *const good[] = {
        "[]a]", "[^]a]", "[[:digit:]]", "[(]", "[)]", "\\(", "\\)",
        "[\\1]", "\\\\1", "a{255}", "(a{9}){9}", "a|", "()", "a{0}",
        "((((a*)*)*)?)", "(a*)*b*", "\\w\\s\\b", "[[]", "[a-]", "[[:alpha:])]", "[\\d]",
    };
    pj_error err;

    for (size_t i = 0; i < COUNT(good); i++) {
        pj_value_options options = pattern_options(S(good[i]), 9);
        pj_value *value = NULL;
        int ok = pj_value_new(&options, &value, &err) == 0;

        if (!ok)
            fprintf(stderr, "%s\n", err.message);
        CHECK(ok);
        pj_value_unref(value);
    }
}

/* What only some C libraries can compile: glibc all, musl none, Darwin's the
   first two.  Elsewhere it is refused, and the error says why.  */
static void
test_patterns_that_a_library_lacks(void)
{
    static const struct {
        const char *text, *why;
    } some[] = {
        {"[[.-.]a]", "collating element"},
        {"[[=a=]]", "collating element"},
        {"a{256}", "more often than this system's C library can"},
        {"(ba{400,}|c)", "more often than this system's C library can"},
        {"a{1,999}", "more often than this system's C library can"},
    };

    for (size_t i = 0; i < COUNT(some); i++) {
        pj_value_options options = pattern_options(S(some[i].text), 9);
        pj_value *value = NULL;
        pj_error err;
        int made = pj_value_new(&options, &value, &err) == 0;

#ifdef __GLIBC__
        CHECK(made);
#endif
        CHECK(made || (says(&err, PJ_E_ValueTypeInvalid)
                       && strstr(err.message, some[i].why) != NULL));
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

/* What was asked for is given back, from memory of its own.  */
static void
test_get(void)
{
    char root[] = "/b";
    pj_str roots[2] = {PJ_STR("/a"), S(root)};
    pj_value *value = need_value((pj_value_options){
        .type = PJ_VALUE_READ_PATH, .words = roots, .word_count = 2});
    const pj_value_options *is;

    memset(root, 'x', sizeof root);
    memset(roots, 0, sizeof roots);
    CHECK(pj_value_ref(value) == value);
    pj_value_unref(value);
    is = pj_value_get(value);
    CHECK(is->type == PJ_VALUE_READ_PATH && is->word_count == 2);
    CHECK(pj_str_equal(is->words[1], S("/b")) && pj_value_is_path(value));
    CHECK(is->host_count == 0 && is->expression.ptr == NULL);
    pj_value_unref(value);
    pj_value_unref(NULL);
    value = pattern("a+");
    is = pj_value_get(value);
    CHECK(is->type == PJ_VALUE_PATTERN && is->max_length == 4096);
    CHECK(pj_str_equal(is->expression, PJ_STR("a+")));
    CHECK(!pj_value_is_path(value));
    pj_value_unref(value);
    value = number(-1, 7);
    is = pj_value_get(value);
    CHECK(is->type == PJ_VALUE_INT && is->min == -1 && is->max == 7);
    pj_value_unref(value);
}

/* A type without roots takes no path, one without bounds the 0 only.  */
static void
test_defaults(void)
{
    pj_value *value = need_value((pj_value_options){0});

    CHECK(pj_value_get(value)->type == PJ_VALUE_INT);
    try_value(value, LIST("0"), LIST("", "1", "-1"));
    try_value(text(0), LIST(""), LIST("a"));
    value = simple(PJ_VALUE_WRITE_PATH);
    CHECK(pj_value_get(value)->word_count == 0);
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
    test_patterns_that_a_library_lacks();
    test_wanted();
    test_get();
    test_defaults();
    test_threads();
    return CHECK_REPORT();
}
