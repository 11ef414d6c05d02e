/* landlock.h: file rules, and the domain that protects the host.  */
#ifndef PJ_LANDLOCK_H
#define PJ_LANDLOCK_H

#include "procjail.h"

/* What the rules limit.  */
typedef struct pj_landlock_plan {
    int read;      /* reading needs a root */
    int write;     /* writing needs a root */
    int execute;   /* executing needs a root */
    int nothing;   /* only the program itself, whatever the roots */
    int kernel;    /* no writing to the kernel's own file systems */
    int network;   /* no TCP */
    int signals;   /* none to processes outside */
    const pj_str *roots[3]; /* by pj_access; those for executing are also
                               among those for reading */
    size_t root_count[3];
} pj_landlock_plan;

/* The ABI version of the running kernel.  If there is none, 0 and errno in
   `*why`: ENOSYS for a kernel without it, EOPNOTSUPP if it is not enabled,
   EPERM if a filter refuses the call.  */
int pj_landlock_abi(int *why);

/* Makes a ruleset for a program, by its canonical path (or none), and returns
   its descriptor in `*fd`.  Fails with SandboxInvalid for a root that cannot
   be opened.  */
int pj_landlock_build(const pj_landlock_plan *plan, int abi,
                      pj_str program, int *fd, pj_error *err);

#endif
