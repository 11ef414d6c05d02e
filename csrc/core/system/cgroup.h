/* cgroup.h: totals for a whole tree, by a cgroup of its own (version 2).

   A process can create cgroups where its administrator allows it: next to
   its own, in a parent that is delegated to it and enables the controllers;
   or, as root, below the root.  Otherwise there are no totals, and the
   report says so.  */
#ifndef PJ_CGROUP_H
#define PJ_CGROUP_H

#include <stdint.h>

/* The totals to enforce; 0 for none.  */
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

/* Opens the directory where cgroups with these limits can be created, above
   2.  -1 if there is none.  */
int pj_cgroup_find(const pj_cgroup_limits *limits);

/* Creates one.  -1 sets errno.  */
int pj_cgroup_create(int parent_fd, const pj_cgroup_limits *limits,
                     pj_cgroup *out);

/* The child has joined, or never will.  */
void pj_cgroup_close(pj_cgroup *group);

/* Removes it, after everything in it was killed: what left the process group
   by the kernel (5.14), and the rest by the caller.  */
void pj_cgroup_remove(pj_cgroup *group);

#endif
