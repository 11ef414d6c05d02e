/* traits.h: what is refused where a program departs from getopt.  */
#ifndef PJ_TRAITS_H
#define PJ_TRAITS_H

#include "argv/reading.h"

/* Whether a table tells how these are read.  Each fails with
   ArgFlagNotAllowed: the digits of the bundle at r->at; words that stand
   for the words of a file, from r->at on; the operand at r->at, which
   follows so many others (`dashes`: behind `--`).  */
int pj_traits_check_number(const pj_reading *r, const pj_grammar *g,
                           pj_error *err);
int pj_traits_check_files(const pj_reading *r, const pj_grammar *g,
                          pj_error *err);
int pj_traits_check_operand(const pj_reading *r, const pj_grammar *g,
                            size_t others, int dashes, pj_error *err);

#endif
