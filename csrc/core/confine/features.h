/* features.h: what this system can enforce.  Asked once in a process and for
   its user, as kernels do not change; what else stands in the way, such as a
   filter that a host later comes under itself, shows when a policy is built
   and its confinement is rehearsed.  */
#ifndef PJ_FEATURES_H
#define PJ_FEATURES_H

#include <sys/types.h>

#include "procjail.h"

/* CLONE_NEWUSER, which the headers may lack.  */
#define PJ_NAMESPACE_USER 0x10000000

/* The versions of Landlock that first have something.  */
#define PJ_LANDLOCK_ABI_TRUNCATE 3
#define PJ_LANDLOCK_ABI_SIGNALS 6

typedef struct pj_features {
    int no_new_privs;
    int seccomp_errno;   /* why there are no filters, or 0 */
    int landlock_abi;
    int landlock_errno;  /* why there is no Landlock, or 0 */
    int capabilities;
    int cgroup;          /* of pj_cgroup_find, if called */
    int namespace_flags; /* of pj_features_probe_namespace, if called */
    int namespace_errno; /* why there are none */
    int no_user;         /* changing ids was tried, and refused */
    int no_session;      /* so was a new session: an errno */
    char text[PJ_VALUE_SIZE]; /* for errors: what was found */
} pj_features;

/* Everything but what has to be called separately.  */
void pj_features_probe(pj_features *out);

/* The same and the clone flags that create a process-id namespace here.  */
void pj_features_probe_namespace(pj_features *out);

/* How a platform asks; the two above remember the answers.  */
void pj_features_ask(pj_features *out);
void pj_features_ask_namespace(pj_features *out);

/* Describes in `text` what was found.  */
void pj_features_describe(pj_features *features);

struct pj_child_report;

/* Withdraws what a rehearsal found to be refused, whatever the kernel claims.
   Returns whether there was anything to withdraw; failures for other reasons,
   such as lack of memory, do not count.  */
int pj_features_withdraw(pj_features *features,
                         const struct pj_child_report *report);

/* Withdraws what needs the program of csrc/init.  Returns 1.  */
int pj_features_have_no_init(pj_features *features);

/* Whether this process has these ids and no others.  */
int pj_features_has_ids(uid_t uid, gid_t gid);

/* Whether a child can take these ids and drop all supplementary groups. */
int pj_features_may_become(uid_t uid, gid_t gid);

/* Whether this process is permitted to change its ids.  */
int pj_features_changes_ids(void);

/* Whether this process may use any ids, but is not the root of the whole
   system: then the kernel requires matching ids where it would not require
   them of that root.  */
int pj_features_is_lesser_root(void);

#endif
