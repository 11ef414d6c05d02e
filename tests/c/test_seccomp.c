/* test_seccomp.c: filters, run by an interpreter of their own for every
   number and telling arguments, against what their plans say; and as the
   kernel simulates them when they are installed.  */
#include "check.h"

#if defined(__linux__) && !defined(PJ_PORTABLE)                           \
    && (defined(__x86_64__) || defined(__aarch64__)                       \
        || (defined(__riscv) && __riscv_xlen == 64))

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "confine/linux/bpf.h"
#include "confine/linux/seccomp.h"
#include "system/confinement.h"

/* In headers since 5.3 and 5.8.  */
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define EPERM_RET (SECCOMP_RET_ERRNO | EPERM)
#define ENOSYS_RET (SECCOMP_RET_ERRNO | ENOSYS)
#define ENOTTY_RET (SECCOMP_RET_ERRNO | ENOTTY)
#define SOME_ARG UINT64_C(0x7777777700000000)

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define LAST_OWN 336
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#define LAST_OWN 294
#else
#define ARCH AUDIT_ARCH_RISCV64
#define LAST_OWN 294
#endif

/* ------------------------------------------------ what the kernel does */

/* The kernel's interpreter, as far as filters here go.  -1 for a program
   that it would have refused.  */
static int64_t
interpret(const struct sock_filter *code, unsigned count,
          const struct seccomp_data *data)
{
    uint32_t a = 0, x = 0;

    for (unsigned pc = 0; pc < count; pc++) {
        const struct sock_filter *in = &code[pc];
        int taken;

        switch (in->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (in->k > sizeof *data - 4 || in->k % 4 != 0)
                return -1;
            memcpy(&a, (const char *)data + in->k, 4);
            continue;
        case BPF_LD | BPF_IMM: a = in->k; continue;
        case BPF_LDX | BPF_W | BPF_IMM: x = in->k; continue;
        case BPF_MISC | BPF_TAX: x = a; continue;
        case BPF_ALU | BPF_AND | BPF_K: a &= in->k; continue;
        case BPF_ALU | BPF_RSH | BPF_K: a >>= in->k; continue;
        case BPF_ALU | BPF_RSH | BPF_X: a = x < 32 ? a >> x : 0; continue;
        case BPF_JMP | BPF_JA: pc += in->k; continue;
        case BPF_RET | BPF_K: return in->k;
        case BPF_JMP | BPF_JEQ | BPF_K: taken = a == in->k; break;
        case BPF_JMP | BPF_JGE | BPF_K: taken = a >= in->k; break;
        case BPF_JMP | BPF_JGT | BPF_K: taken = a > in->k; break;
        case BPF_JMP | BPF_JSET | BPF_K: taken = (a & in->k) != 0; break;
        default: return -1;
        }
        pc += taken ? in->jt : in->jf;
    }
    return -1;
}

/* seccomp_is_const_allow of kernel/seccomp.c, which decides what passes
   without the filter; and how many steps it took.  */
static int
is_const_allow(const struct sock_filter *code, unsigned count, uint32_t arch,
               uint32_t number, unsigned *steps)
{
    uint32_t a = 0;

    *steps = 0;
    for (unsigned pc = 0; pc < count; pc++) {
        const struct sock_filter *in = &code[pc];
        int taken;

        ++*steps;
        switch (in->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (in->k == offsetof(struct seccomp_data, nr))
                a = number;
            else if (in->k == offsetof(struct seccomp_data, arch))
                a = arch;
            else
                return 0;
            continue;
        case BPF_RET | BPF_K: return in->k == SECCOMP_RET_ALLOW;
        case BPF_JMP | BPF_JA: pc += in->k; continue;
        case BPF_ALU | BPF_AND | BPF_K: a &= in->k; continue;
        case BPF_JMP | BPF_JEQ | BPF_K: taken = a == in->k; break;
        case BPF_JMP | BPF_JGE | BPF_K: taken = a >= in->k; break;
        case BPF_JMP | BPF_JGT | BPF_K: taken = a > in->k; break;
        case BPF_JMP | BPF_JSET | BPF_K: taken = (a & in->k) != 0; break;
        default: return 0;
        }
        pc += taken ? in->jt : in->jf;
    }
    return 0;
}

/* ------------------------------------------------- what the plans say */

