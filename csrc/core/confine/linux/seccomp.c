/*
 * seccomp.c: compiling the system call filter.
 *
 * When a filter is installed, the kernel (since 5.11) emulates it for every
 * system call number, and calls that it finds to be always allowed no longer
 * run it.  The emulation costs as many steps as the filter takes, and stops
 * at the first instruction that it does not know.  So the calls that programs
 * make most are decided first, by comparing the number, which it knows; then
 * comes an instruction that it does not.
 *
 * The rest divides the numbers into words of 32, finds the word by binary
 * search, and tests one bit of a constant.  Only a hit goes on, to the few
 * calls that depend on their arguments, or else to a refusal.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "confine/linux/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strings.h"
#include "confine/linux/bpf.h"
#include "confine/linux/seccomp_args.h"

#ifndef SYS_faccessat2
#define SYS_faccessat2 439 /* in headers since 5.8 */
#endif

#if defined(__x86_64__) && defined(__LP64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS 16 /* of 32 numbers */

enum group {
    SYSCALLS, HOST, SESSION, NETWORK, METADATA, EXECUTE, MEMORY, IPC, WATCH,
    EXEC, TRUNCATE, ALWAYS, GROUPS
};

/* The table defines the numbers that older headers lack.  */
static const struct {
    enum group group;
    int number;
} refused[] = {
#define PJ_SYSCALL(group, name) {group, SYS_##name},
#include "confine/linux/seccomp_deny.def"
#undef PJ_SYSCALL
};

/* The highest call that was reviewed when the table was written.  Any later
   one may undo all of this, and libc can do without it.  Numbers from 424 on
   are common to all architectures; those between an architecture's own and
   these are unassigned.  */
#define LAST SYS_rseq_slice_yield
#define FIRST_COMMON 424
#ifdef __x86_64__
#define LAST_OWN 336 /* uprobe */
#else
#define LAST_OWN 294 /* kexec_file_load */
#endif
_Static_assert(LAST < WORDS * 32, "the bitmap has too few words");

/* The calls that programs make most.  */
static const int hot[] = {
    SYS_read, SYS_write, SYS_pread64, SYS_pwrite64, SYS_readv, SYS_writev,
    SYS_close, SYS_lseek, SYS_openat, SYS_fstat, SYS_newfstatat,
    SYS_getdents64, SYS_readlinkat, SYS_faccessat, SYS_fcntl, SYS_dup,
    SYS_mmap, SYS_munmap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_futex,
    SYS_getpid, SYS_gettid, SYS_wait4, SYS_rt_sigaction,
    SYS_rt_sigprocmask, SYS_sched_yield, SYS_clock_gettime,
    SYS_clock_nanosleep, SYS_ppoll, SYS_pselect6, SYS_epoll_pwait,
    SYS_epoll_ctl, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg,
    SYS_getrandom, SYS_statx,
#ifdef SYS_stat
    SYS_stat, SYS_lstat,
#endif
#ifdef SYS_open
    SYS_open, SYS_access, SYS_readlink, SYS_getdents,
#endif
#ifdef SYS_poll
    SYS_poll, SYS_select, SYS_epoll_wait,
#endif
    SYS_faccessat2,
};

enum { COLD = PJ_RETS, KILL, TEST, HIT, WORD, NAMED = WORD + WORDS };

struct program {
    pj_bpf bpf;
    uint32_t bits[WORDS]; /* the numbers that are not simply allowed */
};

static void
mark(struct program *p, int number)
{
    p->bits[number / 32] |= UINT32_C(1) << (number % 32);
}

