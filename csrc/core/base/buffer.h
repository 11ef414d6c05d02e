/* buffer.h: the bytes of one output stream, up to a cap.  */
#ifndef PJ_BUFFER_H
#define PJ_BUFFER_H

#include "procjail.h"

/* The default capacity of a pipe on Linux: one read can empty it; and what
   a stream that has filled one gets.  */
#define PJ_BUFFER_SLICE ((size_t)64 * 1024)
#define PJ_BUFFER_LARGE_SLICE ((size_t)256 * 1024)

typedef struct pj_buffer {
    char *data;
    size_t len;
    size_t room;
    uint64_t cap;              /* bytes that may be kept */
    uint64_t total;            /* bytes that were read */
    pj_overflow overflow;      /* what happens beyond the cap */
    size_t tail;               /* next place in the ring behind the head */
    int stream;                /* 1 or 2, as `storage` is told */
    int external;              /* data belongs to `storage` */
    const pj_storage *storage; /* may be NULL */
} pj_buffer;

/* What one read found.  */
enum pj_fill {
    PJ_FILL_ERROR = -2, /* no memory, or the read failed: errno tells */
    PJ_FILL_OVER = -1,  /* there was more than the cap */
    PJ_FILL_EOF = 0,
    PJ_FILL_DATA = 1,
    PJ_FILL_AGAIN = 2 /* nothing there now */
};

void pj_buffer_init(pj_buffer *buffer, int stream, uint64_t cap,
                    pj_overflow overflow, const pj_storage *storage);
void pj_buffer_clear(pj_buffer *buffer);

/* One read(2) of at most `most` bytes.  Blocks if nothing is readable.  */
enum pj_fill pj_buffer_read(pj_buffer *buffer, int fd, size_t most);

/* Gives the bytes away, in their order.  The buffer is empty afterwards,
   and what was given still counts against the cap.  */
void pj_buffer_take(pj_buffer *buffer, pj_bytes *out);

#endif
