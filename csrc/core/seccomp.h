/* seccomp.h: the system call filter of a sandbox.  */
#ifndef PJ_SECCOMP_H
#define PJ_SECCOMP_H

struct sock_filter;

/* What a filter refuses.  */
typedef struct pj_seccomp_plan {
    int syscalls; /* what no tool needs */
    int session;  /* leaving the session */
    int network;  /* sockets */
    int metadata; /* chmod and its kind */
    int execute;  /* memory files that could be executed */
    int ipc;      /* objects of System V, message queues */
    int watch;    /* notice of changes to files */
    int exec;     /* every program but the one that is started */
    int host;     /* memory and descriptors of other processes */
    int memory;   /* memory that no limit of a process counts */
} pj_seccomp_plan;

/* Whether filters can be made for this architecture and are known to the
   running kernel.  */
int pj_seccomp_available(void);

/* Compiles a filter into memory that the caller frees.  0, or -1 when there
   is no memory.  */
int pj_seccomp_build(const pj_seccomp_plan *plan, struct sock_filter **out,
                     unsigned short *count);

#endif