static void
mark_all(struct program *p, const pj_seccomp_plan *plan)
{
    const int on[GROUPS] = {
        [SYSCALLS] = plan->syscalls,
        [HOST] = plan->syscalls || plan->host,
        [SESSION] = plan->session,
        [NETWORK] = plan->network,
        [METADATA] = plan->metadata,
        [EXECUTE] = plan->execute,
        [MEMORY] = plan->memory,
        [IPC] = plan->ipc,
        [WATCH] = plan->watch,
        [EXEC] = plan->exec,
        [TRUNCATE] = plan->truncate,
        [ALWAYS] = 1,
    };
    int number, at = 0;

    for (size_t i = 0; i < COUNT(refused); i++)
        if (on[refused[i].group])
            mark(p, refused[i].number);
    while ((number = pj_seccomp_next_case(plan, &at)) >= 0)
        mark(p, number);
}

static int
is_allowed(const struct program *p, int number)
{
    return number <= LAST && (number <= LAST_OWN || number >= FIRST_COMMON)
        && !(p->bits[number / 32] >> (number % 32) & 1);
}

/* The widest ranges of allowed numbers around hot calls, each as its first
   number and the one past its end.  Returns the number of bounds.  */
static int
hot_bounds(const struct program *p, uint32_t *bounds)
{
    unsigned char wanted[LAST + 2] = {0};
    int count = 0;

    for (size_t i = 0; i < COUNT(hot); i++)
        wanted[hot[i]] = 1;
    for (int first = 0, end; first <= LAST; first = end + 1) {
        int is_hot = 0;

        for (end = first; is_allowed(p, end); end++)
            is_hot |= wanted[end];
        if (is_hot) {
            bounds[count++] = (uint32_t)first;
            bounds[count++] = (uint32_t)end;
        }
    }
    return count;
}

/* Past an odd number of bounds is inside a range.  */
static int
hot_leaf(int passed)
{
    return passed % 2 == 1 ? PJ_RET_ALLOW : COLD;
}

/* Finds by binary search which of bounds[from..to-1] were passed.  */
static void
emit_hot(pj_bpf *p, const uint32_t *bounds, int from, int to)
{
    int middle = (from + to) / 2;
    int above = middle + 1 < to ? pj_bpf_label(p) : hot_leaf(to);

    pj_bpf_jump(p, BPF_JGE, bounds[middle], above,
                from < middle ? PJ_BPF_NEXT : hot_leaf(from));
    if (from < middle)
        emit_hot(p, bounds, from, middle);
    if (middle + 1 < to) {
        pj_bpf_put(p, above);
        emit_hot(p, bounds, middle + 1, to);
    }
}

/* What the kernel's emulation sees.  Other architectures' calls have other
   numbers: their callers are killed.  */
