/* attack.h: how an attack tells what became of it.  */
#ifndef ATTACK_H
#define ATTACK_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static inline int
escaped(void)
{
    puts("ESCAPED");
    fflush(stdout);
    return 0;
}

static inline int
stopped(const char *step)
{
    int number = errno;

    printf("%s: errno %d\n", step, number);
    fflush(stdout);
    return 1;
}

/* For an attack whose success is a result: below zero it failed.  */
static inline int
verdict(const char *step, long result)
{
    return result < 0 ? stopped(step) : escaped();
}

/* The number in an argument; addresses too.  */
static inline long
number(const char *text)
{
    return strtol(text, NULL, 0);
}

#endif
