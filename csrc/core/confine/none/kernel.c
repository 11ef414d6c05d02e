/* kernel.c: no rules, since no kernel enforces them.  */
#include "confine/kernel.h"

/* Already settled: nothing that needs these is enforced.  */
int
pj_kernel_filter(pj_draft *d, pj_error *err)
{
    (void)d, (void)err;
    return 0;
}

int
pj_kernel_landlock(pj_draft *d, pj_str program, pj_error *err)
{
    (void)d, (void)program, (void)err;
    return 0;
}
