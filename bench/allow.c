/*
 * allow.c: run a program under the cheapest seccomp filter there is.
 *
 *     allow PROGRAM [ARG...]
 *
 * One instruction that allows every call: what any filter at all costs.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &code};

    if (argc < 2) {
        fputs("usage: allow PROGRAM [ARG...]\n", stderr);
        return 2;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
        execv(argv[1], argv + 1);
    fprintf(stderr, "allow: %s: %s\n", argv[1], strerror(errno));
    return 127;
}
