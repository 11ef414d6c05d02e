/* buffer.c: growable bytes with a cap, read straight from a descriptor.  */
#include "buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
pj_buffer_init(pj_buffer *buffer, int stream, uint64_t cap,
               const pj_storage *storage)
{
    memset(buffer, 0, sizeof *buffer);
    buffer->cap = cap;
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

void
pj_buffer_take(pj_buffer *buffer, pj_bytes *out)
{
    out->data = buffer->data;
    out->len = buffer->len;
    out->external = buffer->external;
    buffer->external = 0;
    buffer->data = NULL;
    buffer->len = buffer->room = 0;
}

/* Moves the bytes to memory of `room` bytes, the embedder's where the
   stream has become large.  */
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

/* Room for one more slice, or for all that the cap leaves.  Doubling keeps
   the number of moves logarithmic; untouched room costs no memory.  */
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

/* The cap is reached: whether there is one byte more decides.  */
static enum pj_fill
read_past_cap(int fd)
{
    char surplus;
    ssize_t got = read(fd, &surplus, 1);

    if (got > 0)
        return PJ_FILL_OVER;
    if (got == 0)
        return PJ_FILL_EOF;
    return errno == EINTR || errno == EAGAIN ? PJ_FILL_AGAIN : PJ_FILL_ERROR;
}

enum pj_fill
pj_buffer_read(pj_buffer *buffer, int fd, size_t most)
{
    uint64_t left = buffer->cap - buffer->len;
    size_t vacant = buffer->room - buffer->len;
    size_t slice = buffer->len < PJ_BUFFER_SLICE ? PJ_BUFFER_SLICE
                                                 : PJ_BUFFER_LARGE_SLICE;
    size_t want = most < slice ? most : slice;
    ssize_t got;

    if (left == 0)
        return read_past_cap(fd);
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
    return got == 0 ? PJ_FILL_EOF : PJ_FILL_DATA;
}
