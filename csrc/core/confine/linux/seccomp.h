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
    int truncate;   /* emptying a file that is not open for writing: Landlock
                       denies it since ABI 3 */
    uint32_t allow; /* bits 1 << pj_allow: exceptions that are allowed */
} pj_seccomp_plan;

/* 0 if filters can be made for this architecture and the running kernel takes
   them; else an errno that tells why not.  */
int pj_seccomp_errno(void);

/* Whether a plan refuses anything.  */
int pj_seccomp_wanted(const pj_seccomp_plan *plan);

/* Compiles a filter into memory that the caller frees.  Fails with
   OutOfMemory, or with SandboxUnavailable if it does not fit a program.  */
int pj_seccomp_build(const pj_seccomp_plan *plan, struct sock_filter **out,
                     unsigned short *count, pj_error *err);

/* Compiles a filter that lets signals reach only the process itself and its
   group, whose ids the child fills in.  Meant for a child that executes
   nothing else and cannot leave its session; to be used with another filter,
   which kills calls of other architectures.  */
int pj_seccomp_build_own(struct sock_filter **out, unsigned short *count,
                         pj_error *err);

#endif