static void
emit_entry(struct program *program)
{
    uint32_t bounds[LAST + 2];
    int count = hot_bounds(program, bounds);
    pj_bpf *p = &program->bpf;

    pj_bpf_emit(p, BPF_LD | BPF_W | BPF_ABS,
                offsetof(struct seccomp_data, arch));
#ifdef NATIVE_ARCH
    pj_bpf_jump(p, BPF_JEQ, NATIVE_ARCH, PJ_BPF_NEXT, KILL);
#endif
    pj_seccomp_load_number(p);
    /* A number is always at least 0, so that bound needs no test.  */
    emit_hot(p, bounds, bounds[0] == 0, count);
    pj_bpf_put(p, PJ_RET_ALLOW);
    pj_bpf_emit(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    pj_bpf_put(p, KILL);
    pj_bpf_emit(p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
}

/* Numbers of no call, or of none that was known.  */
static void
emit_unknown(pj_bpf *p)
{
#ifdef __x86_64__
    /* x32 shares the architecture and has its own range of numbers.  */
    pj_bpf_jump(p, BPF_JGE, 0x40000000, PJ_RET_REFUSE, PJ_BPF_NEXT);
#endif
    int common = pj_bpf_label(p), known = pj_bpf_label(p);

    pj_bpf_jump(p, BPF_JGE, FIRST_COMMON, common, PJ_BPF_NEXT);
    pj_bpf_jump(p, BPF_JGT, LAST_OWN, PJ_RET_UNKNOWN, known);
    pj_bpf_put(p, common);
    pj_bpf_jump(p, BPF_JGT, LAST, PJ_RET_UNKNOWN, PJ_BPF_NEXT);
    pj_bpf_put(p, known);
}

/* Finds the word among words[0..count-1] by binary search.  */
static void
emit_search(pj_bpf *p, const int *words, int count)
{
    int half = count / 2, upper;

    if (count == 1) {
        pj_bpf_jump(p, BPF_JEQ, (uint32_t)words[0], WORD + words[0],
                    PJ_RET_ALLOW);
        return;
    }
    upper = pj_bpf_label(p);
    pj_bpf_jump(p, BPF_JGE, (uint32_t)words[half], upper, PJ_BPF_NEXT);
    emit_search(p, words, half);
    pj_bpf_put(p, upper);
    emit_search(p, words + half, count - half);
}

static void
emit_words(struct program *program)
{
    pj_bpf *p = &program->bpf;
    int words[WORDS], count = 0;

    for (int i = 0; i < WORDS; i++)
        if (program->bits[i] != 0)
            words[count++] = i;
    pj_bpf_emit(p, BPF_ALU | BPF_AND | BPF_K, 31);
    pj_bpf_emit(p, BPF_MISC | BPF_TAX, 0);
    pj_seccomp_load_number(p);
    pj_bpf_emit(p, BPF_ALU | BPF_RSH | BPF_K, 5);
    emit_search(p, words, count);
    for (int i = 0; i < count; i++) {
        pj_bpf_put(p, WORD + words[i]);
        pj_bpf_emit(p, BPF_LD | BPF_IMM, program->bits[words[i]]);
        pj_bpf_jump(p, BPF_JA, 0, TEST, PJ_BPF_NEXT);
    }
    pj_bpf_put(p, TEST);
    pj_bpf_emit(p, BPF_ALU | BPF_RSH | BPF_X, 0);
    pj_bpf_jump(p, BPF_JSET, 1, HIT, PJ_RET_ALLOW);
}

static void
emit_all(struct program *program, const pj_seccomp_plan *plan)
{
    pj_bpf *p = &program->bpf;

    emit_entry(program);
    pj_bpf_put(p, COLD);
    /* An instruction that the emulation does not know.  */
    pj_bpf_emit(p, BPF_LDX | BPF_W | BPF_IMM, 0);
    emit_unknown(p);
    emit_words(program);
    pj_seccomp_rets(p);
    pj_bpf_put(p, HIT);
    pj_seccomp_load_number(p);
    pj_seccomp_cases(p, plan);
}

/* A filter at no address is refused only after the operation has been
   accepted.  Asked for actions (SECCOMP_GET_ACTION_AVAIL), gVisor answers
   EINVAL although it has filters.  */
int
pj_seccomp_errno(void)
{
#ifdef NATIVE_ARCH
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, NULL) == 0
        || errno == EFAULT)
        return 0;
    return errno;
#else
    return ENOSYS;
#endif
}

int
pj_seccomp_wanted(const pj_seccomp_plan *plan)
{
    return plan->syscalls || plan->host || plan->session || plan->network
        || plan->metadata || plan->execute || plan->memory || plan->ipc
        || plan->watch || plan->locks || plan->exec || plan->truncate;
}

int
pj_seccomp_build(const pj_seccomp_plan *plan, struct sock_filter **out,
                 unsigned short *count, pj_error *err)
{
    struct program *p = calloc(1, sizeof *p);
    int result;

    if (p == NULL)
        return pj_error_memory(err);
    pj_bpf_begin(&p->bpf, NAMED);
    mark_all(p, plan);
    emit_all(p, plan);
    result = pj_bpf_finish(&p->bpf, "syscall_filter", PJ_BPF_MOST, out, count,
                           err);
    free(p);
    return result;
}
