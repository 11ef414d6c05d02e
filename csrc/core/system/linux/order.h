/* order.h: what the host hands to the program of csrc/init: a plan, in a
   page that both see, because that program has a memory of its own.  */
#ifndef PJ_ORDER_H
#define PJ_ORDER_H

#include <limits.h>
#include <linux/filter.h>

#include "system/plan.h"

/* Longer filters than any that is compiled.  */
#define PJ_ORDER_FILTER 1024

/* The pointers of plan and confinement mean nothing to the other side,
   which sets its own.  */
typedef struct pj_order {
    pj_child_report report;
    pj_child_plan plan;
    pj_confinement confinement;
    char exec_path[PATH_MAX];
    struct sock_filter filter[PJ_ORDER_FILTER];
} pj_order;

#endif
