/* needs.h: what else has to be executed for a program to start.  */
#ifndef PJ_NEEDS_H
#define PJ_NEEDS_H

#include "base/strings.h"

/* Adds the interpreter of a script and the dynamic loader of an ELF file,
   and theirs in turn, as canonical paths.  What cannot be read adds
   nothing.  Returns 0, or -1 if out of memory.  */
int pj_needs_of(pj_str path, pj_strv *out);

#endif
