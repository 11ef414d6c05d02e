/* clock.c: the monotonic clock, and waiting by it.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <time.h>

#include "system/platform.h"

int64_t
pj_platform_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#ifdef __APPLE__

/* Conditions on Darwin only have the wall clock; a relative wait is measured
   correctly.  */
int
pj_platform_condition(pthread_cond_t *condition)
{
    return pthread_cond_init(condition, NULL);
}

int
pj_platform_await(pthread_cond_t *condition, pthread_mutex_t *lock,
                  int64_t until_ns)
{
    int64_t left = until_ns - pj_platform_now();
    struct timespec length = {.tv_sec = (time_t)(left / 1000000000),
                              .tv_nsec = (long)(left % 1000000000)};

    return left <= 0 ? ETIMEDOUT
        : pthread_cond_timedwait_relative_np(condition, lock, &length);
}

#else

int
pj_platform_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int result = pthread_condattr_init(&attributes);

    if (result != 0)
        return result;
    result = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (result == 0)
        result = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return result;
}

int
pj_platform_await(pthread_cond_t *condition, pthread_mutex_t *lock,
                  int64_t until_ns)
{
    struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                             .tv_nsec = (long)(until_ns % 1000000000)};

    return pthread_cond_timedwait(condition, lock, &until);
}

#endif
