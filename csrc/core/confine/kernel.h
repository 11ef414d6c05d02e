/* kernel.h: the rules that a kernel enforces on a child.  */
#ifndef PJ_KERNEL_H
#define PJ_KERNEL_H

#include "confine/controls.h"

/* Compiles the system call filter, if the draft wants one.  */
int pj_kernel_filter(pj_draft *draft, pj_error *err);

/* Compiles the file rules for a program, by its canonical path.  Fails, like
   the filter, with SandboxInvalid, SandboxUnavailable or OutOfMemory.  */
int pj_kernel_landlock(pj_draft *draft, pj_str program, pj_error *err);

#endif
