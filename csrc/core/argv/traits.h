/* traits.h: refusing arguments for which a program differs from getopt.  */
#ifndef PJ_TRAITS_H
#define PJ_TRAITS_H

#include "argv/reading.h"

/* Whether a table determines how these are read.  Each fails with
   ArgFlagNotAllowed: the digits of the bundle at r->at; from r->at on, words
   that are replaced by the words in a file; the operand at r->at, preceded by
   `others` operands (`dashes`: after `--`).  */
int pj_traits_check_number(const pj_reading *r, const pj_grammar *g,
                           pj_error *err);
int pj_traits_check_files(const pj_reading *r, const pj_grammar *g,
                          pj_error *err);
int pj_traits_check_operand(const pj_reading *r, const pj_grammar *g,
                            size_t others, int dashes, pj_error *err);

#endif