enum group {
    SYSCALLS, HOST, SESSION, NETWORK, METADATA, EXECUTE, MEMORY, IPC, WATCH,
    EXEC, TRUNCATE, ALWAYS
};

static const struct {
    enum group group;
    int number;
} rows[] = {
#define PJ_SYSCALL(group, name) {group, SYS_##name},
#include "confine/linux/seccomp_deny.def"
#undef PJ_SYSCALL
};

/* By number, as other headers may not have the names.  */
#define IN(value, ...) is_in(value, (const uint32_t[]){__VA_ARGS__},      \
                             COUNT(((const uint32_t[]){__VA_ARGS__})))

static int
is_in(uint32_t value, const uint32_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == value)
            return 1;
    return 0;
}

static int64_t
say(int allowed)
{
    return allowed ? (int64_t)SECCOMP_RET_ALLOW : (int64_t)EPERM_RET;
}

/* Where writing is limited: terminals, descriptors, what files and sockets
   are.  */
static int
is_fine_request(uint32_t request)
{
    return (request >= 0x5401 && request <= 0x5409)     /* TCGETS, ... */
        || (request >= 0x402c542b && request <= 0x402c542d) /* TCSETS2 */
        || IN(request, 0x540b, 0x540e, 0x540f, 0x5410, 0x5411, 0x5413,
              0x541b, 0x5420, 0x5421, 0x5422, 0x5424, 0x5425, 0x5429,
              0x802c542a, 0x80045430, 0x40045431, 0x5441, 0x5450, 0x5451,
              0x5452, 0x5460)
        || IN(request, 2, 0x80086601, 0x80087601, 0x801c581f, 0xc020660b,
              0x40049409, 0x4020940d)
        || IN(request, 0x125e, 0x1260, 0x1268, 0x127b, 0x80081272,
              0x80045200);
}

static int
is_fine_for_sockets(uint32_t request)
{
    return IN(request, 0x8903, 0x8904, 0x8905, 0x8910, 0x8912, 0x8913,
              0x8915, 0x8917, 0x8919, 0x891b, 0x891d, 0x8921, 0x8927,
              0x8933, 0x8942);
}

static int64_t
say_ioctl(const pj_seccomp_plan *plan, uint32_t request)
{
    int sized = request == 0x5414; /* TIOCSWINSZ */

    if (plan->syscalls
        && IN(request, 0x5412, 0x541c, 0x5423, 0x540a, 0xaa00))
        return EPERM_RET;
    if (plan->network && IN(request, 0x400454ca, 0xc004743e, 0xaf01))
        return EPERM_RET; /* TUNSETIFF, PPPIOCNEWUNIT, VHOST_SET_OWNER */
    if (sized && (plan->syscalls || plan->metadata))
        return say(plan->allow & 1);
    if (!plan->metadata)
        return SECCOMP_RET_ALLOW;
    if (IN(request, 0x40086602, 0x40087602, 0x401c5820))
        return EPERM_RET;
    return is_fine_request(request)
            || (!plan->network && is_fine_for_sockets(request))
        ? (int64_t)SECCOMP_RET_ALLOW : (int64_t)ENOTTY_RET;
}

/* Emptying a file needs an access mode that Landlock decides about.  */
static int64_t
say_open(uint32_t flags)
{
    return (flags & 01000) == 0 || IN(flags & 3, 1, 2)
        ? (int64_t)SECCOMP_RET_ALLOW
        : (int64_t)(SECCOMP_RET_ERRNO | EACCES);
}

