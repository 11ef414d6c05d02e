/* buffer.c: growable bytes with a cap, read straight from a descriptor.  */
#include "base/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
pj_buffer_init(pj_buffer *buffer, int stream, uint64_t cap,
               pj_overflow overflow, const pj_storage *storage)
{
    memset(buffer, 0, sizeof *buffer);
    buffer->cap = cap;
    buffer->overflow = overflow;
    buffer->stream = stream;
    buffer->storage = storage;
}

void
pj_buffer_clear(pj_buffer *buffer)
{
    if (!buffer->external)
        free(buffer->data);
    buffer->data = NULL;
    buffer->len = buffer->room = 0;
    buffer->external = 0;
}

/* Moves the data to a block of `room` bytes, from the embedder once the
   stream is large.  */
static int
resize(pj_buffer *buffer, size_t room)
{
    const pj_storage *storage = buffer->storage;
    char *own = NULL;
    char *data;

    if (room <= PJ_STORAGE_MIN || storage == NULL) {
        data = realloc(buffer->data, room);
    } else if (buffer->external) {
        data = storage->resize(storage->ctx, buffer->stream, buffer->data,
                               buffer->len, room);
    } else {
        data = storage->resize(storage->ctx, buffer->stream, NULL, 0, room);
        if (data != NULL && buffer->len > 0) {
            memcpy(data, buffer->data, buffer->len);
            own = buffer->data;
        }
        if (data != NULL)
            buffer->external = 1;
    }
    if (data == NULL)
        return -1;
    free(own);
    buffer->data = data;
    buffer->room = room;
    return 0;
}

/* Makes room for one more slice, or for whatever the cap leaves.  Doubling
   keeps the number of moves logarithmic; untouched room costs no memory.  */
static int
reserve(pj_buffer *buffer, size_t wanted)
{
    size_t need = buffer->len + wanted;
    size_t room = buffer->room == 0 ? PJ_BUFFER_SLICE : buffer->room;

    if (need <= buffer->room)
        return 0;
    while (room < need)
        room *= 2;
    if (room > buffer->cap)
        room = (size_t)buffer->cap;
    return resize(buffer, room);
}

/* The cap is reached: check whether there is one more byte.  */
static enum pj_fill
read_past_cap(pj_buffer *buffer, int fd)
{
    char surplus;
    ssize_t got = read(fd, &surplus, 1);

    if (got > 0) {
        buffer->total++;
        return PJ_FILL_OVER;
    }
    if (got == 0)
        return PJ_FILL_EOF;
    return errno == EINTR || errno == EAGAIN ? PJ_FILL_AGAIN : PJ_FILL_ERROR;
}

/* Where the ring of the last bytes begins; the first half is kept.  */
static size_t
head_of(const pj_buffer *buffer)
{
    return buffer->overflow == PJ_OVERFLOW_KEEP_HEAD_TAIL
        ? buffer->len - buffer->len / 2 : buffer->len;
}

/* Overwrites the oldest bytes of the ring.  */
static void
put_tail(pj_buffer *buffer, const char *bytes, size_t count)
{
    size_t head = head_of(buffer), ring = buffer->len - head;

    if (ring == 0)
        return;
    if (count > ring) {
        bytes += count - ring;
        buffer->tail = (buffer->tail + count - ring) % ring;
        count = ring;
    }
    for (size_t i = 0; i < count;) {
        size_t run = ring - buffer->tail;

        if (run > count - i)
            run = count - i;
        memcpy(buffer->data + head + buffer->tail, bytes + i, run);
        buffer->tail = (buffer->tail + run) % ring;
        i += run;
    }
}

/* Reads past the cap of a stream that is not stopped for it, so that the
   program can continue, and discards most of it.  */
static enum pj_fill
read_surplus(pj_buffer *buffer, int fd, size_t most)
{
    char bytes[16 * 1024];
    size_t want = most < sizeof bytes ? most : sizeof bytes;
    ssize_t got = read(fd, bytes, want);

    if (got < 0)
        return errno == EINTR || errno == EAGAIN ? PJ_FILL_AGAIN
                                                 : PJ_FILL_ERROR;
    buffer->total += (uint64_t)got;
    put_tail(buffer, bytes, (size_t)got);
    return got == 0 ? PJ_FILL_EOF : PJ_FILL_DATA;
}

static void
reverse(char *bytes, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        char swapped = bytes[i];

        bytes[i] = bytes[count - 1 - i];
        bytes[count - 1 - i] = swapped;
    }
}

/* Rotates the ring so that the oldest byte comes first; three reversals
   need no memory.  */
static void
straighten(pj_buffer *buffer)
{
    size_t head = head_of(buffer), ring = buffer->len - head;

    if (buffer->tail == 0)
        return;
    reverse(buffer->data + head, buffer->tail);
    reverse(buffer->data + head + buffer->tail, ring - buffer->tail);
    reverse(buffer->data + head, ring);
    buffer->tail = 0;
}

void
pj_buffer_take(pj_buffer *buffer, pj_bytes *out)
{
    straighten(buffer);
    /* The head leaves with the data, and so does the ring.  */
    if (buffer->overflow == PJ_OVERFLOW_KEEP_HEAD_TAIL)
        buffer->overflow = PJ_OVERFLOW_KEEP_HEAD;
    out->data = buffer->data;
    out->len = buffer->len;
    out->external = buffer->external;
    buffer->external = 0;
    buffer->data = NULL;
    buffer->len = buffer->room = 0;
}

enum pj_fill
pj_buffer_read(pj_buffer *buffer, int fd, size_t most)
{
    uint64_t left = buffer->total < buffer->cap
        ? buffer->cap - buffer->total : 0;
    size_t vacant = buffer->room - buffer->len;
    size_t slice = buffer->total < PJ_BUFFER_SLICE ? PJ_BUFFER_SLICE
                                                 : PJ_BUFFER_LARGE_SLICE;
    size_t want = most < slice ? most : slice;
    ssize_t got;

    if (left == 0)
        return buffer->overflow == PJ_OVERFLOW_STOP
            ? read_past_cap(buffer, fd) : read_surplus(buffer, fd, most);
    if (want > left)
        want = (size_t)left;
    /* A short read is cheaper than a move.  */
    if (vacant >= PJ_BUFFER_SLICE / 4 && want > vacant)
        want = vacant;
    if (reserve(buffer, want) < 0) {
        errno = ENOMEM;
        return PJ_FILL_ERROR;
    }
    got = read(fd, buffer->data + buffer->len, want);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN ? PJ_FILL_AGAIN
                                                 : PJ_FILL_ERROR;
    buffer->len += (size_t)got;
    buffer->total += (uint64_t)got;
    return got == 0 ? PJ_FILL_EOF : PJ_FILL_DATA;
}
