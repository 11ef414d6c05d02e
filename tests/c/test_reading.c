/* test_reading.c: argv as programs read it, told in one line each.  */
#include "argv/reading.h"

#include "fixture.h"
#include "base/strings.h"

/* Words are separated by blanks.  `told` has an item for each thing that is
   read, with the index of its token: 0:--max-count=5 1:p 2:--, a word of an
   option that takes two in brackets; or, where `code` is set, the index and
   the option at fault.  */
struct case_of {
    const char *program;
    int posix;
    const char *argv;
    const char *told;
    pj_code code;
};

#define NOT_ALLOWED PJ_E_ArgFlagNotAllowed
#define BAD_VALUE PJ_E_ArgValueInvalid

static const struct case_of cases[] = {
    {"grep", 0, "", "", PJ_OK},
    {"grep", 0, "-", "0:-", PJ_OK},
    {"grep", 0, "-n p", "0:--line-number 1:p", PJ_OK},
    {"grep", 0, "-nm5 p", "0:--line-number 0:--max-count=5 1:p", PJ_OK},
    {"grep", 0, "-nm 5 p", "0:--line-number 0:--max-count=5 2:p", PJ_OK},
    {"grep", 0, "--max=5", "0:--max-count=5", PJ_OK},
    {"grep", 0, "--max-count=", "0:--max-count=", PJ_OK},
    {"grep", 0, "--max-count -5", "0:--max-count=-5", PJ_OK},
    {"grep", 0, "p -n q", "0:p 1:--line-number 2:q", PJ_OK},
    {"grep", 1, "p -n -- q", "0:p 1:-n 2:-- 3:q", PJ_OK},
    {"grep", 1, "-n p", "0:--line-number 1:p", PJ_OK},
    {"grep", 0, "p -- -n --", "0:p 1:-- 2:-n 3:--", PJ_OK},
    {"grep", 0, "--color -e x", "0:--color 1:--regexp=x", PJ_OK},
    {"grep", 0, "--color=x", "0:--color=x", PJ_OK},
    {"grep", 0, "-5", "0:-5", PJ_OK},
    {"grep", 0, "p --none", "1 --none", NOT_ALLOWED},
    {"grep", 0, "--c", "0 --c", NOT_ALLOWED},
    {"grep", 0, "-n%", "0 -%", NOT_ALLOWED},
    {"grep", 0, "--count=1", "0 --count", BAD_VALUE},
    {"grep", 0, "p -m", "1 --max-count", BAD_VALUE},
    {"grep", 0, "-m -n", "1 --max-count", BAD_VALUE},
    {"sed", 0, "-ni.bak p", "0:--quiet 0:--in-place=.bak 1:p", PJ_OK},
    {"sed", 0, "-in p", "0:--in-place=n 1:p", PJ_OK},
    {"tar", 0, "tf a", "0:--list 0:--file=a", PJ_OK},
    {"tar", 0, "fbt a 9 -v m",
     "0:--file=a 0:--blocking-factor=9 0:--list 3:--verbose 4:m", PJ_OK},
    {"tar", 0, "-tf a", "0:--list 0:--file=a", PJ_OK},
    {"tar", 0, "- tf", "0:- 1:tf", PJ_OK},
    {"tar", 0, "t% a", "0 -%", NOT_ALLOWED},
    {"tar", 0, "tf", "0 --file", BAD_VALUE},
    {"head", 0, "-5 f", "0:-5 1:f", PJ_OK},
    {"head", 0, "f -5", "1 -5", NOT_ALLOWED},
    {"head", 0, "-q5", "0 -q5", NOT_ALLOWED},
    {"find", 0, "-L . ! -name x", "0:-L 1:. 2:! 3:-name=x", PJ_OK},
    {"find", 0, ". -mtime -7", "0:. 1:-mtime=-7", PJ_OK},
    {"find", 0, ". -fprintf f x", "0:. 1:-fprintf=f(x)", PJ_OK},
    {"find", 0, ". -exec id ;", "1 -exec", NOT_ALLOWED},
    {"find", 0, "-- .", "0 --", NOT_ALLOWED},
    {"find", 0, ". -print ..", "2 ..", NOT_ALLOWED},
    {"find", 0, ". -L", "1 -L", NOT_ALLOWED},
    {"find", 0, ". -name -delete", "2 -name", BAD_VALUE},
    {"dd", 0, "if=a of=b=c", "0:if==a 1:of==b=c", PJ_OK},
    {"dd", 0, "x=y z", "0:x=y 1:z", PJ_OK},
    {"dd", 0, "-- if=a", "0 --", NOT_ALLOWED},
    {"jq", 0, "--arg n v .", "0:--arg=v(n) 3:.", PJ_OK},
    {"jq", 0, ". -- -r", "0:. 1:-- 2:-r", PJ_OK},
    {"jq", 0, "-- .", "0 --", NOT_ALLOWED},
    {"jq", 0, "--indent=2 .", "0 --indent", BAD_VALUE},
    {"jq", 0, "--arg n", "1 --arg", BAD_VALUE},
    {"git", 0, "-C d log -n 5 x",
     "0:-C=d 2:log 3:-n=5 5:x", PJ_OK},
    {"git", 0, "log x --oneline", "0:log 1:x 2:--oneline", PJ_OK},
    {"git", 0, "log -- x", "0:log 1:-- 2:x", PJ_OK},
    {"git", 0, "-- log", "0 --", NOT_ALLOWED},
    {"git", 0, "log --onel", "1 --onel", NOT_ALLOWED},
    {"git", 0, "no-such x", "0 ", PJ_E_ArgProgramUnknown},
    /* Its own parser knows no $POSIXLY_CORRECT.  */
    {"curl", 1, "x -o y", "0:x 1:--output=y", PJ_OK},
    {"tail", 0, "+5 a", "0 +5", NOT_ALLOWED},
    {"tail", 0, "-- +5", "0:-- 1:+5", PJ_OK},
    {"uniq", 1, "a +5", "1 +5", NOT_ALLOWED},
    {"od", 0, "5 a", "0:5 1:a", PJ_OK},
    {"od", 0, "a 5", "1 5", NOT_ALLOWED},
    {"od", 0, "-- a +5", "2 +5", NOT_ALLOWED},
    {"join", 0, "-o 1.1 2.2 a b", "4 b", NOT_ALLOWED},
    {"no-such", 0, "", "-1 ", PJ_E_ArgProgramUnknown},
};

