/* command.h: internals of the immutable prepared command.  */
#ifndef PJ_COMMAND_H
#define PJ_COMMAND_H

#include <stdatomic.h>

#include "base/strings.h"
#include "policy/policy.h"

struct pj_command {
    atomic_size_t refs;
    pj_policy *policy;  /* keeps /dev/null open */
    const pj_allowance *allowance; /* of that policy */
    pj_pin *binary;     /* the validated program */
    pj_pin *wrapper;    /* NULL if the program runs directly */
    pj_pin *directory;
    pj_str argv0;       /* of the validated program */
    pj_str wrap_argv0;  /* of the wrapper */
    pj_str cwd;         /* as displayed */
    pj_strv argv;
    pj_strv wrap_args;
    pj_pairv env;
    pj_strv stripped;
    pj_risk risk;
    int64_t timeout_ns;
    uint64_t max_stdout;
    uint64_t max_stderr;
    pj_overflow overflow;
    int64_t stop_grace_ns;
    pj_str input; /* for standard input; absent: /dev/null */

    /* Set last, by pj_command_seal; they point into the above.  */
    char **exec_argv;
    char **exec_envp;
    char *env_block;
    pj_str *launch_args;
    size_t launch_argc;
};

pj_command *pj_command_new(pj_policy *policy);

/* Builds what exec takes.  Returns 0, or -1 if out of memory.  */
int pj_command_seal(pj_command *command);

/* The pin that is executed.  */
const pj_pin *pj_command_target(const pj_command *command);

#endif
