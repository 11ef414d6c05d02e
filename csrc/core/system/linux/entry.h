/* entry.h: where a child begins.  */
#ifndef PJ_ENTRY_H
#define PJ_ENTRY_H

#include "system/plan.h"

/* The child becomes the program.  */
void pj_child_main(const pj_child_plan *plan) __attribute__((noreturn));

/* Executes the csrc/init program, which reads `order_fd` and continues.  */
void pj_child_hand_over(const pj_child_plan *plan, int order_fd,
                        char *const *argv) __attribute__((noreturn));

#endif
