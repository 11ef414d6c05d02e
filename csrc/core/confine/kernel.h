/* kernel.h: the rules that a kernel holds a child to.  */
#ifndef PJ_KERNEL_H
#define PJ_KERNEL_H

#include "confine/controls.h"

/* Compiles the filter of system calls, where the draft wants one.  */
int pj_kernel_filter(pj_draft *draft, pj_error *err);

/* Compiles the rules about files for a program, by its canonical path.  Fails
   with SandboxInvalid, SandboxUnavailable or OutOfMemory, as the filter
   does.  */
int pj_kernel_landlock(pj_draft *draft, pj_str program, pj_error *err);

#endif
