/* init.h: the first process of a pid namespace.  */
#ifndef PJ_INIT_H
#define PJ_INIT_H

#include "system/plan.h"

/* The init of a pid namespace: starts the program as its child, reaps,
   forwards signals, and ends when that child ends.  */
void pj_child_init(const pj_child_plan *plan) __attribute__((noreturn));

#endif
