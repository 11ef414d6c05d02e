/* order.h: what the host passes to the csrc/init program: a plan, in shared
   memory, because that program has its own address space.  */
#ifndef PJ_ORDER_H
#define PJ_ORDER_H

#include <linux/limits.h> /* also in freestanding programs */
#include <linux/filter.h>

#include "system/plan.h"

/* More than any compiled filter needs.  */
#define PJ_ORDER_FILTER 1024

/* The pointers in plan and confinement mean nothing to the other side, which
   sets its own.  */
typedef struct pj_order {
    pj_child_report report;
    pj_child_plan plan;
    pj_confinement confinement;
    char exec_path[PATH_MAX];
    struct sock_filter filter[PJ_ORDER_FILTER];
} pj_order;

#endif
