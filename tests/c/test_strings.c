/* test_strings.c: owned strings and vectors of them.  */
#include "base/strings.h"

#include "check.h"

static void
test_compare(void)
{
    pj_str absent = {NULL, 0};

    CHECK(pj_str_of(NULL).ptr == NULL && pj_str_of(NULL).len == 0);
    CHECK(pj_str_of("abc").len == 3);
    CHECK(pj_str_equal(absent, PJ_STR("")));
    CHECK(pj_str_equal(PJ_STR("a\0b"), PJ_STR("a\0b")));
    CHECK(!pj_str_equal(PJ_STR("a\0b"), PJ_STR("a\0c")));
    CHECK(!pj_str_equal(PJ_STR("ab"), PJ_STR("abc")));
    CHECK(pj_str_equal_nocase(PJ_STR("Ld_PreLoad"), PJ_STR("LD_PRELOAD")));
    CHECK(!pj_str_equal_nocase(PJ_STR("LD"), PJ_STR("LD_")));
    CHECK(pj_str_equal_nocase(absent, absent));
}

static void
test_parts(void)
{
    pj_str absent = {NULL, 0};

    CHECK(pj_str_starts(PJ_STR("abc"), PJ_STR("ab")));
    CHECK(pj_str_starts(PJ_STR("abc"), absent));
    CHECK(pj_str_starts(absent, absent));
    CHECK(!pj_str_starts(PJ_STR("ab"), PJ_STR("abc")));
    CHECK(pj_str_has(PJ_STR("a\0b"), '\0'));
    CHECK(!pj_str_has(PJ_STR("ab"), '\0'));
    CHECK(!pj_str_has(absent, '\0'));
    CHECK(pj_str_is_flag(PJ_STR("-a")) && pj_str_is_flag(PJ_STR("--")));
    CHECK(!pj_str_is_flag(PJ_STR("-")) && !pj_str_is_flag(PJ_STR("a-")));
    CHECK(!pj_str_is_flag(absent));
    CHECK(pj_str_equal(pj_str_basename(PJ_STR("/a/b")), PJ_STR("b")));
    CHECK(pj_str_equal(pj_str_basename(PJ_STR("b")), PJ_STR("b")));
    CHECK(pj_str_basename(PJ_STR("/a/")).len == 0);
    CHECK(pj_str_basename(absent).len == 0);
}

static void
test_dup(void)
{
    pj_str copy = {"stale", 5};

    CHECK(pj_str_dup((pj_str){NULL, 0}, &copy) == 0);
    CHECK(copy.ptr == NULL && copy.len == 0);
    /* Only the first two bytes, and a NUL behind them.  */
    CHECK(pj_str_dup((pj_str){"abc", 2}, &copy) == 0);
    CHECK(copy.len == 2 && strcmp(copy.ptr, "ab") == 0);
    pj_str_clear(&copy);
    CHECK(copy.ptr == NULL && copy.len == 0);
    pj_str_clear(&copy);
    CHECK(pj_str_dup(PJ_STR(""), &copy) == 0);
    CHECK(copy.ptr != NULL && copy.len == 0 && copy.ptr[0] == '\0');
    pj_str_clear(&copy);
}

static void
test_vector(void)
{
    pj_strv vector = {NULL, 0, 0};
    char name[16];

    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "item %d", i);
        CHECK(pj_strv_push(&vector, pj_str_of(name)) == 0);
    }
    CHECK(vector.count == 100 && vector.room >= 100);
    CHECK(pj_str_equal(vector.items[0], PJ_STR("item 0")));
    CHECK(pj_str_equal(vector.items[99], PJ_STR("item 99")));
    CHECK(pj_strs_find(vector.items, vector.count, PJ_STR("item 42")));
    CHECK(!pj_strs_find(vector.items, vector.count, PJ_STR("item")));
    CHECK(!pj_strs_find(NULL, 0, PJ_STR("item")));
    /* An absent string is kept as an empty one.  */
    CHECK(pj_strv_push(&vector, (pj_str){NULL, 0}) == 0);
    CHECK(vector.items[100].ptr != NULL && vector.items[100].len == 0);
    pj_strv_clear(&vector);
    CHECK(vector.items == NULL && vector.count == 0 && vector.room == 0);
    CHECK(pj_strv_extend(&vector, NULL, 0) == 0 && vector.items == NULL);
    pj_strv_clear(&vector);
}

static void
test_pairs(void)
{
    static const pj_pair pairs[] = {
        {PJ_STR("A"), PJ_STR("1")},
        {PJ_STR("B"), {NULL, 0}},
        {PJ_STR("A"), PJ_STR("3")},
    };
    pj_pairv vector = {NULL, 0, 0};
    char name[16];

    CHECK(pj_pairv_extend(&vector, pairs, 3) == 0);
    CHECK(vector.count == 2);
    CHECK(pj_str_equal(vector.items[0].value, PJ_STR("3")));
    CHECK(vector.items[1].value.ptr != NULL);
    /* Names differ in case.  */
    CHECK(pj_pairv_set(&vector, PJ_STR("a"), PJ_STR("4")) == 0);
    CHECK(vector.count == 3);
    /* A value may be replaced by itself.  */
    CHECK(pj_pairv_set(&vector, PJ_STR("a"), vector.items[2].value) == 0);
    CHECK(pj_str_equal(vector.items[2].value, PJ_STR("4")));
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "N%d", i);
        CHECK(pj_pairv_set(&vector, pj_str_of(name), PJ_STR("v")) == 0);
    }
    CHECK(vector.count == 53);
    pj_pairv_clear(&vector);
    CHECK(vector.items == NULL && vector.count == 0);
}

int
main(void)
{
    test_compare();
    test_parts();
    test_dup();
    test_vector();
    test_pairs();
    return CHECK_REPORT();
}
