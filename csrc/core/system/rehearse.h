/* rehearse.h: trying a confinement before it is relied on.  */
#ifndef PJ_REHEARSE_H
#define PJ_REHEARSE_H

#include "system/plan.h"

/* Goes through every step of a spawn but the exec, with a child that ends
   there.  0; -1 when a step failed, which the report names, or with errno
   and PJ_STAGE_BEGUN in it when no child could be had.  */
int pj_rehearse(const pj_confinement *confinement, pj_child_report *report);

#endif
