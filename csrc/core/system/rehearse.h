/* rehearse.h: trying a confinement before it is relied on.  */
#ifndef PJ_REHEARSE_H
#define PJ_REHEARSE_H

#include "system/plan.h"

/* Goes through every step of a spawn except the exec, with a child that
   exits there.  0; -1 if a step failed, which the report names, or with
   errno and PJ_STAGE_BEGUN in it if no child could be created.  */
int pj_rehearse(const pj_confinement *confinement, pj_child_report *report);

#endif
