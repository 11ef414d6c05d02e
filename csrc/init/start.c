/*
 * start.c: what csrc/init has in place of a libc: the entry point, system
 * calls, clone, and the functions that compilers call implicitly.
 */
#include <stdarg.h>
#include <stddef.h>

void *memset(void *at, int byte, size_t count);
void *memcpy(void *restrict at, const void *restrict from, size_t count);
int main(int argc, char **argv, char **envp);
int *__errno_location(void);
long syscall(long number, ...);
int clone(int (*entry)(void *), void *stack, int flags, void *argument, ...);
void pj_init_start(long *stack);
long pj_init_clone(int (*entry)(void *), void *stack, long flags,
                   void *argument);

/* Shared by the init and its program, which never run at the same time.  */
static int error;

int *
__errno_location(void)
{
    return &error;
}

static long
result_of(long raw)
{
    if ((unsigned long)raw < -4095UL)
        return raw;
    error = (int)-raw;
    return -1;
}

#if defined(__x86_64__)

__asm__(".globl _start\n"
        "_start:\n"
        "    xor %ebp, %ebp\n"
        "    mov %rsp, %rdi\n"
        "    and $-16, %rsp\n"
        "    call pj_init_start\n"
        "    hlt\n"
        /* entry, stack, flags, argument; the first and the last wait for
           the child on its stack.  */
        ".globl pj_init_clone\n"
        "pj_init_clone:\n"
        "    and $-16, %rsi\n"
        "    sub $16, %rsi\n"
        "    mov %rdi, (%rsi)\n"
        "    mov %rcx, 8(%rsi)\n"
        "    mov %rdx, %rdi\n"
        "    xor %edx, %edx\n"
        "    xor %r10d, %r10d\n"
        "    xor %r8d, %r8d\n"
        "    mov $56, %eax\n"
        "    syscall\n"
        "    test %rax, %rax\n"
        "    jz 1f\n"
        "    ret\n"
        "1:  xor %ebp, %ebp\n"
        "    pop %rax\n"
        "    pop %rdi\n"
        "    call *%rax\n"
        "    hlt\n");

static long
call(long number, const long a[6])
{
    register long r10 __asm__("r10") = a[3];
    register long r8 __asm__("r8") = a[4];
    register long r9 __asm__("r9") = a[5];
    long raw;

    __asm__ volatile("syscall"
                     : "=a"(raw)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]),
                       "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return raw;
}

#elif defined(__aarch64__)

__asm__(".globl _start\n"
        "_start:\n"
        "    mov x29, #0\n"
        "    mov x0, sp\n"
        "    and sp, x0, #-16\n"
        "    bl pj_init_start\n"
        "    brk #0\n"
        ".globl pj_init_clone\n"
        "pj_init_clone:\n"
        "    and x1, x1, #-16\n"
        "    stp x0, x3, [x1, #-16]!\n"
        "    mov x0, x2\n"
        "    mov x2, #0\n"
        "    mov x3, #0\n"
        "    mov x4, #0\n"
        "    mov x8, #220\n"
        "    svc #0\n"
        "    cbz x0, 1f\n"
        "    ret\n"
        "1:  mov x29, #0\n"
        "    ldp x1, x0, [sp], #16\n"
        "    blr x1\n"
        "    brk #0\n");

static long
call(long number, const long a[6])
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a[0];
    register long x1 __asm__("x1") = a[1];
    register long x2 __asm__("x2") = a[2];
    register long x3 __asm__("x3") = a[3];
    register long x4 __asm__("x4") = a[4];
    register long x5 __asm__("x5") = a[5];

    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}

#elif defined(__riscv) && __riscv_xlen == 64

__asm__(".globl _start\n"
        "_start:\n"
        "    li s0, 0\n"
        "    mv a0, sp\n"
        "    andi sp, sp, -16\n"
        "    call pj_init_start\n"
        "    ebreak\n"
        ".globl pj_init_clone\n"
        "pj_init_clone:\n"
        "    andi a1, a1, -16\n"
        "    addi a1, a1, -16\n"
        "    sd a0, 0(a1)\n"
        "    sd a3, 8(a1)\n"
        "    mv a0, a2\n"
        "    li a2, 0\n"
        "    li a3, 0\n"
        "    li a4, 0\n"
        "    li a7, 220\n"
        "    ecall\n"
        "    beqz a0, 1f\n"
        "    ret\n"
        "1:  li s0, 0\n"
        "    ld a1, 0(sp)\n"
        "    ld a0, 8(sp)\n"
        "    addi sp, sp, 16\n"
        "    jalr a1\n"
        "    ebreak\n");

static long
call(long number, const long a[6])
{
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a[0];
    register long a1 __asm__("a1") = a[1];
    register long a2 __asm__("a2") = a[2];
    register long a3 __asm__("a3") = a[3];
    register long a4 __asm__("a4") = a[4];
    register long a5 __asm__("a5") = a[5];

    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                     : "memory");
    return a0;
}

#else

/* Unknown CPU: the program dies at once; what needs it is found missing.  */
void _start(void);

void
_start(void)
{
    __builtin_trap();
}

long
pj_init_clone(int (*entry)(void *), void *stack, long flags, void *argument)
{
    (void)entry, (void)stack, (void)flags, (void)argument;
    return -38;
}

static long
call(long number, const long a[6])
{
    (void)number, (void)a;
    return -38;
}

#endif

long
syscall(long number, ...)
{
    long a[6];
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    return result_of(call(number, a));
}

int
clone(int (*entry)(void *), void *stack, int flags, void *argument, ...)
{
    return (int)result_of(pj_init_clone(entry, stack, flags, argument));
}

void __attribute__((noreturn))
pj_init_start(long *stack)
{
    char **argv = (char **)(stack + 1);

    main((int)stack[0], argv, argv + stack[0] + 1);
    __builtin_trap();
}

void *
memset(void *at, int byte, size_t count)
{
    volatile unsigned char *to = at;

    while (count-- > 0)
        *to++ = (unsigned char)byte;
    return at;
}

void *
memcpy(void *restrict at, const void *restrict from, size_t count)
{
    volatile unsigned char *to = at;
    const unsigned char *bytes = from;

    while (count-- > 0)
        *to++ = *bytes++;
    return at;
}
