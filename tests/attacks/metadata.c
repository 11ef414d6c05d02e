/* metadata HOW PATH: changes what a file is, not what it holds.  */
#include "attack.h"
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <utime.h>
#include <linux/fs.h>

struct xattr_args {
    uint64_t value;
    uint32_t size;
    uint32_t flags;
};

static long
set_flags(int fd)
{
    long flags = 0;

    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0)
        return -1;
    flags ^= FS_NOATIME_FL;
    return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static long
set_fsxattr(int fd)
{
    struct fsxattr attr;

    if (ioctl(fd, FS_IOC_FSGETXATTR, &attr) != 0)
        return -1;
    attr.fsx_xflags ^= FS_XFLAG_NOATIME;
    return ioctl(fd, FS_IOC_FSSETXATTR, &attr);
}

/* file_getattr and file_setattr of Linux 6.17.  */
static long
set_attr(const char *path)
{
    uint64_t attr[3] = {0};

    if (syscall(468, AT_FDCWD, path, attr, sizeof attr, 0) != 0)
        return -1;
    attr[0] ^= FS_XFLAG_NOATIME;
    return syscall(469, AT_FDCWD, path, attr, sizeof attr, 0);
}

static long
set_version(int fd)
{
    int generation = 1;

    return ioctl(fd, _IOW('v', 2, long), &generation);
}

/* ext4's own twin of FS_IOC_SETVERSION.  */
static long
set_ext4_version(int fd)
{
    int generation = 1;

    return ioctl(fd, _IOW('f', 4, long), &generation);
}

/* btrfs makes a subvolume in a directory that is open for reading.  */
static long
make_subvolume(int fd)
{
    struct {
        int64_t fd;
        char name[4088];
    } arguments = {0, "evil"};

    return ioctl(fd, _IOW(0x94, 14, arguments), &arguments);
}

static long
change(const char *how, const char *path)
{
    struct xattr_args args = {(uintptr_t)"x", 1, 0};
    int fd = open(path, O_RDONLY);

#define IS(name) (strcmp(how, name) == 0)
    if (fd < 0)
        return -1;
    if (IS("chmod"))
        return chmod(path, 0644);
    if (IS("fchmod"))
        return fchmod(fd, 0644);
    if (IS("fchmodat"))
        return fchmodat(AT_FDCWD, path, 0644, 0);
    if (IS("fchmodat2"))
        return syscall(452, AT_FDCWD, path, 0644, 0);
    if (IS("chown"))
        return chown(path, getuid(), getgid());
    if (IS("lchown"))
        return lchown(path, getuid(), getgid());
    if (IS("fchown"))
        return fchown(fd, getuid(), getgid());
    if (IS("fchownat"))
        return fchownat(fd, "", getuid(), getgid(), AT_EMPTY_PATH);
    if (IS("utime"))
        return utime(path, NULL);
    if (IS("utimes"))
        return utimes(path, NULL);
    if (IS("utimensat"))
        return utimensat(AT_FDCWD, path, NULL, 0);
    if (IS("futimens"))
        return futimens(fd, NULL);
    if (IS("setxattr"))
        return setxattr(path, "user.evil", "x", 1, 0);
    if (IS("lsetxattr"))
        return lsetxattr(path, "user.evil", "x", 1, 0);
    if (IS("fsetxattr"))
        return fsetxattr(fd, "user.evil", "x", 1, 0);
    if (IS("setxattrat"))
        return syscall(463, AT_FDCWD, path, 0, "user.evil", &args,
                       sizeof args);
    if (IS("removexattr"))
        return removexattr(path, "user.there");
    if (IS("lremovexattr"))
        return lremovexattr(path, "user.there");
    if (IS("fremovexattr"))
        return fremovexattr(fd, "user.there");
    if (IS("removexattrat"))
        return syscall(466, AT_FDCWD, path, 0, "user.there");
    if (IS("FS_IOC_SETFLAGS"))
        return set_flags(fd);
    if (IS("FS_IOC_FSSETXATTR"))
        return set_fsxattr(fd);
    if (IS("EXT4_IOC_SETVERSION"))
        return set_ext4_version(fd);
    if (IS("BTRFS_IOC_SUBVOL_CREATE"))
        return make_subvolume(fd);
    if (IS("FS_IOC_SETVERSION"))
        return set_version(fd);
    return set_attr(path);
}

int
main(int argc, char **argv)
{
    return argc != 3 ? 2 : verdict(argv[1], change(argv[1], argv[2]));
}
