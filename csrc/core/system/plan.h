/* plan.h: what the parent hands to the child, and what the child tells.  */
#ifndef PJ_PLAN_H
#define PJ_PLAN_H

#include <sys/types.h>

#include "procjail.h"
#include "system/confinement.h"

/* Under a sanitizer the child must not share memory: its runtime keeps
   shadow state that the child would leave behind.  */
#if defined(__SANITIZE_ADDRESS__)
#define PJ_CLONE_VM 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define PJ_CLONE_VM 0
#endif
#endif
#ifndef PJ_CLONE_VM
#define PJ_CLONE_VM CLONE_VM
#endif

/* Steps of the child, in order: the table behind SpawnFailed.step.  */
#define PJ_STEPS(X)                     \
    X(NONE, "clone")                    \
    X(INIT, "init")                     \
    X(NAMESPACE, "namespace")           \
    X(CGROUP, "cgroup")                 \
    X(TIMER, "exec timer")              \
    X(SIGNALS, "signal dispositions")   \
    X(SESSION, "session")               \
    X(STDIO, "standard streams")        \
    X(CWD, "working directory")         \
    X(DESCRIPTORS, "descriptors")       \
    X(LIMITS, "resource limits")        \
    X(USER, "user and groups")          \
    X(PARENT, "parent check")           \
    X(GUARD, "guard")                   \
    X(CAPABILITIES, "capabilities")     \
    X(PRIVILEGES, "no_new_privs")       \
    X(LANDLOCK, "landlock")             \
    X(MASK, "signal mask")              \
    X(SECCOMP, "seccomp")               \
    X(EXEC, "exec")

enum pj_step_id {
#define PJ_STEP(id, name) PJ_STEP_##id,
    PJ_STEPS(PJ_STEP)
#undef PJ_STEP
    PJ_STEP_COUNT
};

/* How far a child came.  Nothing but EXEC can have executed the program:
   whatever ends before is a failed start, and never an exit status.  */
enum pj_stage {
    PJ_STAGE_BEGUN,
    PJ_STAGE_FAILED, /* `step` and `number` say where and why */
    PJ_STAGE_EXEC,   /* it executes, or was executed */
    /* For the parent: */
    PJ_STAGE_KILLED, /* it ended before that */
    PJ_STAGE_OTHER   /* it is not the file that was checked */
};

/* What the child tells: written by it, read by the parent.  It is memory of
   both, plain where they share all of it and else a page.  */
typedef struct pj_child_report {
    volatile int stage;
    volatile int step;
    volatile int number; /* errno */
    /* How the program ended, told by the init of a pid namespace.  */
    volatile int end; /* pj_end */
    volatile int code;
} pj_child_report;

/* Everything the child needs, made by the parent before the clone: after
   it there is no allocation and no lock.  */
typedef struct pj_child_plan {
    int stdin_fd;
    int stdout_fd;
    int stderr_fd;
    int cwd_fd;            /* -1: enter cwd_path */
    const char *cwd_path;
    int exec_fd;           /* -1: execute exec_path */
    char exec_fd_path[32]; /* of exec_fd, below /proc */
    int dir_fd;            /* execute `name` there; -1: exec_fd */
    char name[256];
    const char *exec_path;
    char *const *argv;
    char *const *envp;
    int cgroup_fd;         /* -1: stay in the host's cgroup */
    int64_t exec_ns;       /* an exec that takes longer is killed */
    pid_t parent;
    int lifeline[2];       /* dies with it; -1: nothing to die with */
    int report_fd;         /* where a pipe tells of the exec; else -1 */
    int rehearsal;         /* all but the exec */
    uint64_t input_size;   /* memory that the host holds for it */
    const pj_confinement *confinement;
    const char *uid_map;   /* for a user namespace; NULL without one */
    const char *gid_map;
    pj_child_report *report;
} pj_child_plan;

#endif
