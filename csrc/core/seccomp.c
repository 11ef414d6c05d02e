/*
 * seccomp.c: compiling the system call filter.
 *
 * The shape.  When a filter is installed the kernel runs it once for every
 * system call number, so its length and the length of its paths are what a
 * spawn pays for.  A list of comparisons costs most.  This one divides the
 * numbers into words of 32, finds the word by halving, and tests one bit of
 * a constant: some ten instructions whatever the number.  Only a hit goes
 * on, to the few calls that depend on their arguments, and else to a
 * refusal.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) && defined(__LP64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#endif

#define WORDS 32 /* numbers below 1024; the highest is below 500 */
#define MOST 256 /* instructions; a jump reaches as far */

enum group { SYSCALLS, SESSION, NETWORK, METADATA, IPC, WATCH, HOST, GROUPS };

/* Numbers that older headers lack are defined there.  */
static const struct {
    enum group group;
    int number;
} refused[] = {
#define PJ_SYSCALL(group, name) {group, SYS_##name},
#include "seccomp_deny.def"
#undef PJ_SYSCALL
};

/* Calls whose first argument is the process to slow down.  */
static const int scheduling[] = {
    SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setattr,
    SYS_sched_setaffinity,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Jump targets.  Words have a label each, from WORD on.  */
enum label { NEXT, ALLOW, REFUSE, KILL, TEST, HIT, WORD, LABELS = 96 };

struct program {
    struct sock_filter code[MOST];
    unsigned char yes[MOST], no[MOST]; /* labels of the jumps */
    int place[LABELS];
    int count;
    int free_label;
    uint32_t bits[WORDS];
};

static void
emit(struct program *p, unsigned code, uint32_t k, int yes, int no)
{
    p->code[p->count] = (struct sock_filter){(uint16_t)code, 0, 0, k};
    p->yes[p->count] = (unsigned char)yes;
    p->no[p->count] = (unsigned char)no;
    p->count++;
}

static void
put_label(struct program *p, int label)
{
    p->place[label] = p->count;
}

static int
new_label(struct program *p)
{
    return p->free_label++;
}

static void
load(struct program *p, size_t offset)
{
    emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, NEXT, NEXT);
}

/* The low half of an argument.  The kernel looks at no more of the ones
   that are tested here.  */
static void
load_arg(struct program *p, int index)
{
    size_t offset = offsetof(struct seccomp_data, args) + (size_t)index * 8;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    offset += 4;
#endif
    load(p, offset);
}

static void
jump(struct program *p, unsigned test, uint32_t k, int yes, int no)
{
    emit(p, BPF_JMP | test | BPF_K, k, yes, no);
}

static void
finish(struct program *p, int label, uint32_t action)
{
    put_label(p, label);
    emit(p, BPF_RET | BPF_K, action, NEXT, NEXT);
}

static void
mark(struct program *p, int number)
{
    if (number >= 0 && number < WORDS * 32)
        p->bits[number / 32] |= UINT32_C(1) << (number % 32);
}

static void
mark_all(struct program *p, const pj_seccomp_plan *plan)
{
    const int on[GROUPS] = {plan->syscalls, plan->session, plan->network,
                            plan->metadata, plan->ipc, plan->watch,
                            plan->host};

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (on[refused[i].group])
            mark(p, refused[i].number);
    if (plan->syscalls) {
        mark(p, SYS_clone);
        mark(p, SYS_clone3);
        mark(p, SYS_prlimit64);
        mark(p, SYS_socket);
        mark(p, SYS_setpriority);
        mark(p, SYS_ioprio_set);
        for (size_t i = 0; i < COUNT(scheduling); i++)
            mark(p, scheduling[i]);
    }
    /* Its operations pass no filter, so it would undo any of these.  */
    if (plan->network || plan->metadata || plan->execute) {
        mark(p, SYS_io_uring_setup);
        mark(p, SYS_io_uring_enter);
        mark(p, SYS_io_uring_register);
    }
    if (plan->syscalls || plan->metadata)
        mark(p, SYS_ioctl);
    if (plan->session)
        mark(p, SYS_prctl);
    if (plan->network)
        mark(p, SYS_socketpair);
    /* Sealed against execution or not: the loader only maps it.  */
    if (plan->execute || plan->memory)
        mark(p, SYS_memfd_create);
#ifdef SYS_shmget
    if (plan->memory)
        mark(p, SYS_shmget);
#endif
    if (plan->exec) {
        mark(p, SYS_execve);
        mark(p, SYS_execveat);
    }
}

/* Other architectures' calls have other numbers: their callers are killed.
   x32 shares the architecture and has its own range of numbers.  */
