/* seccomp_args.c: the calls that a filter refuses by their arguments.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "confine/linux/seccomp_args.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fiemap.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifndef FS_IOC_FIEMAP
#define FS_IOC_FIEMAP _IOWR('f', 11, struct fiemap)
#endif
#ifndef RENAME_WHITEOUT
#define RENAME_WHITEOUT (1 << 2)
#endif
#ifndef SYS_clone3
#define SYS_clone3 435 /* in headers since 5.3 */
#endif
#ifndef SYS_openat2
#define SYS_openat2 437 /* in headers since 5.6 */
#endif
#define IOPRIO_USER 3 /* IOPRIO_WHO_USER, in headers since 5.15 */
/* fcntl, from 1024 on.  */
#define FCNTL_SETLEASE 1024
#define FCNTL_SET_RW_HINT 1036
#define FCNTL_SETDELEG 1040 /* 6.19 */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A plan as bits.  */
enum {
    PJ_ON_SYSCALLS = 1,
    PJ_ON_SESSION = 2,
    PJ_ON_NETWORK = 4,
    PJ_ON_METADATA = 8,
    PJ_ON_WATCH = 16,
    PJ_ON_LOCKS = 32,
    PJ_ON_EXEC = 64,
    PJ_ON_TRUNCATE = 128
};

static uint32_t
on(const pj_seccomp_plan *plan)
{
    return (plan->syscalls ? PJ_ON_SYSCALLS : 0U)
        | (plan->session ? PJ_ON_SESSION : 0U)
        | (plan->network ? PJ_ON_NETWORK : 0U)
        | (plan->metadata ? PJ_ON_METADATA : 0U)
        | (plan->watch ? PJ_ON_WATCH : 0U)
        | (plan->locks ? PJ_ON_LOCKS : 0U)
        | (plan->exec ? PJ_ON_EXEC : 0U)
        | (plan->truncate ? PJ_ON_TRUNCATE : 0U);
}

static void
end(pj_bpf *p, int label, uint32_t action)
{
    pj_bpf_put(p, label);
    pj_bpf_emit(p, BPF_RET | BPF_K, action);
}

void
pj_seccomp_rets(pj_bpf *p)
{
    end(p, PJ_RET_ALLOW, SECCOMP_RET_ALLOW);
    end(p, PJ_RET_REFUSE, SECCOMP_RET_ERRNO | EPERM);
    end(p, PJ_RET_UNKNOWN, SECCOMP_RET_ERRNO | ENOSYS);
    end(p, PJ_RET_NO_TTY, SECCOMP_RET_ERRNO | ENOTTY);
    end(p, PJ_RET_DENY, SECCOMP_RET_ERRNO | EACCES);
}

void
pj_seccomp_load_number(pj_bpf *p)
{
    pj_bpf_emit(p, BPF_LD | BPF_W | BPF_ABS,
                offsetof(struct seccomp_data, nr));
}

