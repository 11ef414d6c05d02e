/* plan.h: what the parent passes to the child, and what the child reports.  */
#ifndef PJ_PLAN_H
#define PJ_PLAN_H

#include <sys/types.h>

#include "procjail.h"
#include "system/confinement.h"

/* Under a sanitizer the child must not share memory: the sanitizer's runtime
   keeps state of each thread that the child, which never returns, would
   leave behind: a poisoned stack, or a stack of calls that only grows.  */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PJ_CLONE_VM 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)     \
    || __has_feature(thread_sanitizer)
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

/* How far a child got.  Only EXEC can have executed the program: anything
   that ends before it is a failed start, never an exit status.  */
enum pj_stage {
    PJ_STAGE_BEGUN,
    PJ_STAGE_FAILED, /* at `step`, with errno `number` */
    PJ_STAGE_EXEC,   /* it executes, or was executed */
    /* For the parent: */
    PJ_STAGE_KILLED, /* it ended before that */
    PJ_STAGE_OTHER   /* it is not the file that was checked */
};

/* What the child reports to the parent.  Ordinary memory if they share all
   of it, otherwise a shared page.  */
typedef struct pj_child_report {
    volatile int stage;
    volatile int step;
    volatile int number; /* errno */
    /* How the program ended, reported by the init of a pid namespace.  */
    volatile int end; /* pj_end */
    volatile int code;
} pj_child_report;

/* Everything the child needs, prepared by the parent before the clone: after
   it nothing is allocated or locked.  */
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
    int64_t exec_ns;       /* a longer exec is killed */
    pid_t parent;
    int lifeline[2];       /* the child dies with it; -1: none */
    int report_fd;         /* a pipe that reports the exec; or -1 */
    int rehearsal;         /* everything except the exec */
    uint64_t input_size;   /* memory the host holds for it */
    const pj_confinement *confinement;
    const char *uid_map;   /* for a user namespace; else NULL */
    const char *gid_map;
    pj_child_report *report;
} pj_child_plan;

#endif
