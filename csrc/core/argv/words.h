/* words.h: the words after an option that belong to it.  */
#ifndef PJ_WORDS_H
#define PJ_WORDS_H

#include "argv/reading.h"

/* Consumes them.  Fails with ArgValueInvalid if one is missing, or another
   reader could take it as an option.  */
int pj_words_take(pj_reading *r, const pj_grammar *g, pj_arg *arg,
                  pj_error *err);

/* Sets ArgValueInvalid for the token at `at` and returns -1.  */
int pj_words_refuse(const pj_reading *r, const pj_grammar *g,
                    const pj_arg *arg, size_t at, const char *why,
                    pj_error *err);

#endif
