/* test_buffer.c: bytes of a stream, up to a cap, in whose memory.  */
#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

enum { SLICE = 64 * 1024 };

/* An embedder's memory, and what it was asked for.  */
struct vault {
    char *memory;
    int calls;
    int refuse_at; /* the call that gets nothing; 0: none */
    int first_was_new;
    size_t last_used;
};

static void *
vault_resize(void *ctx, int stream, void *old, size_t used, size_t capacity)
{
    struct vault *vault = ctx;

    vault->calls++;
    if (vault->calls == 1)
        vault->first_was_new = old == NULL && used == 0;
    CHECK(stream == 2);
    CHECK(old == vault->memory);
    CHECK(capacity > PJ_STORAGE_MIN && used <= capacity);
    if (vault->calls == vault->refuse_at)
        return NULL;
    vault->last_used = used;
    vault->memory = realloc(vault->memory, capacity);
    return vault->memory;
}

/* Two ends with room for a mebibyte.  Only Linux widens a pipe.  */
static int
make_wide(int ends[2])
{
    enum { ROOM = 1 << 20 };
#ifdef F_SETPIPE_SZ
    return pipe(ends) != 0 || fcntl(ends[1], F_SETPIPE_SZ, ROOM) < 0 ? -1 : 0;
#else
    const int room = ROOM;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return -1;
    return setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) != 0
            || setsockopt(ends[0], SOL_SOCKET, SO_RCVBUF, &room, sizeof room)
                != 0
        ? -1 : 0;
#endif
}

/* A pipe that holds `size` bytes of a pattern.  */
static int
pipe_with(size_t size, int *writer)
{
    char *text = malloc(size + 1);
    int ends[2];

    if (text == NULL || make_wide(ends) != 0)
        exit(EXIT_FAILURE);
    for (size_t i = 0; i < size; i++)
        text[i] = "0123456789"[i % 10];
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    if (write(ends[1], text, size) != (ssize_t)size)
        exit(EXIT_FAILURE);
    free(text);
    *writer = ends[1];
    return ends[0];
}

static int
is_pattern(const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (data[i] != "0123456789"[i % 10])
            return 0;
    return 1;
}

static enum pj_fill
read_all(pj_buffer *buffer, int fd)
{
    enum pj_fill fill;

    while ((fill = pj_buffer_read(buffer, fd, SIZE_MAX)) == PJ_FILL_DATA)
        CHECK(buffer->len <= buffer->room && buffer->len <= buffer->cap);
    return fill;
}

/* `size` bytes against a cap, the writer closed.  */
static void
try_cap(size_t size, uint64_t cap, enum pj_fill expected)
{
    pj_buffer buffer;
    pj_bytes bytes;
    int writer, fd = pipe_with(size, &writer);

    close(writer);
    pj_buffer_init(&buffer, 1, cap, PJ_OVERFLOW_STOP, NULL);
    CHECK(read_all(&buffer, fd) == expected);
    CHECK(buffer.len == (size < cap ? size : cap));
    CHECK(is_pattern(buffer.data, buffer.len));
    pj_buffer_take(&buffer, &bytes);
    CHECK(bytes.len == (size < cap ? size : cap) && !bytes.external);
    CHECK(buffer.data == NULL && buffer.len == 0);
    free(bytes.data);
    pj_buffer_clear(&buffer);
    close(fd);
}

static void
test_caps(void)
{
    try_cap(0, 0, PJ_FILL_EOF);
    try_cap(1, 0, PJ_FILL_OVER);
    try_cap(0, 1, PJ_FILL_EOF);
    try_cap(1, 1, PJ_FILL_EOF);
    try_cap(2, 1, PJ_FILL_OVER);
    try_cap(1000, PJ_OUTPUT_MAX, PJ_FILL_EOF);
    for (size_t edge = SLICE; edge <= 4 * SLICE; edge *= 2) {
        try_cap(edge - 1, edge, PJ_FILL_EOF);
        try_cap(edge, edge, PJ_FILL_EOF);
        try_cap(edge + 1, edge, PJ_FILL_OVER);
        try_cap(edge + 1, edge + 1, PJ_FILL_EOF);
    }
    try_cap(500000, 499999, PJ_FILL_OVER);
    try_cap(500000, PJ_OUTPUT_MAX, PJ_FILL_EOF);
}

