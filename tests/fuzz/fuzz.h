/*
 * fuzz.h: what the fuzz targets share.
 *
 * How to run, from the top of the checkout:
 *
 *     make -C csrc fuzz FUZZ_CC=clang-14
 *     mkdir -p found
 *     csrc/build/fuzz/fuzz_args -max_total_time=300 -timeout=10 \
 *         found tests/fuzz/corpus/fuzz_args
 *
 * New inputs go to the first folder; the seeds in tests/fuzz/corpus are
 * small, written by hand, and stay as they are.  A target aborts where an
 * invariant does not hold, and leaves the input behind as crash-...: give
 * the file as the only argument to see it again.
 */
#ifndef PJ_FUZZ_H
#define PJ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procjail.h"
#include "base/strings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant of the library; also checked where NDEBUG is set.  */
#define HOLDS(condition)                                                  \
    do {                                                                  \
        if (!(condition)) {                                               \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__,       \
                    __LINE__, #condition);                                \
            abort();                                                      \
        }                                                                 \
    } while (0)

/* Takes the next piece of the input, up to a separator or the end.  The
   piece is not NUL-terminated: reading past it is an error ASan sees, when
   it is the last one.  */
static inline pj_str
take_piece(pj_str *rest, char separator)
{
    const char *end = rest->len == 0
        ? NULL : memchr(rest->ptr, separator, rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->ptr);
    pj_str piece = {rest->ptr, len};

    rest->ptr += len + (end != NULL);
    rest->len -= len + (end != NULL);
    return piece;
}

/* What every failed call owes its caller.  */
static inline void
check_error(const pj_error *err)
{
    HOLDS(err->code != PJ_OK && err->code < PJ_CODE_COUNT);
    HOLDS(strstr(err->message, pj_code_phrase(err->code)) != NULL);
    HOLDS(memchr(err->value, '\0', sizeof err->value) != NULL);
    HOLDS(memchr(err->expected, '\0', sizeof err->expected) != NULL);
    HOLDS(memchr(err->reason, '\0', sizeof err->reason) != NULL);
}

#endif