/* Numbers that only some arguments decide, under this plan; -1: others. */
static int64_t
say_by_argument(const pj_seccomp_plan *p, int number, const uint32_t *a)
{
    switch (number) {
    case SYS_clone:
        return p->syscalls ? say((a[0] & 0x7e028000) == 0) : -1;
    case SYS_clone3:
        return p->syscalls ? (int64_t)ENOSYS_RET : -1;
    case SYS_prlimit64:
        return p->syscalls ? say(a[0] == 0) : -1;
    case SYS_sched_setscheduler:
    case SYS_sched_setparam:
    case SYS_sched_setattr:
    case SYS_sched_setaffinity:
        return p->syscalls && p->session ? say(a[0] == 0) : -1;
    case SYS_setpriority:
        return p->syscalls ? say(a[0] != 2 && (a[1] == 0 || !p->session)) : -1;
    case SYS_ioprio_set:
        return p->syscalls ? say(a[0] != 3 && (a[1] == 0 || !p->session)) : -1;
    case SYS_socket:
        return p->network ? (int64_t)EPERM_RET
            : p->syscalls ? say(a[0] != 40) : -1;
    case SYS_socketpair:
        return p->network ? say(a[0] == 1 && IN(a[1] & 15, 1, 5)) : -1;
    case SYS_execveat:
        return p->exec ? say(a[4] == 0x1000) : -1;
    case SYS_renameat2:
        return p->syscalls || p->metadata ? say((a[4] & 4) == 0) : -1;
    case SYS_fcntl:
        if (p->metadata && a[1] == 1036)
            return EPERM_RET;
        return p->metadata || p->watch ? say(!IN(a[1], 1024, 1040)) : -1;
#ifdef SYS_open
    case SYS_open:
        return p->truncate ? say_open(a[1]) : -1;
#endif
    case SYS_openat:
        return p->truncate ? say_open(a[2]) : -1;
    case 437: /* openat2 */
        return p->truncate ? (int64_t)ENOSYS_RET : -1;
    case SYS_flock:
        return p->locks ? say((a[1] & 2) == 0) : -1;
    case SYS_ioctl:
        return p->syscalls || p->metadata || p->network
            ? say_ioctl(p, a[1]) : -1;
    default:
        return -1;
    }
}

static int
is_on(const pj_seccomp_plan *p, enum group group)
{
    switch (group) {
    case SYSCALLS: return p->syscalls;
    case HOST: return p->syscalls || p->host;
    case SESSION: return p->session;
    case NETWORK: return p->network;
    case METADATA: return p->metadata;
    case EXECUTE: return p->execute;
    case MEMORY: return p->memory;
    case IPC: return p->ipc;
    case WATCH: return p->watch;
    case EXEC: return p->exec;
    case TRUNCATE: return p->truncate;
    default: return 1;
    }
}

/* Numbers that rows refuse, once for a plan.  */
static void
read_rows(const pj_seccomp_plan *plan, unsigned char *refused)
{
    memset(refused, 0, 1024);
    for (size_t i = 0; i < COUNT(rows); i++)
        if (is_on(plan, rows[i].group))
            refused[rows[i].number] = 1;
}

static int64_t
expected(const pj_seccomp_plan *plan, const unsigned char *refused,
         const struct seccomp_data *data)
{
    uint32_t number = (uint32_t)data->nr, args[6];
    int64_t by_argument;

#ifdef __x86_64__
    if (number >= 0x40000000)
        return EPERM_RET;
#endif
    if (number > 471 || (number > LAST_OWN && number < 424))
        return ENOSYS_RET;
    for (int i = 0; i < 6; i++)
        args[i] = (uint32_t)data->args[i];
    by_argument = say_by_argument(plan, (int)number, args);
    return by_argument >= 0 ? by_argument : say(!refused[number]);
}

/* --------------------------------------------------------- comparisons */

static int *const *
fields_of(pj_seccomp_plan *plan, int **fields)
{
    int *all[] = {&plan->syscalls, &plan->host, &plan->session,
                  &plan->network, &plan->metadata, &plan->execute,
                  &plan->memory, &plan->ipc, &plan->watch, &plan->locks,
                  &plan->exec, &plan->truncate};

    memcpy(fields, all, sizeof all);
    return fields;
}

enum { FIELDS = 12 };

static pj_seccomp_plan
plan_of(unsigned bits)
{
    pj_seccomp_plan plan = {.allow = bits >> FIELDS & 1};
    int *fields[FIELDS];

    fields_of(&plan, fields);
    for (int i = 0; i < FIELDS; i++)
        *fields[i] = (int)(bits >> i & 1);
    return plan;
}

struct built {
    pj_seccomp_plan plan;
    unsigned bits;
    struct sock_filter *code;
    unsigned short count;
    unsigned char refused[1024];
};

static void
compare(const struct built *b, int number, uint64_t first, uint64_t second,
        uint64_t fifth)
{
    struct seccomp_data data = {
        .nr = number, .arch = ARCH,
        .args = {first, second, fifth, SOME_ARG, fifth, SOME_ARG},
    };
    int64_t is = interpret(b->code, b->count, &data);
    int64_t should = expected(&b->plan, b->refused, &data);

    check_count++;
    if (is == should)
        return;
    check_failures++;
    if (check_failures < 20)
        fprintf(stderr, "plan %#x, call %d(%#llx, %#llx, ..., %#llx): %#llx, "
                "not %#llx\n", b->bits, number, (unsigned long long)first,
                (unsigned long long)second, (unsigned long long)fifth,
                (unsigned long long)is, (unsigned long long)should);
}