static void
test_again_and_error(void)
{
    pj_buffer buffer;
    int writer, fd = pipe_with(3, &writer);

    pj_buffer_init(&buffer, 1, 100, PJ_OVERFLOW_STOP, NULL);
    CHECK(pj_buffer_read(&buffer, fd, 2) == PJ_FILL_DATA);
    CHECK(buffer.len == 2);
    CHECK(pj_buffer_read(&buffer, fd, SIZE_MAX) == PJ_FILL_DATA);
    CHECK(pj_buffer_read(&buffer, fd, SIZE_MAX) == PJ_FILL_AGAIN);
    /* At the cap, too, an empty pipe is no end.  */
    buffer.cap = 3;
    CHECK(pj_buffer_read(&buffer, fd, SIZE_MAX) == PJ_FILL_AGAIN);
    CHECK(write(writer, "x", 1) == 1);
    CHECK(pj_buffer_read(&buffer, fd, SIZE_MAX) == PJ_FILL_OVER);
    CHECK(buffer.len == 3 && is_pattern(buffer.data, 3));
    CHECK(pj_buffer_read(&buffer, -1, SIZE_MAX) == PJ_FILL_ERROR);
    CHECK(errno == EBADF);
    pj_buffer_clear(&buffer);
    CHECK(buffer.data == NULL && buffer.room == 0);
    pj_buffer_clear(&buffer);
    close(fd);
    close(writer);
}

/* A stream that outgrows the minimum moves to the embedder's memory.  */
static void
test_storage(void)
{
    struct vault vault = {0};
    pj_storage storage = {vault_resize, &vault};
    pj_buffer buffer;
    pj_bytes bytes;
    int writer, fd = pipe_with(900000, &writer);

    close(writer);
    pj_buffer_init(&buffer, 2, PJ_OUTPUT_MAX, PJ_OVERFLOW_STOP, &storage);
    CHECK(read_all(&buffer, fd) == PJ_FILL_EOF);
    CHECK(vault.calls >= 2 && vault.first_was_new && vault.last_used > 0);
    pj_buffer_take(&buffer, &bytes);
    CHECK(bytes.external && bytes.data == vault.memory);
    CHECK(bytes.len == 900000 && is_pattern(bytes.data, bytes.len));
    pj_buffer_clear(&buffer);
    free(vault.memory);
    close(fd);
}

/* What stays at the minimum is the library's own.  */
static void
test_storage_unused(void)
{
    struct vault vault = {0};
    pj_storage storage = {vault_resize, &vault};
    pj_buffer buffer;
    pj_bytes bytes;
    int writer, fd = pipe_with(PJ_STORAGE_MIN, &writer);

    close(writer);
    pj_buffer_init(&buffer, 2, PJ_STORAGE_MIN, PJ_OVERFLOW_STOP, &storage);
    CHECK(read_all(&buffer, fd) == PJ_FILL_EOF);
    pj_buffer_take(&buffer, &bytes);
    CHECK(vault.calls == 0 && !bytes.external);
    CHECK(bytes.len == PJ_STORAGE_MIN);
    free(bytes.data);
    close(fd);
}

/* Storage that gives nothing, first or later: what was read is kept.  */
static void
test_storage_refuses(int call)
{
    struct vault vault = {.refuse_at = call};
    pj_storage storage = {vault_resize, &vault};
    pj_buffer buffer;
    pj_bytes bytes;
    int writer, fd = pipe_with(900000, &writer);

    pj_buffer_init(&buffer, 2, PJ_OUTPUT_MAX, PJ_OVERFLOW_STOP, &storage);
    CHECK(read_all(&buffer, fd) == PJ_FILL_ERROR);
    CHECK(errno == ENOMEM);
    pj_buffer_take(&buffer, &bytes);
    CHECK(bytes.external == (call > 1));
    CHECK(bytes.len > 0 && is_pattern(bytes.data, bytes.len));
    if (!bytes.external)
        free(bytes.data);
    free(vault.memory);
    close(fd);
    close(writer);
}

int
main(void)
{
    test_caps();
    test_again_and_error();
    test_storage();
    test_storage_unused();
    test_storage_refuses(1);
    test_storage_refuses(2);
    return CHECK_REPORT();
}
