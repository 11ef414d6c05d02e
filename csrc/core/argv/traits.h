/* traits.h: refusing arguments for which a program differs from getopt.  */
#ifndef PJ_TRAITS_H
#define PJ_TRAITS_H

#include "argv/reading.h"

/* Whether a table determines how these are read.  Each fails with
   ArgFlagNotAllowed: the digits of the bundle at r->at; from r->at on, words
   that are replaced by the words in a file; a value attached to a letter of
   the token at `index`; the operand at r->at, preceded by `others` operands
   (`dashes`: after `--`).  */
int pj_traits_check_number(const pj_reading *r, const pj_grammar *g,
                           pj_error *err);
int pj_traits_check_files(const pj_reading *r, const pj_grammar *g,
                          pj_error *err);
int pj_traits_check_value(const pj_reading *r, const pj_grammar *g,
                          size_t index, pj_str value, pj_error *err);
int pj_traits_check_operand(const pj_reading *r, const pj_grammar *g,
                            size_t others, int dashes, pj_error *err);

#endif
