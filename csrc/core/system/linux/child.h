/* child.h: the last process before the program.  */
#ifndef PJ_CHILD_H
#define PJ_CHILD_H

#include "system/plan.h"

/* All steps from here to the program.  */
void pj_child_become(const pj_child_plan *plan) __attribute__((noreturn));

#endif