static void
emit_entry(struct program *p)
{
    /* What the simulation does not know ends it: here, at the first step,
       for every number at once.  */
    emit(p, BPF_LDX | BPF_W | BPF_IMM, 0, NEXT, NEXT);
    load(p, offsetof(struct seccomp_data, arch));
#ifdef NATIVE_ARCH
    jump(p, BPF_JEQ, NATIVE_ARCH, NEXT, KILL);
#endif
    load(p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    jump(p, BPF_JGE, 0x40000000, REFUSE, NEXT);
#endif
    emit(p, BPF_ALU | BPF_AND | BPF_K, 31, NEXT, NEXT);
    emit(p, BPF_MISC | BPF_TAX, 0, NEXT, NEXT);
    load(p, offsetof(struct seccomp_data, nr));
    emit(p, BPF_ALU | BPF_RSH | BPF_K, 5, NEXT, NEXT);
}

/* Finds the word among words[0..count-1] by halving.  */
static void
emit_search(struct program *p, const int *words, int count)
{
    int half = count / 2, upper;

    if (count == 1) {
        jump(p, BPF_JEQ, (uint32_t)words[0], WORD + words[0], ALLOW);
        return;
    }
    upper = new_label(p);
    jump(p, BPF_JGE, (uint32_t)words[half], upper, NEXT);
    emit_search(p, words, half);
    put_label(p, upper);
    emit_search(p, words + half, count - half);
}

static void
emit_words(struct program *p)
{
    int words[WORDS], count = 0;

    for (int i = 0; i < WORDS; i++)
        if (p->bits[i] != 0)
            words[count++] = i;
    emit_search(p, words, count);
    for (int i = 0; i < count; i++) {
        put_label(p, WORD + words[i]);
        emit(p, BPF_LD | BPF_IMM, p->bits[words[i]], NEXT, NEXT);
        if (i + 1 < count)
            jump(p, BPF_JA, 0, TEST, NEXT);
    }
    put_label(p, TEST);
    emit(p, BPF_ALU | BPF_RSH | BPF_X, 0, NEXT, NEXT);
    jump(p, BPF_JSET, 1, HIT, ALLOW);
}

/* A hit on one number: goes on to NEXT for it, past `label` for others. */
static int
begin_case(struct program *p, int number)
{
    int label = new_label(p);

    load(p, offsetof(struct seccomp_data, nr));
    jump(p, BPF_JEQ, (uint32_t)number, NEXT, label);
    return label;
}

static void
emit_clone(struct program *p)
{
    /* CLONE_PARENT and the namespaces.  */
    const uint32_t flags = 0x8000 | 0x20000 | 0x7e000000;
    int end = begin_case(p, SYS_clone);

    load_arg(p, 0);
    jump(p, BPF_JSET, flags, REFUSE, ALLOW);
    put_label(p, end);
    /* Its flags are in memory, where no filter can look; libc falls back
       to clone.  */
    end = begin_case(p, SYS_clone3);
    emit(p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, NEXT, NEXT);
    put_label(p, end);
}

/* Only the caller itself, which is 0, or its own group.  A namespace of its
   own has no numbers for those outside, but users are the same there.  */
static void
emit_scheduling(struct program *p, const pj_seccomp_plan *plan)
{
    static const struct {
        int number;
        uint32_t user; /* the kind of target that is a user */
    } priorities[] = {{SYS_setpriority, 2}, {SYS_ioprio_set, 3}};
    int other = plan->session ? REFUSE : ALLOW;

    for (size_t i = 0; i < COUNT(scheduling); i++) {
        int end = begin_case(p, scheduling[i]);

        load_arg(p, 0);
        jump(p, BPF_JEQ, 0, ALLOW, other);
        put_label(p, end);
    }
    for (size_t i = 0; i < COUNT(priorities); i++) {
        int end = begin_case(p, priorities[i].number);

        load_arg(p, 0);
        jump(p, BPF_JEQ, priorities[i].user, REFUSE, NEXT);
        load_arg(p, 1);
        jump(p, BPF_JEQ, 0, ALLOW, other);
        put_label(p, end);
    }
}

static void
emit_ioctl(struct program *p, const pj_seccomp_plan *plan)
{
    int end = begin_case(p, SYS_ioctl);

    load_arg(p, 1);
    if (plan->syscalls) {
        jump(p, BPF_JEQ, 0x5412, REFUSE, NEXT); /* TIOCSTI */
        jump(p, BPF_JEQ, 0x541c, REFUSE, NEXT); /* TIOCLINUX */
    }
    if (plan->metadata) {
        jump(p, BPF_JEQ, 0x40086602, REFUSE, NEXT); /* FS_IOC_SETFLAGS */
        jump(p, BPF_JEQ, 0x40087602, REFUSE, NEXT); /* FS_IOC_SETVERSION */
        jump(p, BPF_JEQ, 0x401c5820, REFUSE, NEXT); /* FS_IOC_FSSETXATTR */
    }
    jump(p, BPF_JGE, 0, ALLOW, ALLOW);
    put_label(p, end);
}

static void
emit_sockets(struct program *p, const pj_seccomp_plan *plan)
{
    int end;

    if (plan->syscalls && !plan->network) {
        end = begin_case(p, SYS_socket);
        load_arg(p, 0);
        jump(p, BPF_JEQ, AF_VSOCK, REFUSE, ALLOW);
        put_label(p, end);
    }
    if (!plan->network)
        return;
    /* A datagram pair could still send to any address.  */
    end = begin_case(p, SYS_socketpair);
    load_arg(p, 0);
    jump(p, BPF_JEQ, AF_UNIX, NEXT, REFUSE);
    load_arg(p, 1);
    emit(p, BPF_ALU | BPF_AND | BPF_K, 0xf, NEXT, NEXT);
    jump(p, BPF_JEQ, SOCK_STREAM, ALLOW, NEXT);
    jump(p, BPF_JEQ, SOCK_SEQPACKET, ALLOW, REFUSE);
    put_label(p, end);
}

/* The calls that depend on their arguments; all other hits are refused. */
static void
emit_cases(struct program *p, const pj_seccomp_plan *plan)
{
    int end;

    put_label(p, HIT);
    if (plan->syscalls) {
        emit_clone(p);
        emit_scheduling(p, plan);
        end = begin_case(p, SYS_prlimit64);
        load_arg(p, 0); /* a process id; 0 is the caller */
        jump(p, BPF_JEQ, 0, ALLOW, REFUSE);
        put_label(p, end);
    }
    if (plan->syscalls || plan->metadata)
        emit_ioctl(p, plan);
    emit_sockets(p, plan);
    if (plan->exec) {
        /* The start itself is by descriptor, which libc never is.  */
        end = begin_case(p, SYS_execveat);
        load_arg(p, 4);
        jump(p, BPF_JEQ, AT_EMPTY_PATH, ALLOW, REFUSE);
        put_label(p, end);
    }
    if (plan->session) {
        /* PR_SET_PDEATHSIG must stay SIGKILL.  */
        end = begin_case(p, SYS_prctl);
        load_arg(p, 0);
        jump(p, BPF_JEQ, 1, NEXT, ALLOW);
        load_arg(p, 1);
        jump(p, BPF_JEQ, SIGKILL, ALLOW, REFUSE);
        put_label(p, end);
    }
}

/* Turns labels into distances.  */
static void
resolve(struct program *p)
{
    for (int i = 0; i < p->count; i++) {
        if (BPF_CLASS(p->code[i].code) != BPF_JMP)
            continue;
        if (p->code[i].code == (BPF_JMP | BPF_JA | BPF_K)) {
            p->code[i].k = (uint32_t)(p->place[p->yes[i]] - i - 1);
            continue;
        }
        if (p->yes[i] != NEXT)
            p->code[i].jt = (uint8_t)(p->place[p->yes[i]] - i - 1);
        if (p->no[i] != NEXT)
            p->code[i].jf = (uint8_t)(p->place[p->no[i]] - i - 1);
    }
}

int
pj_seccomp_available(void)
{
#ifdef NATIVE_ARCH
    uint32_t action = SECCOMP_RET_ERRNO;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action) == 0;
#else
    return 0;
#endif
}

int
pj_seccomp_build(const pj_seccomp_plan *plan, struct sock_filter **out,
                 unsigned short *count)
{
    struct program *p = calloc(1, sizeof *p);
    struct sock_filter *code;

    if (p == NULL)
        return -1;
    p->free_label = WORD + WORDS;
    mark_all(p, plan);
    emit_entry(p);
    emit_words(p);
    emit_cases(p, plan);
    finish(p, REFUSE, SECCOMP_RET_ERRNO | EPERM);
    finish(p, ALLOW, SECCOMP_RET_ALLOW);
    finish(p, KILL, SECCOMP_RET_KILL_PROCESS);
    resolve(p);
    code = malloc((size_t)p->count * sizeof *code);
    if (code != NULL) {
        memcpy(code, p->code, (size_t)p->count * sizeof *code);
        *out = code;
        *count = (unsigned short)p->count;
    }
    free(p);
    return code == NULL ? -1 : 0;
}