static const int with_cases[] = {
    SYS_clone, SYS_clone3, SYS_prlimit64, SYS_sched_setscheduler,
    SYS_sched_setparam, SYS_sched_setattr, SYS_sched_setaffinity,
    SYS_setpriority, SYS_ioprio_set, SYS_socket, SYS_socketpair,
    SYS_execveat, SYS_renameat2, SYS_fcntl, SYS_flock, SYS_openat, 437,
#ifdef SYS_open
    SYS_open,
#endif
};

static const uint32_t values[] = {
    0, 1, 2, 3, 4, 5, 6, 9, 40, 0x8000, 0x20000, 0x1000, 0x1100, 1024, 1036,
    1040, 0x10000000, 0x80001, 0xffffffff, 01000, 01001, 01002, 01003,
};

/* None of those that change something is fine: btrfs makes subvolumes,
   ext4 sets versions, others freeze, encrypt and deduplicate.  */
static const uint32_t others[] = {
    0x40086602, 0x40087602, 0x401c5820, 0x40086604, 0x5000940e, 0x50009418,
    0x5000940f, 0xc0189436, 0xc0045877, 0xc0045878, 0xc0185879, 0x40806685,
    0x800c6613, 0x41009432, 0xc0502100, 0xaa00, 0x5412, 0x5414, 0x541c,
    0x5423, 0x540a, 0x540c, 0x541d, 0x5418, 0x5437, 0x40045436, 0, 0xffffffff,
    0x400454ca, 0xc004743e, 0xaf01,
};

static void
compare_requests(const struct built *b)
{
    for (uint32_t request = 0x53f0; request < 0x5480; request++)
        compare(b, SYS_ioctl, 0, SOME_ARG | request, 0);
    for (uint32_t request = 0x8900; request < 0x8950; request++)
        compare(b, SYS_ioctl, 0, request, 0);
    for (size_t i = 0; i < COUNT(others); i++)
        compare(b, SYS_ioctl, 0, others[i], 0);
    for (uint32_t i = 0; i < 256; i++) { /* the numbers of btrfs */
        compare(b, SYS_ioctl, 0, 0x50009400 | i, 0);
        compare(b, SYS_ioctl, 0, 0x9400 | i, 0);
        compare(b, SYS_ioctl, 0, 0x40209400 | i, 0);
    }
}

static void
compare_all(const struct built *b)
{
    for (int number = 0; number < 1024; number++)
        compare(b, number, SOME_ARG, SOME_ARG, SOME_ARG);
    compare(b, -1, 0, 0, 0);
    compare(b, 0x40000000, 0, 0, 0);
    compare(b, 0x40000000 + 520, 0, 0, 0);
    for (size_t i = 0; i < COUNT(with_cases); i++)
        for (size_t j = 0; j < COUNT(values); j++) {
            compare(b, with_cases[i], 7, 7, SOME_ARG | values[j]);
            for (size_t k = 0; k < COUNT(values); k++)
                compare(b, with_cases[i], SOME_ARG | values[j],
                        SOME_ARG | values[k], 0);
        }
    if (b->plan.syscalls || b->plan.metadata)
        compare_requests(b);
}

/* Of the calls that programs make most, those that each plan allows pass
   without the filter; and the simulation is short for every number.  */
