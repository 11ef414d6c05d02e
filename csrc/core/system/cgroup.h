/* cgroup.h: totals for a whole tree, by a cgroup of its own (version 2).

   A process may make cgroups where its administrator let it: next to its
   own one, in a parent that was delegated to it and hands the controllers
   down; or below the root, for root.  Where that is not so there are no
   totals, and the report says so.  */
#ifndef PJ_CGROUP_H
#define PJ_CGROUP_H

#include <stdint.h>

/* Which totals are wanted; 0 for none.  */
typedef struct pj_cgroup_limits {
    uint64_t memory; /* bytes */
    uint64_t processes;
} pj_cgroup_limits;

/* A cgroup for one command.  */
typedef struct pj_cgroup {
    int parent_fd; /* borrowed from the plan */
    int join_fd;   /* writing "0" to it moves the writer in; -1: no cgroup */
    char name[64];
} pj_cgroup;

/* Opens the directory in which cgroups with these limits can be made, above
   2.  -1 when there is none.  */
int pj_cgroup_find(const pj_cgroup_limits *limits);

/* Makes one.  -1 sets errno.  */
int pj_cgroup_create(int parent_fd, const pj_cgroup_limits *limits,
                     pj_cgroup *out);

/* The child has joined, or will not.  */
void pj_cgroup_close(pj_cgroup *group);

/* Kills whatever is in it, and removes it.  */
void pj_cgroup_remove(pj_cgroup *group);

#endif
