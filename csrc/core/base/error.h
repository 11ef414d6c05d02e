/* error.h: filling in a pj_error.  Internal functions always get a real
   pj_error; public ones replace NULL with a scratch of their own.  */
#ifndef PJ_ERROR_H
#define PJ_ERROR_H

#include "procjail.h"

/* Begins a report: clears `err`, sets the code and the escaped value.  */
void pj_error_begin(pj_error *err, pj_code code, pj_str value);

/* Writes the message of a report that was begun.  Returns -1, so that
   callers can return its result.  */
int pj_error_say(pj_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Two reports that any function may need.  */
int pj_error_memory(pj_error *err);
int pj_error_nul(pj_error *err, const char *what, pj_str value, long index);

/* For a failed open or pipe: OutOfDescriptors if that is the reason,
   otherwise SpawnFailed with the step.  */
int pj_error_system(pj_error *err, const char *step, int number);

/* Copies `text` to `out` (PJ_VALUE_SIZE bytes), escaped and truncated.  */
void pj_escape(char *out, pj_str text);

/* Text assembled for a report, truncated when full.  Initialize with
   {.used = 0}.  */
typedef struct pj_text {
    char text[PJ_VALUE_SIZE];
    size_t used;
} pj_text;

void pj_text_add(pj_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends words, separated by spaces.  */
void pj_text_words(pj_text *text, const pj_str *words, size_t count);

/* A view of it.  */
pj_str pj_text_view(const pj_text *text);

/* strerror_r with the same interface on every libc.  */
void pj_errno_text(char *out, size_t size, int number);

#endif
