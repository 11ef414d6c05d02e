/* peek HOW PATH: what can be learned of a file that cannot be read.

   watch: inotify tells the names in a directory; xattr: user.there.
   mounts: all of them.  Or how to hold up whoever works with one that can
   only be read: lease, lock; share, for one that only reads.  */
#include "attack.h"
#include <stdint.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/xattr.h>

/* listmount of Linux 6.8.  */
static long
list_mounts(void)
{
    struct {
        uint32_t size, spare;
        uint64_t mount, last;
    } request = {24, 0, UINT64_MAX, 0}; /* LSMT_ROOT */
    uint64_t ids[4];

    return syscall(458, &request, ids, 4, 0);
}

int
main(int argc, char **argv)
{
    char text[64];

    if (argc != 3)
        return 2;
    if (strcmp(argv[1], "watch") == 0)
        return verdict("watch", inotify_add_watch(inotify_init(), argv[2],
                                                  IN_CREATE));
    if (strcmp(argv[1], "mounts") == 0)
        return verdict("listmount", list_mounts());
    if (strcmp(argv[1], "lease") == 0)
        return verdict("lease", fcntl(open(argv[2], O_RDONLY), F_SETLEASE,
                                      F_RDLCK));
    if (strcmp(argv[1], "lock") == 0)
        return verdict("flock", flock(open(argv[2], O_RDONLY),
                                      LOCK_EX | LOCK_NB));
    if (strcmp(argv[1], "share") == 0)
        return verdict("flock", flock(open(argv[2], O_RDONLY),
                                      LOCK_SH | LOCK_NB));
    return verdict("xattr", getxattr(argv[2], "user.there", text,
                                     sizeof text));
}
