/* landlock.h: file rules, and the domain that shields the host.  */
#ifndef PJ_LANDLOCK_H
#define PJ_LANDLOCK_H

#include "procjail.h"

/* What the rules limit.  */
typedef struct pj_landlock_plan {
    int read;      /* reading needs a root */
    int write;     /* writing needs a root */
    int execute;   /* executing needs a root */
    int nothing;   /* and is given to the program alone, by no root */
    int kernel;    /* no writing to the kernel's own file systems */
    int network;   /* no TCP */
    int signals;   /* none to processes outside */
    const pj_str *roots[3]; /* by pj_access; those to execute from are among
                               those to read */
    size_t root_count[3];
} pj_landlock_plan;

/* The ABI version of the running kernel.  Where there is none, 0 and errno
   in `*why`: ENOSYS for a kernel without it, EOPNOTSUPP where it was not
   switched on, EPERM where a filter refuses the call.  */
int pj_landlock_abi(int *why);

/* Makes a ruleset for a program, by its canonical path (or none), and
   gives its descriptor.  Fails with SandboxInvalid for a root that cannot be
   opened.  */
int pj_landlock_build(const pj_landlock_plan *plan, int abi,
                      pj_str program, int *fd, pj_error *err);

#endif
