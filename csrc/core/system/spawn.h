/* spawn.h: one child, from its plan to its exec.  */
#ifndef PJ_SPAWN_H
#define PJ_SPAWN_H

#include "system/guard.h"
#include "system/plan.h"
#include "system/platform.h"

/* Starts the plan's program.  On failure nothing is left, and `*report`
   names the step and errno, if it was the child that failed.  -1 sets
   errno where it was not.  */
int pj_platform_spawn(const pj_child_plan *plan, pj_guard *guard,
                      pj_child *child, pj_child_report *report);

#endif
