/* spawn.h: one child, from its plan to its exec.  */
#ifndef PJ_SPAWN_H
#define PJ_SPAWN_H

#include "system/guard.h"
#include "system/plan.h"
#include "system/platform.h"

/* Starts the plan's program.  On failure nothing is left behind; `*report`
   names the step and errno if the child failed, and -1 sets errno if it was
   not the child.  */
int pj_platform_spawn(const pj_child_plan *plan, pj_guard *guard,
                      pj_child *child, pj_child_report *report);

#endif