static void
check_simulation(const struct built *b)
{
    static const int hot[] = {
        SYS_read, SYS_write, SYS_close, SYS_fstat, SYS_newfstatat, SYS_lseek,
        SYS_mmap, SYS_munmap, SYS_brk, SYS_pread64, SYS_getdents64,
        SYS_openat, SYS_getpid, SYS_futex, SYS_epoll_pwait, SYS_fcntl,
        SYS_recvfrom, SYS_statx, SYS_faccessat2,
    };
    unsigned steps, total = 0;

    for (size_t i = 0; i < COUNT(hot); i++) {
        int decides = (hot[i] == SYS_fcntl
                       && (b->plan.watch || b->plan.metadata))
            || (hot[i] == SYS_openat && b->plan.truncate);

        CHECK(is_const_allow(b->code, b->count, ARCH, (uint32_t)hot[i],
                             &steps) == !decides);
    }
    for (int number = 0; number < 1024; number++) {
        int always = is_const_allow(b->code, b->count, ARCH,
                                    (uint32_t)number, &steps);
        struct seccomp_data data = {.nr = number, .arch = ARCH};

        if (always && expected(&b->plan, b->refused, &data)
                          != SECCOMP_RET_ALLOW)
            CHECK(0 && "a refused call passes without the filter");
        total = steps > total ? steps : total;
    }
    CHECK(total <= 11);
    CHECK(b->count <= 320);
    /* 32-bit calls: at once, and the caller dies.  */
    CHECK(!is_const_allow(b->code, b->count, AUDIT_ARCH_I386, 3, &steps));
    CHECK(steps <= 3);
    CHECK(interpret(b->code, b->count,
                    &(struct seccomp_data){.nr = 3, .arch = AUDIT_ARCH_I386})
          == (int64_t)SECCOMP_RET_KILL_PROCESS);
}

static void
test_plans(void)
{
    for (unsigned bits = 0; bits < 1u << (FIELDS + 1); bits++) {
        struct built b = {.plan = plan_of(bits), .bits = bits};
        pj_error err;

        CHECK(pj_seccomp_wanted(&b.plan) == (bits % (1u << FIELDS) != 0));
        read_rows(&b.plan, b.refused);
        if (pj_seccomp_build(&b.plan, &b.code, &b.count, &err) < 0) {
            fprintf(stderr, "plan %#x: %s\n", bits, err.message);
            CHECK(0 && "a plan that does not compile");
            continue;
        }
        compare_all(&b);
        check_simulation(&b);
        free(b.code);
    }
}

/* ----------------------------------------------------- its own signals */

enum { OWN = 4321 };

static const struct {
    int number;
    uint32_t args[3];
    int64_t is;
} signals[] = {
    {SYS_kill, {0}, SECCOMP_RET_ALLOW},
    {SYS_kill, {OWN}, SECCOMP_RET_ALLOW},
    {SYS_kill, {0U - OWN}, SECCOMP_RET_ALLOW},
    {SYS_kill, {OWN + 1}, EPERM_RET},
    {SYS_kill, {0U - OWN - 1}, EPERM_RET},
    {SYS_kill, {UINT32_MAX}, EPERM_RET},
    {SYS_kill, {1}, EPERM_RET},
    {SYS_tkill, {OWN}, SECCOMP_RET_ALLOW},
    {SYS_tkill, {0}, EPERM_RET},
    {SYS_tkill, {1}, EPERM_RET},
    {SYS_tgkill, {OWN, 7}, SECCOMP_RET_ALLOW},
    {SYS_tgkill, {1, OWN}, EPERM_RET},
    {SYS_tgkill, {0U - OWN, OWN}, EPERM_RET},
    {SYS_rt_sigqueueinfo, {OWN}, SECCOMP_RET_ALLOW},
    {SYS_rt_sigqueueinfo, {1}, EPERM_RET},
    {SYS_rt_tgsigqueueinfo, {OWN, 7}, SECCOMP_RET_ALLOW},
    {SYS_rt_tgsigqueueinfo, {1, OWN}, EPERM_RET},
    {424 /* pidfd_send_signal */, {3}, ENOSYS_RET},
    {SYS_fcntl, {3, 1, 1}, SECCOMP_RET_ALLOW},
    {SYS_fcntl, {3, 8, OWN}, SECCOMP_RET_ALLOW},
    {SYS_fcntl, {3, 8, 0U - OWN}, SECCOMP_RET_ALLOW},
    {SYS_fcntl, {3, 8, 0}, SECCOMP_RET_ALLOW},
    {SYS_fcntl, {3, 8, 1}, EPERM_RET},
    {SYS_fcntl, {3, 15, 0}, EPERM_RET},
    {SYS_ioctl, {3, 0x5401}, SECCOMP_RET_ALLOW},
    {SYS_ioctl, {3, 0x8901}, EPERM_RET},
    {SYS_ioctl, {3, 0x8902}, EPERM_RET},
    {SYS_read, {3}, SECCOMP_RET_ALLOW},
    {SYS_getpid, {0}, SECCOMP_RET_ALLOW},
};

