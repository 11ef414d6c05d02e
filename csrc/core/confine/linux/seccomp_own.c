/*
 * seccomp_own.c: a filter that confines signals, for kernels whose Landlock
 * does not (before 6.12) and where there is no pid namespace.
 *
 * A filter cannot ask who calls, so the child writes its own id into it, in
 * place of PJ_OWN_PID and PJ_OWN_GROUP.  While the group has a member, which
 * cannot leave it, the kernel gives these numbers to nobody else.  What the
 * program forks may signal the program and the group, but not one process:
 * so it is only used for programs that run nothing else.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "confine/linux/seccomp.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "confine/linux/bpf.h"
#include "confine/linux/seccomp_args.h"
#include "system/confinement.h"
#include "system/linux/linux.h"

/* fcntl's and ioctl's, under the names that headers give them by chance.  */
#define FCNTL_SETOWN 8
#define FCNTL_SETOWN_EX 15

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Allows an argument that is the process itself and, with `group`, its
   group, also as 0; refuses all others.  */
static void
require_own(pj_bpf *p, int index, int group)
{
    pj_seccomp_load_arg(p, index);
    if (group) {
        pj_bpf_jump(p, BPF_JEQ, 0, PJ_RET_ALLOW, PJ_BPF_NEXT);
        pj_bpf_jump(p, BPF_JEQ, PJ_OWN_GROUP, PJ_RET_ALLOW, PJ_BPF_NEXT);
    }
    pj_bpf_jump(p, BPF_JEQ, PJ_OWN_PID, PJ_RET_ALLOW, PJ_RET_REFUSE);
}

static void
emit_group(pj_bpf *p)
{
    require_own(p, 0, 1);
}

static void
emit_process(pj_bpf *p)
{
    require_own(p, 0, 0);
}

/* A descriptor of a process does not show which one.  */
static void
emit_pidfd(pj_bpf *p)
{
    pj_bpf_jump(p, BPF_JA, 0, PJ_RET_UNKNOWN, PJ_BPF_NEXT);
}

/* The kernel sends SIGIO, or what F_SETSIG says, to a file's owner.  */
static void
emit_fcntl(pj_bpf *p)
{
    int owner = pj_bpf_label(p);

    pj_seccomp_load_arg(p, 1);
    pj_bpf_jump(p, BPF_JEQ, FCNTL_SETOWN_EX, PJ_RET_REFUSE, PJ_BPF_NEXT);
    pj_bpf_jump(p, BPF_JEQ, FCNTL_SETOWN, owner, PJ_RET_ALLOW);
    pj_bpf_put(p, owner);
    require_own(p, 2, 1);
}

static void
emit_ioctl(pj_bpf *p)
{
    pj_seccomp_load_arg(p, 1);
    pj_bpf_jump(p, BPF_JEQ, FIOSETOWN, PJ_RET_REFUSE, PJ_BPF_NEXT);
    pj_bpf_jump(p, BPF_JEQ, SIOCSPGRP, PJ_RET_REFUSE, PJ_RET_ALLOW);
}

static const struct {
    int number;
    void (*emit)(pj_bpf *p);
} senders[] = {
    {SYS_kill, emit_group},
    {SYS_tkill, emit_process},
    {SYS_tgkill, emit_process},
    {SYS_rt_sigqueueinfo, emit_process},
    {SYS_rt_tgsigqueueinfo, emit_process},
    {SYS_pidfd_send_signal, emit_pidfd},
    {SYS_fcntl, emit_fcntl},
    {SYS_ioctl, emit_ioctl},
};

static void
emit_all(pj_bpf *p)
{
    pj_seccomp_load_number(p);
    for (size_t i = 0; i < COUNT(senders); i++) {
        int next = pj_bpf_label(p);

        pj_bpf_jump(p, BPF_JEQ, (uint32_t)senders[i].number, PJ_BPF_NEXT,
                    next);
        senders[i].emit(p);
        pj_bpf_put(p, next);
    }
    pj_bpf_jump(p, BPF_JA, 0, PJ_RET_ALLOW, PJ_BPF_NEXT);
    pj_seccomp_rets(p);
}

int
pj_seccomp_build_own(struct sock_filter **out, unsigned short *count,
                     pj_error *err)
{
    pj_bpf *p = calloc(1, sizeof *p);
    int result;

    if (p == NULL)
        return pj_error_memory(err);
    pj_bpf_begin(p, PJ_RETS);
    emit_all(p);
    result = pj_bpf_finish(p, "host_signals", PJ_OWN_FILTER, out, count, err);
    free(p);
    return result;
}