void
pj_seccomp_load_arg(pj_bpf *p, int index)
{
    size_t offset = offsetof(struct seccomp_data, args) + (size_t)index * 8;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    offset += 4;
#endif
    pj_bpf_emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

/* Refuses an argument with bits of `k`, or equal to it; allows all else.  */
static void
refuse(pj_bpf *p, int index, unsigned test, uint32_t k)
{
    pj_seccomp_load_arg(p, index);
    pj_bpf_jump(p, test, k, PJ_RET_REFUSE, PJ_RET_ALLOW);
}

/* Allows only an argument equal to `k`.  */
static void
require(pj_bpf *p, int index, uint32_t k)
{
    pj_seccomp_load_arg(p, index);
    pj_bpf_jump(p, BPF_JEQ, k, PJ_RET_ALLOW, PJ_RET_REFUSE);
}

static void
emit_clone(pj_bpf *p, const pj_seccomp_plan *plan)
{
    (void)plan;
    refuse(p, 0, BPF_JSET, CLONE_PARENT | CLONE_NEWNS | CLONE_NEWCGROUP
           | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID
           | CLONE_NEWNET);
}

/* Its flags are in memory, which a filter cannot read; libc falls back to
   clone.  */
static void
emit_clone3(pj_bpf *p, const pj_seccomp_plan *plan)
{
    (void)plan;
    pj_bpf_jump(p, BPF_JA, 0, PJ_RET_UNKNOWN, PJ_BPF_NEXT);
}

/* 0 is the caller.  */
static void
emit_prlimit(pj_bpf *p, const pj_seccomp_plan *plan)
{
    (void)plan;
    require(p, 0, 0);
}

/* Only the caller itself, which is 0, or its own group.  In its own namespace,
   processes outside have no ids, but users are the same there.  */
static void
emit_scheduling(pj_bpf *p, const pj_seccomp_plan *plan)
{
    if (plan->session)
        require(p, 0, 0);
    else
        pj_bpf_jump(p, BPF_JA, 0, PJ_RET_ALLOW, PJ_BPF_NEXT);
}

static void
emit_priority_of(pj_bpf *p, const pj_seccomp_plan *plan, uint32_t user)
{
    if (!plan->session) {
        refuse(p, 0, BPF_JEQ, user);
        return;
    }
    pj_seccomp_load_arg(p, 0);
    pj_bpf_jump(p, BPF_JEQ, user, PJ_RET_REFUSE, PJ_BPF_NEXT);
    require(p, 1, 0);
}

static void
emit_setpriority(pj_bpf *p, const pj_seccomp_plan *plan)
{
    emit_priority_of(p, plan, PRIO_USER);
}

static void
emit_ioprio(pj_bpf *p, const pj_seccomp_plan *plan)
{
    emit_priority_of(p, plan, IOPRIO_USER);
}

static void
emit_socket(pj_bpf *p, const pj_seccomp_plan *plan)
{
    if (plan->network)
        pj_bpf_jump(p, BPF_JA, 0, PJ_RET_REFUSE, PJ_BPF_NEXT);
    else
        refuse(p, 0, BPF_JEQ, AF_VSOCK);
}

/* A datagram pair could still send to any address.  */
static void
emit_socketpair(pj_bpf *p, const pj_seccomp_plan *plan)
{
    (void)plan;
    pj_seccomp_load_arg(p, 0);
    pj_bpf_jump(p, BPF_JEQ, AF_UNIX, PJ_BPF_NEXT, PJ_RET_REFUSE);
    pj_seccomp_load_arg(p, 1);
    pj_bpf_emit(p, BPF_ALU | BPF_AND | BPF_K, 0xf); /* SOCK_TYPE_MASK */
    pj_bpf_jump(p, BPF_JEQ, SOCK_STREAM, PJ_RET_ALLOW, PJ_BPF_NEXT);
    pj_bpf_jump(p, BPF_JEQ, SOCK_SEQPACKET, PJ_RET_ALLOW, PJ_RET_REFUSE);
}

/* The program is started by descriptor, which libc never does.  */
static void
emit_execveat(pj_bpf *p, const pj_seccomp_plan *plan)
{
    (void)plan;
    require(p, 4, AT_EMPTY_PATH);
}

/* It creates a character device, without CAP_MKNOD.  */
static void
emit_rename(pj_bpf *p, const pj_seccomp_plan *plan)
{
    (void)plan;
    refuse(p, 4, BPF_JSET, RENAME_WHITEOUT);
}

/* A lease makes others that open the file wait, up to lease-break-time.  It
   needs only a descriptor for reading, as does a write lifetime hint.  */
static void
emit_fcntl(pj_bpf *p, const pj_seccomp_plan *plan)
{
    pj_seccomp_load_arg(p, 1);
    if (plan->metadata)
        pj_bpf_jump(p, BPF_JEQ, FCNTL_SET_RW_HINT, PJ_RET_REFUSE,
                    PJ_BPF_NEXT);
    pj_bpf_jump(p, BPF_JEQ, FCNTL_SETLEASE, PJ_RET_REFUSE, PJ_BPF_NEXT);
    pj_bpf_jump(p, BPF_JEQ, FCNTL_SETDELEG, PJ_RET_REFUSE, PJ_RET_ALLOW);
}

/* Unlike fcntl's, this exclusive lock needs only a descriptor for reading.  */
static void
emit_flock(pj_bpf *p, const pj_seccomp_plan *plan)
{
    (void)plan;
    refuse(p, 1, BPF_JSET, LOCK_EX);
}

/* Landlock decides who opens a file for writing, which an access mode of
   O_RDONLY does not ask for, and neither does 3, which no tool uses.  */
static void
emit_opening(pj_bpf *p, int flags)
{
    pj_seccomp_load_arg(p, flags);
    pj_bpf_jump(p, BPF_JSET, O_TRUNC, PJ_BPF_NEXT, PJ_RET_ALLOW);
    pj_bpf_emit(p, BPF_ALU | BPF_AND | BPF_K, O_ACCMODE);
    pj_bpf_jump(p, BPF_JEQ, O_WRONLY, PJ_RET_ALLOW, PJ_BPF_NEXT);
    pj_bpf_jump(p, BPF_JEQ, O_RDWR, PJ_RET_ALLOW, PJ_RET_DENY);
}

#ifdef SYS_open
static void
emit_open(pj_bpf *p, const pj_seccomp_plan *plan)
{
    (void)plan;
    emit_opening(p, 1);
}
#endif

static void
emit_openat(pj_bpf *p, const pj_seccomp_plan *plan)
{
    (void)plan;
    emit_opening(p, 2);
}

/* Its flags are in memory; libc does without it.  */
static void
emit_openat2(pj_bpf *p, const pj_seccomp_plan *plan)
{
    (void)plan;
    pj_bpf_jump(p, BPF_JA, 0, PJ_RET_UNKNOWN, PJ_BPF_NEXT);
}

enum fate { REFUSED, NAMED, FINE, SOCKETS };

static const struct {
    enum fate fate;
    uint32_t bits; /* REFUSED: in the plan; NAMED: in its allow */
    uint32_t request;
} requests[] = {
#define PJ_IOCTL_REFUSED(when, request) {REFUSED, when, request},
#define PJ_IOCTL_NAMED(request)                                          \
    {NAMED, UINT32_C(1) << PJ_ALLOW_##request, request},
#define PJ_IOCTL_FINE(request) {FINE, 0, request},
#define PJ_IOCTL_SOCKET(request) {SOCKETS, 0, request},
#include "confine/linux/seccomp_ioctl.def"
#undef PJ_IOCTL_REFUSED
#undef PJ_IOCTL_NAMED
#undef PJ_IOCTL_FINE
#undef PJ_IOCTL_SOCKET
};

/* Refused by name, whether or not writing is limited.  */
static int
is_refused(const pj_seccomp_plan *plan, size_t i)
{
    if (requests[i].fate == NAMED)
        return (plan->syscalls || plan->metadata)
            && !(plan->allow & requests[i].bits);
    return requests[i].fate == REFUSED && (requests[i].bits & on(plan));
}

/* Left where writing is limited.  */
static int
is_left(const pj_seccomp_plan *plan, size_t i)
{
    switch (requests[i].fate) {
    case NAMED:
        return (plan->allow & requests[i].bits) != 0;
    case SOCKETS:
        return !plan->network;
    default:
        return requests[i].fate == FINE;
    }
}

static size_t
insert_sorted(uint32_t *sorted, size_t count, uint32_t request)
{
    size_t i = count;

    for (; i > 0 && sorted[i - 1] > request; i--)
        sorted[i] = sorted[i - 1];
    sorted[i] = request;
    return count + 1;
}

/* All that is left where writing is limited, runs of three or more as one.
   Others get the error of a file that does not know the request: programs
   that merely try it have a fallback.  */
static void
emit_fine(pj_bpf *p, const pj_seccomp_plan *plan)
{
    uint32_t sorted[COUNT(requests)];
    size_t count = 0, end_of_run;

    for (size_t i = 0; i < COUNT(requests); i++)
        if (is_left(plan, i))
            count = insert_sorted(sorted, count, requests[i].request);
    for (size_t i = 0; i < count; i = end_of_run) {
        for (end_of_run = i + 1; end_of_run < count; end_of_run++)
            if (sorted[end_of_run] - sorted[i] != end_of_run - i)
                break;
        if (end_of_run - i < 3) {
            end_of_run = i + 1;
            pj_bpf_jump(p, BPF_JEQ, sorted[i], PJ_RET_ALLOW, PJ_BPF_NEXT);
            continue;
        }
        /* Those below were tested already.  */
        pj_bpf_jump(p, BPF_JGE, sorted[i], PJ_BPF_NEXT, PJ_RET_NO_TTY);
        pj_bpf_jump(p, BPF_JGT, sorted[end_of_run - 1], PJ_BPF_NEXT,
                    PJ_RET_ALLOW);
    }
    pj_bpf_jump(p, BPF_JA, 0, PJ_RET_NO_TTY, PJ_BPF_NEXT);
}

static void
emit_ioctl(pj_bpf *p, const pj_seccomp_plan *plan)
{
    pj_seccomp_load_arg(p, 1);
    for (size_t i = 0; i < COUNT(requests); i++)
        if (is_refused(plan, i))
            pj_bpf_jump(p, BPF_JEQ, requests[i].request, PJ_RET_REFUSE,
                        PJ_BPF_NEXT);
    if (plan->metadata)
        emit_fine(p, plan);
    else
        pj_bpf_jump(p, BPF_JA, 0, PJ_RET_ALLOW, PJ_BPF_NEXT);
}

static const struct {
    int number;
    uint32_t when; /* any of these bits */
    void (*emit)(pj_bpf *p, const pj_seccomp_plan *plan);
} cases[] = {
    {SYS_clone, PJ_ON_SYSCALLS, emit_clone},
    {SYS_clone3, PJ_ON_SYSCALLS, emit_clone3},
    {SYS_prlimit64, PJ_ON_SYSCALLS, emit_prlimit},
    {SYS_sched_setscheduler, PJ_ON_SYSCALLS, emit_scheduling},
    {SYS_sched_setparam, PJ_ON_SYSCALLS, emit_scheduling},
    {SYS_sched_setattr, PJ_ON_SYSCALLS, emit_scheduling},
    {SYS_sched_setaffinity, PJ_ON_SYSCALLS, emit_scheduling},
    {SYS_setpriority, PJ_ON_SYSCALLS, emit_setpriority},
    {SYS_ioprio_set, PJ_ON_SYSCALLS, emit_ioprio},
    {SYS_socket, PJ_ON_SYSCALLS | PJ_ON_NETWORK, emit_socket},
    {SYS_socketpair, PJ_ON_NETWORK, emit_socketpair},
    {SYS_execveat, PJ_ON_EXEC, emit_execveat},
    {SYS_renameat2, PJ_ON_SYSCALLS | PJ_ON_METADATA, emit_rename},
    {SYS_fcntl, PJ_ON_WATCH | PJ_ON_METADATA, emit_fcntl},
    {SYS_flock, PJ_ON_LOCKS, emit_flock},
#ifdef SYS_open
    {SYS_open, PJ_ON_TRUNCATE, emit_open},
#endif
    {SYS_openat, PJ_ON_TRUNCATE, emit_openat},
    {SYS_openat2, PJ_ON_TRUNCATE, emit_openat2},
    {SYS_ioctl, PJ_ON_SYSCALLS | PJ_ON_METADATA | PJ_ON_NETWORK,
     emit_ioctl},
};

int
pj_seccomp_next_case(const pj_seccomp_plan *plan, int *at)
{
    while ((size_t)*at < COUNT(cases))
        if (cases[(*at)++].when & on(plan))
            return cases[*at - 1].number;
    return -1;
}

void
pj_seccomp_cases(pj_bpf *p, const pj_seccomp_plan *plan)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        int next = pj_bpf_label(p);

        if (!(cases[i].when & on(plan)))
            continue;
        pj_bpf_jump(p, BPF_JEQ, (uint32_t)cases[i].number, PJ_BPF_NEXT, next);
        cases[i].emit(p, plan);
        pj_bpf_put(p, next);
    }
    pj_bpf_jump(p, BPF_JA, 0, PJ_RET_REFUSE, PJ_BPF_NEXT);
    pj_seccomp_rets(p);
}
