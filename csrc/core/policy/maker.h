/* maker.h: whose program a file is, and so which table it has.  */
#ifndef PJ_POLICY_MAKER_H
#define PJ_POLICY_MAKER_H

#include "argv/programs.h"
#include "policy/binary.h"

/* The longest file that is searched, in bytes.  */
#define PJ_MAKER_FILE_MAX ((off_t)256 << 20)

/* Searches the whole file: for building a policy, not for preparing.  NONE
   if it has no mark, cannot be read, or is another file by now.  */
pj_maker pj_maker_of_pin(const pj_pin *pin);

/* Whether it matters who made a file that is called as `name`.  */
int pj_maker_matters(const pj_pin *pin, pj_str name);

/* Whether a program selects its task by the name it is called by.  */
int pj_maker_is_multicall(const pj_pin *pin, pj_maker maker);

/* The table of a file that is called as `name`; NULL if it has none.  */
const pj_program *pj_maker_table(const pj_pin *pin, pj_maker maker,
                                 pj_str name);

#endif
