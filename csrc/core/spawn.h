/* spawn.h: what the parent hands to the child, and starting one.  */
#ifndef PJ_SPAWN_H
#define PJ_SPAWN_H

#include <sys/types.h>

#include "procjail.h"

/* Steps of the child, in order: the table behind SpawnFailed.step.  */
#define PJ_STEPS(X)                     \
    X(NONE, "clone")                    \
    X(TIMER, "exec timer")              \
    X(SIGNALS, "signal dispositions")   \
    X(PARENT, "parent check")           \
    X(SESSION, "session")               \
    X(STDIO, "standard streams")        \
    X(CWD, "working directory")         \
    X(DESCRIPTORS, "descriptors")       \
    X(LIMITS, "resource limits")        \
    X(PRIVILEGES, "no_new_privs")       \
    X(MASK, "signal mask")              \
    X(EXEC, "exec")

enum pj_step_id {
#define PJ_STEP(id, name) PJ_STEP_##id,
    PJ_STEPS(PJ_STEP)
#undef PJ_STEP
    PJ_STEP_COUNT
};

/* What the child tells when it fails: written by the child, read by the
   parent when the child has executed or ended.  */
typedef struct pj_child_report {
    volatile int step;
    volatile int number; /* errno; 0 when all went well */
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
    const char *exec_path;
    char *const *argv;
    char *const *envp;
    int64_t exec_ns;       /* an exec that takes longer is killed */
    pid_t parent;
    int report_fd;         /* portable path: the error pipe */
    pj_child_report *report;
} pj_child_plan;

const char *pj_step_name(int step);

/* The child's side, in child_linux.c or child_posix.c.  Never returns. */
void pj_child_main(const pj_child_plan *plan) __attribute__((noreturn));

#endif
