/* confinement.h: what a child applies before its program: plain data.  */
#ifndef PJ_CONFINEMENT_H
#define PJ_CONFINEMENT_H

#include <stdatomic.h>
#include <sys/resource.h>

#include "procjail.h"
#include "system/cgroup.h"

struct sock_filter;

/* In glibc the first parameter of getrlimit is an enum.  */
#ifdef __GLIBC__
typedef __rlimit_resource_t pj_resource;
#else
typedef int pj_resource;
#endif

/* What the child replaces in own_filter, by its process id and by the negative
   of it, which stands for its group; and how long that filter may be.  No id
   and no constant of a system call is as high.  */
#define PJ_OWN_PID UINT32_C(0x7ffffffe)
#define PJ_OWN_GROUP UINT32_C(0x7fffffff)
#define PJ_OWN_FILTER 96

typedef struct pj_rlimit {
    int resource;
    struct rlimit value;
} pj_rlimit;

/* Immutable and shared by all commands of a program.  */
typedef struct pj_confinement {
    atomic_size_t refs;
    pj_sandbox_report report;
    pj_rlimit limits[8];
    size_t limit_count;
    int umask; /* -1: the host's */
    int has_user;
    uid_t uid;
    gid_t gid;
    int drop_capabilities;      /* all */
    int shed_capabilities;      /* those that see or control the host */
    int shed_ids;               /* those that change ids, where a lifeline
                                   armed by this host could not follow */
    int init_fd;                /* the csrc/init program; -1: not needed */
    int namespace_flags;        /* of clone; 0: the host's namespace */
    int cgroup_fd;              /* where to create them; -1: no totals */
    pj_cgroup_limits totals;
    int landlock_fd;            /* -1: no ruleset */
    struct sock_filter *filter; /* NULL: no filter */
    unsigned short filter_count;
    struct sock_filter *own_filter; /* NULL, or another, as a pattern */
    unsigned short own_filter_count;
} pj_confinement;

#endif
