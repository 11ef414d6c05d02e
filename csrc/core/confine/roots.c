/* roots.c: the roots that apply to a program.  */
#include "confine/roots.h"

#include "confine/controls.h"

#define BIT PJ_BIT

static int
add(pj_strv *to, const pj_str *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!pj_strs_find(to->items, to->count, from[i])
            && pj_strv_push(to, from[i]) < 0)
            return -1;
    return 0;
}

int
pj_roots_gather(const pj_sandbox *sandbox, const pj_reach *reach,
                pj_strv roots[3])
{
    pj_strv *read = &roots[PJ_ACCESS_READ];
    const pj_strv *run = &roots[PJ_ACCESS_EXECUTE];

    for (int access = 0; access < 3; access++)
        if (add(&roots[access], sandbox->roots[access],
                sandbox->root_count[access]) < 0)
            return -1;
    for (int access = 0; reach != NULL && access < 2; access++)
        if (add(&roots[access], reach->roots[access].items,
                reach->roots[access].count) < 0)
            return -1;
    /* Programs open files that they write for reading too; and the dynamic
       loader has to read what it runs.  */
    if (reach != NULL
        && add(read, reach->roots[PJ_ACCESS_WRITE].items,
               reach->roots[PJ_ACCESS_WRITE].count) < 0)
        return -1;
    return add(read, run->items, run->count);
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
