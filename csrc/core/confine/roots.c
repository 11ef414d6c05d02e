/* roots.c: the roots that hold for a program.  */
#include "confine/roots.h"

#include "confine/controls.h"

#define BIT PJ_BIT

static int
add(pj_strv *to, const pj_strv *from)
{
    for (size_t i = 0; i < from->count; i++)
        if (!pj_strs_find(to->items, to->count, from->items[i])
            && pj_strv_push(to, from->items[i]) < 0)
            return -1;
    return 0;
}

int
pj_roots_gather(const pj_sandbox *sandbox, const pj_reach *reach,
                pj_strv roots[3])
{
    for (int access = 0; access < 3; access++)
        if (add(&roots[access], &sandbox->roots[access]) < 0
            || (reach != NULL && access < 2
                && add(&roots[access], &reach->roots[access]) < 0))
            return -1;
    /* Programs open what they write for both; and the dynamic loader has
       to read what it runs.  */
    if (reach != NULL
        && add(&roots[PJ_ACCESS_READ], &reach->roots[PJ_ACCESS_WRITE]) < 0)
        return -1;
    return add(&roots[PJ_ACCESS_READ], &roots[PJ_ACCESS_EXECUTE]);
}

int
pj_roots_hold(const pj_sandbox_report *report, pj_access access)
{
    static const uint32_t controls[3] = {
        [PJ_ACCESS_READ] = BIT(READ_ROOTS),
        [PJ_ACCESS_WRITE] = BIT(WRITE_ROOTS),
        [PJ_ACCESS_EXECUTE] = BIT(EXECUTE_ROOTS) | BIT(EXEC_LOCK),
    };

    return (report->enforced & controls[access]) != 0;
}
