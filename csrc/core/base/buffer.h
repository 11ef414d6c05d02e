/* buffer.h: the bytes of one output stream, up to a cap.  */
#ifndef PJ_BUFFER_H
#define PJ_BUFFER_H

#include "procjail.h"

/* The default capacity of a pipe on Linux, which one read can empty; and the
   capacity given to a stream that has filled one.  */
#define PJ_BUFFER_SLICE ((size_t)64 * 1024)
#define PJ_BUFFER_LARGE_SLICE ((size_t)256 * 1024)

typedef struct pj_buffer {
    char *data;
    size_t len;
    size_t room;
    uint64_t cap;              /* most bytes to keep */
    uint64_t total;            /* bytes read so far */
    pj_overflow overflow;      /* what happens beyond the cap */
    size_t tail;               /* next position in the ring after the head */
    int stream;                /* 1 or 2, as passed to `storage` */
    int external;              /* data belongs to `storage` */
    const pj_storage *storage; /* may be NULL */
} pj_buffer;

/* The result of one read.  */
enum pj_fill {
    PJ_FILL_ERROR = -2, /* out of memory or failed read: see errno */
    PJ_FILL_OVER = -1,  /* there was more than the cap */
    PJ_FILL_EOF = 0,
    PJ_FILL_DATA = 1,
    PJ_FILL_AGAIN = 2 /* nothing to read now */
};

void pj_buffer_init(pj_buffer *buffer, int stream, uint64_t cap,
                    pj_overflow overflow, const pj_storage *storage);
void pj_buffer_clear(pj_buffer *buffer);

/* One read(2) of at most `most` bytes.  Blocks if nothing is readable.  */
enum pj_fill pj_buffer_read(pj_buffer *buffer, int fd, size_t most);

/* Hands over the bytes, in order.  The buffer is then empty, but bytes
   handed over still count against the cap.  */
void pj_buffer_take(pj_buffer *buffer, pj_bytes *out);

#endif
