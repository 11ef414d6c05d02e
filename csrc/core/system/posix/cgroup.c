/* cgroup.c: no totals for a tree, as there are no cgroups.  */
#include "system/cgroup.h"

int
pj_cgroup_find(const pj_cgroup_limits *limits)
{
    (void)limits;
    return -1;
}

int
pj_cgroup_create(int parent_fd, const pj_cgroup_limits *limits,
                 pj_cgroup *out)
{
    (void)parent_fd, (void)limits, (void)out;
    return -1;
}

void
pj_cgroup_close(pj_cgroup *group)
{
    (void)group;
}

void
pj_cgroup_remove(pj_cgroup *group)
{
    (void)group;
}
