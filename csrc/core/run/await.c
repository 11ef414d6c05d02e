/* await.c: waiting for a process, by select(2).  */
/* Darwin's select refuses descriptors from 1024 on, unless asked.  */
#define _DARWIN_UNLIMITED_SELECT 1
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/select.h>
#include <time.h>

#include "run/process.h"

/* For a caller that has to check for itself.  */
#define PAUSE_NS INT64_C(1000000)

/* fd_set ends at FD_SETSIZE (1024), and FD_SET beyond that writes outside
   the array.  The kernel takes longer sets, so these are sized as needed.  */
typedef unsigned long word;
#define WORD_BITS (sizeof(word) * CHAR_BIT)

/* Enough for descriptors below 1024, as almost all are.  */
#define USUAL_WORDS (1024 / WORD_BITS)

static void
set_bit(word *set, int fd)
{
    if (fd >= 0)
        set[(size_t)fd / WORD_BITS] |= (word)1 << ((size_t)fd % WORD_BITS);
}

static int
has_bit(const word *set, int fd)
{
    return fd >= 0
        && (set[(size_t)fd / WORD_BITS] >> ((size_t)fd % WORD_BITS)) & 1;
}

static int
highest_of(const pj_watch *watch)
{
    int highest = watch->out > watch->err ? watch->out : watch->err;

    return watch->exit > highest ? watch->exit : highest;
}

/* Rounded up, so as not to wake before a deadline.  */
static struct timeval
interval(int64_t nanoseconds)
{
    int64_t microseconds = (nanoseconds + 999) / 1000;
    struct timeval result;

    result.tv_sec = (time_t)(microseconds / 1000000);
    result.tv_usec = (suseconds_t)(microseconds % 1000000);
    return result;
}

static int64_t
shorter(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Nothing can be waited for: the caller checks for itself, after a short
   while.  */
static unsigned
pause_for(int64_t slice)
{
    struct timespec pause = {0, (long)shorter(slice, PAUSE_NS)};

    nanosleep(&pause, NULL);
    return PJ_READY_UNKNOWN;
}

static unsigned
wait_on(word *set, const pj_watch *watch, int64_t slice)
{
    struct timeval timeout = interval(slice);
    unsigned ready = 0;
    int count;

    set_bit(set, watch->out);
    set_bit(set, watch->err);
    set_bit(set, watch->exit);
    count = select(highest_of(watch) + 1, (fd_set *)(void *)set, NULL, NULL,
                   &timeout);
    /* Taken for silence, an error that stays would be asked for again and
       again, without a pause.  */
    if (count < 0 && errno != EINTR)
        return pause_for(slice);
    if (count <= 0)
        return 0;
    if (has_bit(set, watch->out))
        ready |= PJ_READY_OUT;
    if (has_bit(set, watch->err))
        ready |= PJ_READY_ERR;
    if (has_bit(set, watch->exit))
        ready |= PJ_READY_EXIT;
    return ready;
}

unsigned
pj_process_await(const pj_process *process, int64_t most_ns)
{
    word usual[USUAL_WORDS] = {0}, *set = usual;
    int64_t slice = shorter(pj_process_remaining_ns(process), most_ns);
    size_t words;
    pj_watch watch;
    unsigned ready;

    pj_process_watch(process, &watch);
    words = (size_t)(highest_of(&watch) + 1) / WORD_BITS + 1;
    if (words > USUAL_WORDS)
        set = calloc(words, sizeof *set);
    if (set == NULL)
        return pause_for(slice);
    ready = wait_on(set, &watch, slice);
    if (set != usual)
        free(set);
    return ready;
}
