/* seccomp.h: the system call filter of a sandbox.  */
#ifndef PJ_SECCOMP_H
#define PJ_SECCOMP_H

#include "procjail.h"

struct sock_filter;

/* What a filter refuses.  Any filter also refuses io_uring, whose operations
   bypass filters, and calls that were unknown when this was written.  */
typedef struct pj_seccomp_plan {
    int syscalls;   /* what no tool needs */
    int host;       /* other processes' memory and descriptors */
    int session;    /* leaving the session */
    int network;    /* sockets */
    int metadata;   /* chmod and its kind, all but a list of ioctls */
    int execute;    /* memory files that could be executed */
    int memory;     /* memory that no per-process limit counts */
    int ipc;        /* System V objects, message queues */
    int watch;      /* notice of what cannot be read, leases */
    int locks;      /* exclusive locks on what can only be read */
    int exec;       /* every program except the one being started */
    uint32_t allow; /* bits 1 << pj_allow: exceptions that are allowed */
} pj_seccomp_plan;

/* Whether filters can be made for this architecture and are known to the
   running kernel.  */
int pj_seccomp_available(void);

/* Whether a plan refuses anything.  */
int pj_seccomp_wanted(const pj_seccomp_plan *plan);

/* Compiles a filter into memory that the caller frees.  Fails with
   OutOfMemory, or with SandboxUnavailable if it does not fit a program.  */
int pj_seccomp_build(const pj_seccomp_plan *plan, struct sock_filter **out,
                     unsigned short *count, pj_error *err);

#endif