static int
add_name(char *out, size_t room, const pj_item *item)
{
    if (item->kind != PJ_ITEM_OPTION)
        return 0;
    if (item->name == NULL)
        return snprintf(out, room, "-%c", item->letter);
    return snprintf(out, room, "%s%s%s", item->is_word || item->is_pair
                    ? "" : "--", item->name, item->is_pair ? "=" : "");
}

static void
tell_items(const pj_item *items, size_t count, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const pj_item *item = &items[i];

        used += (size_t)snprintf(out + used, size - used, "%s%zu:",
                                 i == 0 ? "" : " ", item->index);
        used += (size_t)add_name(out + used, size - used, item);
        if (item->kind == PJ_ITEM_DASHES)
            used += (size_t)snprintf(out + used, size - used, "--");
        if (item->value.ptr != NULL)
            used += (size_t)snprintf(out + used, size - used, "%s%.*s",
                                     item->kind == PJ_ITEM_OPTION ? "=" : "",
                                     (int)item->value.len, item->value.ptr);
        if (item->text.ptr != NULL)
            used += (size_t)snprintf(out + used, size - used, "(%.*s)",
                                     (int)item->text.len, item->text.ptr);
    }
}

static void
try_case(const struct case_of *one)
{
    char text[128], told[256];
    pj_str argv[16];
    pj_item *items = NULL;
    size_t argc, count = 0;
    pj_error err = {.code = PJ_OK};
    int result;

    snprintf(text, sizeof text, "%s", one->argv);
    argc = split(text, argv, 16);
    result = pj_program_read(S(one->program), argv, argc, one->posix, &items,
                             &count, &err);
    if (result == 0)
        tell_items(items, count, told, sizeof told);
    else
        snprintf(told, sizeof told, "%ld %s", err.index, err.option);
    if (err.code != one->code || strcmp(told, one->told) != 0)
        fprintf(stderr, "%s %s: %s (%s)\n", one->program, one->argv, told,
                result == 0 ? "" : err.message);
    CHECK(err.code == one->code && strcmp(told, one->told) == 0);
    CHECK((result == 0) == (items != NULL));
    free(items);
}

/* More than fit into the reading itself.  */
static void
test_many(void)
{
    pj_str argv[500];
    pj_item *items = NULL;
    size_t count = 0;
    char cluster[400] = "-";

    for (size_t i = 0; i < COUNT(argv); i++)
        argv[i] = i % 2 == 0 ? PJ_STR("-n") : PJ_STR("x");
    CHECK(pj_program_read(S("grep"), argv, COUNT(argv), 0, &items, &count,
                          NULL) == 0);
    CHECK(count == COUNT(argv));
    for (size_t i = 0; i < count; i++)
        CHECK(items[i].index == i && (items[i].value.ptr == NULL)
              == (i % 2 == 0));
    free(items);
    memset(cluster + 1, 'n', sizeof cluster - 2);
    argv[0] = (pj_str){cluster, sizeof cluster - 1};
    CHECK(pj_program_read(S("grep"), argv, 1, 0, &items, &count, NULL) == 0);
    CHECK(count == sizeof cluster - 2 && items[count - 1].index == 0);
    free(items);
}

static void
test_nul(void)
{
    pj_str argv[2] = {PJ_STR("p"), PJ_STR("-\0")};
    pj_item *items = NULL;
    size_t count;
    pj_error err;

    CHECK(pj_program_read(S("grep"), argv, 2, 0, &items, &count, &err) < 0);
    CHECK(says(&err, PJ_E_NulByte) && err.index == 1 && items == NULL);
}

/* A token need not end in a NUL.  */
static void
test_lengths(void)
{
    pj_str argv[2] = {{"-m55", 3}, {"--countx", 7}};
    pj_item *items = NULL;
    size_t count;

    CHECK(pj_program_read(S("grep"), argv, 2, 0, &items, &count, NULL) == 0);
    CHECK(count == 2 && pj_str_equal(items[0].value, PJ_STR("5")));
    CHECK(strcmp(items[1].name, "count") == 0);
    free(items);
}

int
main(void)
{
    for (size_t i = 0; i < COUNT(cases); i++)
        try_case(&cases[i]);
    test_many();
    test_nul();
    test_lengths();
    return CHECK_REPORT();
}
