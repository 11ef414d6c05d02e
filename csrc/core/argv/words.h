/* words.h: the words behind an option that belong to it.  */
#ifndef PJ_WORDS_H
#define PJ_WORDS_H

#include "argv/reading.h"

/* Takes them.  Fails with ArgValueInvalid where one is missing, or would be
   an option if somebody else read it.  */
int pj_words_take(pj_reading *r, const pj_grammar *g, pj_arg *arg,
                  pj_error *err);

/* ArgValueInvalid for the token at `at`, and -1.  */
int pj_words_refuse(const pj_reading *r, const pj_grammar *g,
                    const pj_arg *arg, size_t at, const char *why,
                    pj_error *err);

#endif
