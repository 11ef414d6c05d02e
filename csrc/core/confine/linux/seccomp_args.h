/* seccomp_args.h: the calls that a filter refuses by their arguments.  */
#ifndef PJ_SECCOMP_ARGS_H
#define PJ_SECCOMP_ARGS_H

#include "confine/linux/bpf.h"
#include "confine/linux/seccomp.h"

/* The ends of a filter, as labels; pj_seccomp_rets places them.  */
enum {
    PJ_RET_ALLOW = 1,
    PJ_RET_REFUSE,  /* EPERM */
    PJ_RET_UNKNOWN, /* ENOSYS: as a kernel without this call */
    PJ_RET_NO_TTY,  /* ENOTTY: as a file that does not have this ioctl */
    PJ_RET_DENY,    /* EACCES: as Landlock */
    PJ_RETS
};

void pj_seccomp_rets(pj_bpf *p);

/* Loads the call number, or the low half of an argument: the kernel itself
   uses no more of those that are tested.  */
void pj_seccomp_load_number(pj_bpf *p);
void pj_seccomp_load_arg(pj_bpf *p, int index);

/* The next number with a case in a plan, from *at on, which starts at 0; -1
   after the last.  */
int pj_seccomp_next_case(const pj_seccomp_plan *plan, int *at);

/* The cases, and a refusal for every other number.  */
void pj_seccomp_cases(pj_bpf *p, const pj_seccomp_plan *plan);

#endif
