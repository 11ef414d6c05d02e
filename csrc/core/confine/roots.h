/* roots.h: the roots of the files that a program may access.  */
#ifndef PJ_ROOTS_H
#define PJ_ROOTS_H

#include "base/reach.h"

/* Adds the roots of a sandbox and of a program's own rules (or NULL), each
   once, by pj_access.  What may be executed, or written by the rules, may
   also be read.  Returns 0, or -1 if out of memory.  */
int pj_roots_gather(const pj_sandbox *sandbox, const pj_reach *reach,
                    pj_strv roots[3]);

/* Whether the kernel limits a kind of access to the roots.  */
int pj_roots_hold(const pj_sandbox_report *report, pj_access access);

#endif
