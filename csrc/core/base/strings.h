/* strings.h: owned strings and string vectors.  Every owned string has a
   NUL after its last byte, so its ptr can be passed to the kernel.  */
#ifndef PJ_STRINGS_H
#define PJ_STRINGS_H

#include "procjail.h"

typedef struct pj_strv {
    pj_str *items;
    size_t count;
    size_t room;
} pj_strv;

typedef struct pj_pairv {
    pj_pair *items;
    size_t count;
    size_t room;
} pj_pairv;

/* Literals as pj_str.  */
#define PJ_STR(literal) ((pj_str){(literal), sizeof(literal) - 1})

/* Not from <ctype.h>, whose functions depend on the locale.  */
static inline int
pj_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int pj_str_equal(pj_str a, pj_str b);
int pj_str_equal_nocase(pj_str a, pj_str b);
int pj_str_starts(pj_str text, pj_str prefix);
int pj_str_has(pj_str text, char byte);
int pj_str_is_flag(pj_str token); /* `-x` and longer, also `--`  */

/* The part after the last slash.  */
pj_str pj_str_basename(pj_str path);

/* Whether an absolute path is a root or below it: /srv/a holds /srv/a and
   /srv/a/b, but not /srv/ab.  */
int pj_path_is_below(pj_str path, pj_str root);

/* Copies.  0, or -1 if out of memory.  An absent string stays absent.  */
int pj_str_dup(pj_str text, pj_str *out);
void pj_str_clear(pj_str *text);

int pj_strv_push(pj_strv *vector, pj_str text);
int pj_strv_extend(pj_strv *vector, const pj_str *items, size_t count);
void pj_strv_clear(pj_strv *vector);
int pj_strs_find(const pj_str *items, size_t count, pj_str text);

/* Arrays as options hold them.  0, or -1 if out of memory.  */
int pj_strs_dup(const pj_str *items, size_t count, const pj_str **out);
void pj_strs_free(const pj_str *items, size_t count);
int pj_pairs_dup(const pj_pair *items, size_t count, const pj_pair **out);
void pj_pairs_free(const pj_pair *items, size_t count);

/* Sets a pair, replacing one of the same name.  */
int pj_pairv_set(pj_pairv *vector, pj_str name, pj_str value);
int pj_pairv_extend(pj_pairv *vector, const pj_pair *items, size_t count);
void pj_pairv_clear(pj_pairv *vector);

#endif
