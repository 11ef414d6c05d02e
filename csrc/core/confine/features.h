/* features.h: what this system can enforce.  Asked when a policy is built,
   never remembered: a host may come under a filter of its own later.  */
#ifndef PJ_FEATURES_H
#define PJ_FEATURES_H

#include <sys/types.h>

#include "procjail.h"

/* CLONE_NEWUSER, where the headers may not have it.  */
#define PJ_NAMESPACE_USER 0x10000000

typedef struct pj_features {
    int no_new_privs;
    int seccomp;
    int landlock_abi;
    int landlock_errno;  /* why there is no Landlock, or 0 */
    int capabilities;
    int cgroup;          /* of pj_cgroup_find, when asked */
    int namespace_flags; /* of pj_features_pid_namespace, when asked */
    int no_user;         /* changing ids was tried, and refused */
    int no_session;      /* so was a session of one's own: an errno */
    char text[PJ_VALUE_SIZE]; /* for errors: what was found */
} pj_features;

void pj_features_probe(pj_features *out);

/* Says in `text` what was found.  */
void pj_features_describe(pj_features *features);

struct pj_child_report;

/* Takes back what a rehearsal found to be refused, whatever the kernel says
   of itself.  Returns whether that is something; what failed for another
   reason, such as a lack of memory, is not.  */
int pj_features_withdraw(pj_features *features,
                         const struct pj_child_report *report);

/* Takes back what the program of csrc/init is needed for.  Returns 1.  */
int pj_features_have_no_init(pj_features *features);

/* Whether the ids are what this process has, and all that it has.  */
int pj_features_has_ids(uid_t uid, gid_t gid);

/* Whether a child can get these ids, and lose all supplementary groups. */
int pj_features_may_become(uid_t uid, gid_t gid);

/* Whether this process may change its ids at all.  */
int pj_features_changes_ids(void);

/* Whether this process is one to whom ids are free, but is not the root of
   the whole system: then the kernel asks for matching ids where it would
   not ask that root.  */
int pj_features_is_lesser_root(void);

/* The clone flags that give a process-id namespace here; 0 when nothing
   does.  Tries it, with a child that ends at once.  */
int pj_features_pid_namespace(void);

#endif
