/*
 * test_layout.c: numbers that are promised.
 *
 * The list below is written by hand and only grows at its end: a code that
 * changes its number, its name, its class or its phrase breaks programs
 * that were built before.
 */
#include <stddef.h>

#include "check.h"

struct golden {
    int number;
    const char *name;
    pj_class cls;
    const char *phrase;
};

static const struct golden codes[] = {
    {1, "BinNotAbsolute", PJ_CLASS_VIOLATION, "absolute"},
    {2, "BinNotFound", PJ_CLASS_VIOLATION, "not found"},
    {3, "BinCanonicalizeFailed", PJ_CLASS_VIOLATION, "canonicalize"},
    {4, "BinNotAllowed", PJ_CLASS_VIOLATION, "not allowed"},
    {5, "BinRiskyDenied", PJ_CLASS_VIOLATION, "risky"},
    {6, "BinIsDirectory", PJ_CLASS_VIOLATION, "directory"},
    {7, "BinNotRegularFile", PJ_CLASS_VIOLATION, "regular file"},
    {8, "BinNotExecutable", PJ_CLASS_VIOLATION, "not executable"},
    {9, "BinChanged", PJ_CLASS_VIOLATION, "changed"},
    {10, "ArgRulesRequired", PJ_CLASS_VIOLATION, "argument rules required"},
    {11, "ArgRulesUnused", PJ_CLASS_VIOLATION, "argument rules unused"},
    {12, "ArgRulesDuplicate", PJ_CLASS_VIOLATION,
     "argument rules given twice"},
    {13, "ArgRulesInvalid", PJ_CLASS_VIOLATION, "argument rules invalid"},
    {14, "ArgSubcommandMismatch", PJ_CLASS_VIOLATION, "subcommand"},
    {15, "ArgFlagNotAllowed", PJ_CLASS_VIOLATION, "not allowed"},
    {16, "ArgTooManyFlags", PJ_CLASS_VIOLATION, "too many flags"},
    {17, "ArgTooManyPositionals", PJ_CLASS_VIOLATION,
     "too many positional"},
    {18, "ArgFlagAfterPositional", PJ_CLASS_VIOLATION,
     "after a positional"},
    {19, "ArgValueInvalid", PJ_CLASS_VIOLATION, "value"},
    {20, "EnvForbidden", PJ_CLASS_VIOLATION, "forbidden"},
    {21, "CwdForbidden", PJ_CLASS_VIOLATION, "forbidden"},
    {22, "NulByte", PJ_CLASS_VIOLATION, "NUL byte"},
    {23, "LimitInvalid", PJ_CLASS_VIOLATION, "limit"},
    {24, "SpawnFailed", PJ_CLASS_EXEC, "spawn"},
    {25, "StatusLost", PJ_CLASS_EXEC, "status lost"},
    {26, "Cancelled", PJ_CLASS_EXEC, "cancelled"},
    {27, "NonZeroExit", PJ_CLASS_EXEC, "exited"},
    {28, "Timeout", PJ_CLASS_STOPPED, "timed out"},
    {29, "StdoutLimitExceeded", PJ_CLASS_STOPPED, "limit exceeded"},
    {30, "StderrLimitExceeded", PJ_CLASS_STOPPED, "limit exceeded"},
    {31, "OutOfMemory", PJ_CLASS_SYSTEM, "memory"},
    {32, "OutOfDescriptors", PJ_CLASS_SYSTEM, "descriptor"},
};

static void
test_codes(void)
{
    int count = (int)(sizeof codes / sizeof codes[0]);

    /* New codes may have come since; those of the list are as they were. */
    CHECK(PJ_OK == 0 && PJ_CODE_COUNT > count);
    for (int i = 0; i < count; i++) {
        pj_code code = (pj_code)codes[i].number;

        CHECK(codes[i].number == i + 1);
        CHECK(strcmp(pj_code_name(code), codes[i].name) == 0);
        CHECK(pj_code_class(code) == codes[i].cls);
        CHECK(strcmp(pj_code_phrase(code), codes[i].phrase) == 0);
    }
}

static void
test_enums(void)
{
    CHECK(PJ_CLASS_NONE == 0 && PJ_CLASS_VIOLATION == 1);
    CHECK(PJ_CLASS_EXEC == 2 && PJ_CLASS_STOPPED == 3);
    CHECK(PJ_CLASS_SYSTEM == 4);
    CHECK(PJ_RISK_NONE == -1 && PJ_RISK_SHELL == 0);
    CHECK(PJ_RISK_INTERPRETER == 1 && PJ_RISK_SPAWNER == 2);
    CHECK(PJ_RISK_PRIVILEGE == 3 && PJ_RISK_LOADER == 4);
    CHECK(PJ_RISK_EDITOR == 5 && PJ_RISK_DEBUGGER == 6);
    CHECK(PJ_RISK_COMPILER == 7 && PJ_RISK_CONTAINER == 8);
    CHECK(PJ_RISK_REMOTE == 9 && PJ_RISK_PACKAGE == 10);
    CHECK(PJ_DOUBLE_DASH_NEVER == 0 && PJ_DOUBLE_DASH_AFTER_FLAGS == 1);
    CHECK(PJ_RISKY_DENY == 0 && PJ_RISKY_WARN == 1);
    CHECK(PJ_RISKY_DISABLED == 2);
    CHECK(PJ_ENV_EMPTY == 0 && PJ_ENV_LOCALE == 1 && PJ_ENV_FIXED == 2);
    CHECK(PJ_ENV_ALLOWLIST == 3);
    CHECK(PJ_CWD_FIXED == 0 && PJ_CWD_JAILED == 1);
    CHECK(PJ_CWD_ALLOWLIST == 2);
    CHECK(PJ_END_UNKNOWN == 0 && PJ_END_EXITED == 1);
    CHECK(PJ_END_SIGNALED == 2);
    CHECK(PJ_READY_OUT == 1 && PJ_READY_ERR == 2 && PJ_READY_EXIT == 4);
    CHECK(PJ_READY_UNKNOWN == 8);
}

static void
test_structs(void)
{
    CHECK(PJ_VALUE_SIZE == 160 && PJ_MESSAGE_SIZE == 1280);
    CHECK(sizeof(pj_str) == 2 * sizeof(void *));
    CHECK(sizeof(pj_pair) == 2 * sizeof(pj_str));
    CHECK(offsetof(pj_str, ptr) == 0);
    CHECK(offsetof(pj_str, len) == sizeof(void *));
    CHECK(sizeof(pj_code) == sizeof(int) && sizeof(pj_risk) == sizeof(int));
    CHECK(offsetof(pj_error, code) == 0);
    CHECK(sizeof((pj_error){0}).message == PJ_MESSAGE_SIZE);
    CHECK(offsetof(pj_error, message) + PJ_MESSAGE_SIZE
          <= sizeof(pj_error));
    CHECK(offsetof(pj_bytes, data) == 0);
    CHECK(PJ_STORAGE_MIN == 262144);
    CHECK(PJ_TIMEOUT_MAX == INT64_C(1000000000000000000));
    CHECK(PJ_OUTPUT_MAX == UINT64_C(70368744177664));
}

int
main(void)
{
    test_codes();
    test_enums();
    test_structs();
    return CHECK_REPORT();
}
