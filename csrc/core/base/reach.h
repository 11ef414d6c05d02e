/* reach.h: what a program's own rules let it reach: declared by the rules,
   enforced by the kernel.  */
#ifndef PJ_REACH_H
#define PJ_REACH_H

#include "base/strings.h"

/* What a program's argument rules add to the sandbox of its policy.  */
typedef struct pj_reach {
    int limits_files;  /* its files are declared: nothing else is reached */
    pj_strv roots[2];  /* PJ_ACCESS_READ, PJ_ACCESS_WRITE */
    int runs_nothing;
} pj_reach;

#endif
