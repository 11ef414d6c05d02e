/* check.h: what the C tests need: one macro, and a count at the end.  */
#ifndef PJ_TEST_CHECK_H
#define PJ_TEST_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procjail.h"

static int check_count, check_failures;

/* Counts, and reports a failure with its place; the test goes on.  */
#define CHECK(condition)                                                  \
    do {                                                                  \
        check_count++;                                                    \
        if (!(condition)) {                                               \
            check_failures++;                                             \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__,    \
                    #condition);                                          \
        }                                                                 \
    } while (0)

/* The last line of every test's main.  */
#define CHECK_REPORT()                                                    \
    (printf("%s: %d checks, %d failed\n", __FILE__, check_count,          \
            check_failures),                                              \
     check_failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE)

/* Tells what this system cannot try, and why.  */
#define CHECK_SKIP(why) printf("%s: skipped: %s\n", __FILE__, why)

#define S(literal) pj_str_of(literal)

/* Splits a text at its blanks, in place; how many words there are.  */
static inline size_t
split(char *text, pj_str *out, size_t most)
{
    size_t count = 0;

    for (char *word = strtok(text, " "); word != NULL && count < most;
         word = strtok(NULL, " "))
        out[count++] = pj_str_of(word);
    return count;
}

#endif
