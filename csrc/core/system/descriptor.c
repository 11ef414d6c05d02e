/* descriptor.c: descriptors, on every system.  */
#include "system/descriptor.h"

#include <errno.h>
#include <unistd.h>

int
pj_descriptor_write(int fd, pj_str bytes)
{
    while (bytes.len > 0) {
        ssize_t wrote = write(fd, bytes.ptr, bytes.len);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            errno = wrote < 0 ? errno : ENOSPC;
            return -1;
        }
        bytes.ptr += wrote;
        bytes.len -= (size_t)wrote;
    }
    return 0;
}

int
pj_descriptor_both(int ends[2])
{
    int number = errno;

    if (ends[0] >= 0 && ends[1] >= 0)
        return 0;
    if (ends[0] >= 0)
        close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    ends[0] = ends[1] = -1;
    errno = number;
    return -1;
}
