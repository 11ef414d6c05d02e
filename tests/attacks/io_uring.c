/* io_uring setup|socket: operations that pass no filter.  */
#include "attack.h"
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <linux/io_uring.h>

#define OP_SOCKET 45 /* IORING_OP_SOCKET of Linux 5.19 */

static void *
map(int fd, size_t size, off_t what)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_POPULATE, fd, what);
}

static int
submit(int fd, const struct io_uring_params *p)
{
    char *sq = map(fd, p->sq_off.array + p->sq_entries * 4,
                   IORING_OFF_SQ_RING);
    char *cq = map(fd, p->cq_off.cqes
                       + p->cq_entries * sizeof(struct io_uring_cqe),
                   IORING_OFF_CQ_RING);
    struct io_uring_sqe *sqe = map(fd, p->sq_entries * sizeof *sqe,
                                   IORING_OFF_SQES);
    const struct io_uring_cqe *cqe;

    if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED)
        return -1;
    memset(sqe, 0, sizeof *sqe);
    sqe->opcode = OP_SOCKET;
    sqe->fd = AF_INET;
    sqe->off = SOCK_STREAM;
    *(uint32_t *)(void *)(sq + p->sq_off.array) = 0;
    __atomic_store_n((uint32_t *)(void *)(sq + p->sq_off.tail), 1,
                     __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL,
                0) < 0)
        return -1;
    cqe = (const void *)(cq + p->cq_off.cqes);
    errno = cqe->res < 0 ? -cqe->res : 0;
    return cqe->res;
}

int
main(int argc, char **argv)
{
    struct io_uring_params params;
    int fd;

    memset(&params, 0, sizeof params);
    fd = (int)syscall(SYS_io_uring_setup, 4, &params);
    if (argc != 2 || fd < 0)
        return stopped("setup");
    if (strcmp(argv[1], "setup") == 0)
        return escaped();
    return verdict("socket", submit(fd, &params));
}