/* As the child fills it in.  */
static void
test_own_signals(void)
{
    struct sock_filter *code = NULL;
    unsigned short count = 0;
    unsigned steps;
    int filled = 0;

    CHECK(pj_seccomp_build_own(&code, &count, NULL) == 0);
    for (int i = 0; i < count; i++) {
        filled += code[i].k == PJ_OWN_PID || code[i].k == PJ_OWN_GROUP;
        if (code[i].k == PJ_OWN_PID)
            code[i].k = OWN;
        else if (code[i].k == PJ_OWN_GROUP)
            code[i].k = 0U - OWN;
    }
    CHECK(count > 0 && count <= PJ_OWN_FILTER && filled == 8);
    for (size_t i = 0; i < COUNT(signals); i++) {
        struct seccomp_data data = {.nr = signals[i].number, .arch = ARCH};

        for (int arg = 0; arg < 3; arg++)
            data.args[arg] = SOME_ARG | signals[i].args[arg];
        if (interpret(code, count, &data) != signals[i].is)
            fprintf(stderr, "signal %zu\n", i);
        CHECK(interpret(code, count, &data) == signals[i].is);
    }
    CHECK(is_const_allow(code, count, ARCH, SYS_read, &steps));
    free(code);
}

/* ----------------------------------------------------------- assembler */

static void
fill(pj_bpf *p, int count)
{
    for (int i = 0; i < count; i++)
        pj_bpf_emit(p, BPF_LD | BPF_IMM, 0);
}

static int
resolves(int between, int place, int labels)
{
    pj_bpf *p = malloc(sizeof *p);
    int label, result;

    if (p == NULL)
        exit(EXIT_FAILURE);
    pj_bpf_begin(p, 3);
    label = pj_bpf_label(p);
    if (place < 0) /* behind */
        pj_bpf_put(p, label);
    pj_bpf_jump(p, BPF_JEQ, 0, label, PJ_BPF_NEXT);
    fill(p, between);
    for (int i = 0; i < labels; i++)
        pj_bpf_put(p, 1);
    if (place > 0)
        pj_bpf_put(p, label);
    pj_bpf_emit(p, BPF_RET | BPF_K, 0);
    result = pj_bpf_resolve(p);
    if (result == 0)
        CHECK(p->code[0].jt == between);
    free(p);
    return result == 0;
}

static void
test_assembler_refuses(void)
{
    pj_bpf *p = malloc(sizeof *p);

    if (p == NULL)
        exit(EXIT_FAILURE);
    CHECK(resolves(0, 1, 0));
    CHECK(resolves(255, 1, 0));
    CHECK(!resolves(256, 1, 0));                   /* too far */
    CHECK(!resolves(512, 1, 0));                   /* 0 when it is cut */
    CHECK(!resolves(1, 0, 0));                     /* nowhere */
    CHECK(!resolves(1, -1, 0));                    /* behind */
    CHECK(resolves(1, 1, PJ_BPF_LABELS - 1));
    CHECK(!resolves(1, 1, PJ_BPF_LABELS));         /* too many labels */
    CHECK(!resolves(PJ_BPF_MOST, 1, 0));           /* too long */
    pj_bpf_begin(p, 1);
    CHECK(pj_bpf_resolve(p) < 0);                  /* nothing */
    fill(p, 1);
    CHECK(pj_bpf_resolve(p) < 0);                  /* runs out of its end */
    pj_bpf_begin(p, 1);
    pj_bpf_jump(p, BPF_JA, 0, 1, PJ_BPF_NEXT);
    fill(p, 600);
    pj_bpf_put(p, 1);
    pj_bpf_emit(p, BPF_RET | BPF_K, 0);
    CHECK(pj_bpf_resolve(p) == 0 && p->code[0].k == 600);
    pj_bpf_begin(p, 1);
    pj_bpf_emit(p, BPF_RET | BPF_K, 0);
    pj_bpf_put(p, 1);                              /* past the end */
    CHECK(pj_bpf_resolve(p) == 0);
    free(p);
}

int
main(void)
{
    test_assembler_refuses();
    test_plans();
    test_own_signals();
    return CHECK_REPORT();
}

#else

int
main(void)
{
    CHECK_SKIP("its filters are made on Linux alone");
    return CHECK_REPORT();
}

#endif
