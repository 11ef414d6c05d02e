/* test_error.c: the table of codes, and text that is safe to log.  */
#include "base/error.h"

#include <ctype.h>
#include <errno.h>

#include "check.h"
#include "base/strings.h"

struct escape_case {
    pj_str text;
    const char *shown;
};

static const struct escape_case escape_cases[] = {
    {PJ_STR(""), ""},
    {PJ_STR("plain text"), "plain text"},
    {PJ_STR("a\\b"), "a\\b"},
    {PJ_STR("\0\x01\x1f\x7f"), "\\x00\\x01\\x1f\\x7f"},
    {PJ_STR("line\nline\r\t"), "line\\x0aline\\x0d\\x09"},
    {PJ_STR("\x1b[31m"), "\\x1b[31m"},
    {PJ_STR("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
     "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
    /* C1 controls are controls in every terminal.  */
    {PJ_STR("\xc2\x9b" "31m"), "\\xc2\\x9b31m"},
    {PJ_STR("\xc2\xa0"), "\xc2\xa0"},
    /* Not UTF-8: alone, cut short, overlong, surrogate, too large.  */
    {PJ_STR("\x80"), "\\x80"},
    {PJ_STR("\xff\xfe"), "\\xff\\xfe"},
    {PJ_STR("\xe2\x82"), "\\xe2\\x82"},
    {PJ_STR("\xc3("), "\\xc3("},
    {PJ_STR("\xc0\xaf"), "\\xc0\\xaf"},
    {PJ_STR("\xe0\x80\xaf"), "\\xe0\\x80\\xaf"},
    {PJ_STR("\xed\xa0\x80"), "\\xed\\xa0\\x80"},
    {PJ_STR("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"},
    {PJ_STR("\xf8\x88\x80\x80\x80"), "\\xf8\\x88\\x80\\x80\\x80"},
    /* Marks that reorder text, and separators that break a line.  */
    {PJ_STR("\xe2\x80\xae"), "\\xe2\\x80\\xae"},
    {PJ_STR("\xe2\x81\xa6"), "\\xe2\\x81\\xa6"},
    {PJ_STR("\xe2\x80\xa8"), "\\xe2\\x80\\xa8"},
    {PJ_STR("\xe2\x80\x8f"), "\\xe2\\x80\\x8f"},
    {PJ_STR("\xd8\x9c"), "\\xd8\\x9c"},
    {PJ_STR("\xef\xbb\xbf"), "\\xef\\xbb\\xbf"},
    /* What cannot be seen: a space of no width, a filler, a tag.  */
    {PJ_STR("\xe2\x80\x8b"), "\\xe2\\x80\\x8b"},
    {PJ_STR("\xe3\x85\xa4"), "\\xe3\\x85\\xa4"},
    {PJ_STR("\xf3\xa0\x81\x81"), "\\xf3\\xa0\\x81\\x81"},
};

static void
test_escape(void)
{
    char out[PJ_VALUE_SIZE];

    for (size_t i = 0; i < sizeof escape_cases / sizeof *escape_cases; i++) {
        pj_escape(out, escape_cases[i].text);
        CHECK(strcmp(out, escape_cases[i].shown) == 0);
    }
    pj_escape(out, (pj_str){NULL, 0});
    CHECK(out[0] == '\0');
}

/* Text is cut between characters, and never within an escape.  */
static void
test_cut(void)
{
    char text[300], out[PJ_VALUE_SIZE];

    memset(text, 'a', sizeof text);
    pj_escape(out, (pj_str){text, 128});
    CHECK(strlen(out) == 128 && strchr(out, '.') == NULL);
    pj_escape(out, (pj_str){text, 129});
    CHECK(strlen(out) == 131 && strcmp(out + 128, "...") == 0);
    pj_escape(out, (pj_str){text, sizeof text});
    CHECK(strlen(out) == 131);

    memcpy(text + 127, "\xc3\xa9", 2);
    pj_escape(out, (pj_str){text, 129});
    CHECK(strcmp(out + 127, "...") == 0);
    memcpy(text + 126, "\xc3\xa9", 2);
    pj_escape(out, (pj_str){text, 128});
    CHECK(strcmp(out + 126, "\xc3\xa9") == 0);

    memset(text, '\n', sizeof text);
    pj_escape(out, (pj_str){text, sizeof text});
    CHECK(strlen(out) == 131 && strcmp(out + 124, "\\x0a...") == 0);
}

static void
test_table(void)
{
    for (int code = 1; code < PJ_CODE_COUNT; code++) {
        const char *name = pj_code_name((pj_code)code);
        const char *doc = pj_code_doc((pj_code)code);

        CHECK(isupper((unsigned char)name[0]));
        for (int other = 0; other < code; other++)
            CHECK(strcmp(name, pj_code_name((pj_code)other)) != 0);
        CHECK(pj_code_class((pj_code)code) >= PJ_CLASS_VIOLATION);
        CHECK(pj_code_class((pj_code)code) <= PJ_CLASS_SYSTEM);
        CHECK(strlen(pj_code_phrase((pj_code)code)) > 3);
        CHECK(strlen(doc) > 10 && doc[strlen(doc) - 1] == '.');
    }
}

static void
test_outside_the_table(void)
{
    static const int numbers[] = {-1, PJ_CODE_COUNT, 1 << 30};

    CHECK(strcmp(pj_code_name(PJ_OK), "Ok") == 0);
    CHECK(pj_code_class(PJ_OK) == PJ_CLASS_NONE);
    for (size_t i = 0; i < 3; i++) {
        pj_code code = (pj_code)numbers[i];

        CHECK(strcmp(pj_code_name(code), "Unknown") == 0);
        CHECK(pj_code_class(code) == PJ_CLASS_NONE);
        CHECK(pj_code_phrase(code)[0] == '\0');
        CHECK(pj_code_doc(code)[0] == '\0');
    }
    CHECK(strcmp(pj_version(), PJ_VERSION) == 0);
}

static void
test_begin(void)
{
    pj_error err;

    memset(&err, 0x55, sizeof err);
    pj_error_begin(&err, PJ_E_BinNotFound, PJ_STR("/x\n"));
    CHECK(err.code == PJ_E_BinNotFound && err.sys_errno == 0);
    CHECK(err.step == NULL && err.index == -1);
    CHECK(err.max == 0 && err.got == 0 && err.risk == PJ_RISK_NONE);
    CHECK(strcmp(err.value, "/x\\x0a") == 0);
    CHECK(err.expected[0] == '\0' && err.reason[0] == '\0');
    CHECK(err.message[0] == '\0');
    /* The value may be that of the report before.  */
    pj_error_begin(&err, PJ_E_NulByte, pj_str_of(err.value));
    CHECK(strcmp(err.value, "/x\\x0a") == 0);
}

static void
test_system(void)
{
    pj_error err;

    CHECK(pj_error_system(&err, "pipe", EMFILE) == -1);
    CHECK(err.code == PJ_E_OutOfDescriptors && err.sys_errno == EMFILE);
    CHECK(strcmp(err.step, "pipe") == 0);
    CHECK(pj_error_system(&err, "pipe", ENFILE) == -1);
    CHECK(err.code == PJ_E_OutOfDescriptors);
    CHECK(pj_error_system(&err, "read", EIO) == -1);
    CHECK(err.code == PJ_E_SpawnFailed && err.sys_errno == EIO);
    CHECK(strstr(err.message, "read") != NULL);
    /* Whatever call had no memory: it is no fault of the program's.  */
    CHECK(pj_error_system(&err, "open", ENOMEM) == -1);
    CHECK(err.code == PJ_E_OutOfMemory);
    CHECK(pj_error_memory(&err) == -1);
    CHECK(err.code == PJ_E_OutOfMemory && err.sys_errno == ENOMEM);
}

/* The longest values that can come together still end in a NUL.  */
static void
test_long_message(void)
{
    char text[2000];
    pj_error err;

    memset(text, '\x01', sizeof text);
    pj_error_nul(&err, "argument", (pj_str){text, sizeof text}, 7);
    CHECK(err.index == 7 && strlen(err.message) < PJ_MESSAGE_SIZE);
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    CHECK(pj_error_say(&err, "%s", text) == -1);
    CHECK(strlen(err.message) == PJ_MESSAGE_SIZE - 1);
}

int
main(void)
{
    test_escape();
    test_cut();
    test_table();
    test_outside_the_table();
    test_begin();
    test_system();
    test_long_message();
    return CHECK_REPORT();
}
