/* child.h: where a child begins.  */
#ifndef PJ_CHILD_H
#define PJ_CHILD_H

#include "system/plan.h"

/* The child becomes the program.  */
void pj_child_main(const pj_child_plan *plan) __attribute__((noreturn));

#endif
