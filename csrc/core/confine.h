/* confine.h: a sandbox compiled: what the child applies, as plain data.  */
#ifndef PJ_CONFINE_H
#define PJ_CONFINE_H

#include <stdatomic.h>
#include <sys/resource.h>

#include "binary.h"
#include "cgroup.h"
#include "strings.h"

struct sock_filter;

/* glibc makes the first parameter of getrlimit an enum.  */
#ifdef __GLIBC__
typedef __rlimit_resource_t pj_resource;
#else
typedef int pj_resource;
#endif

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
    int shed_capabilities;      /* those that see or command the host */
    int shed_ids;               /* the right to change ids: the kernel would
                                   not let this host kill who has others */
    int namespace_flags;        /* of clone; 0: the host's namespace */
    int cgroup_fd;              /* where to make them; -1: no totals */
    pj_cgroup_limits totals;
    int landlock_fd;            /* -1: no ruleset */
    struct sock_filter *filter; /* NULL: no filter */
    unsigned short filter_count;
} pj_confinement;

/* What one program's argument rules add to the sandbox of the policy.  */
typedef struct pj_reach {
    int limits_files;  /* its files are declared: nothing else is reached */
    pj_strv roots[2];  /* PJ_ACCESS_READ, PJ_ACCESS_WRITE */
    int runs_nothing;
} pj_reach;

/* Compiles the sandbox of a policy for one program (`reach` may be NULL).
   Fails with SandboxUnavailable, SandboxInvalid or OutOfMemory.  */
int pj_confine_compile(const pj_builder_info *policy, const pj_pin *program,
                       const pj_reach *reach, pj_confinement **out,
                       pj_error *err);

/* Whether the compiled plan is the same for every program.  */
int pj_confine_is_general(const pj_builder_info *policy);

pj_confinement *pj_confine_ref(pj_confinement *confinement);
void pj_confine_unref(pj_confinement *confinement);

#endif
