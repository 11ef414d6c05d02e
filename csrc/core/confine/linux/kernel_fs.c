/* kernel_fs.c: finding the mounts of the kernel's own file systems.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "confine/linux/kernel_fs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The names as in mountinfo, the numbers as from statfs (linux/magic.h, and
   the kernel sources for those it lacks).  */
static const struct {
    const char *name;
    uint32_t magic;
} kernel_systems[] = {
    {"proc", 0x9fa0},
    {"sysfs", 0x62656572},
    {"cgroup", 0x27e0eb},
    {"cgroup2", 0x63677270},
    {"cpuset", 0x27e0eb}, /* the old name of the cgroup file system */
    {"debugfs", 0x64626720},
    {"tracefs", 0x74726163},
    {"securityfs", 0x73636673},
    {"selinuxfs", 0xf97cff8c},
    {"smackfs", 0x43415d53},
    {"configfs", 0x62656570},
    {"efivarfs", 0xde5e81e4},
    {"bpf", 0xcafe4a11},
    {"pstore", 0x6165676c},
    {"fusectl", 0x65735543},
    {"binfmt_misc", 0x42494e4d},
    {"resctrl", 0x7655821},
    {"nfsd", 0x6e667364},
    {"rpc_pipefs", 0x67596969},
    {"xenfs", 0xabba1974},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int
has_magic(int fd, uint32_t *magic)
{
    struct statfs fs;

    if (fstatfs(fd, &fs) != 0)
        return 0;
    *magic = (uint32_t)fs.f_type;
    return 1;
}

int
pj_kernel_fs_holds(int fd)
{
    uint32_t magic;

    if (!has_magic(fd, &magic))
        return 0;
    for (size_t i = 0; i < COUNT(kernel_systems); i++)
        if (kernel_systems[i].magic == magic)
            return 1;
    return 0;
}

int
pj_kernel_fs_is_memory(int fd)
{
    /* tmpfs, ramfs, hugetlbfs.  */
    static const uint32_t memory[] = {0x1021994, 0x858458f6, 0x958458f6};
    uint32_t magic;

    if (!has_magic(fd, &magic))
        return 0;
    for (size_t i = 0; i < COUNT(memory); i++)
        if (memory[i] == magic)
            return 1;
    return 0;
}

static int
is_kernel_name(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT(kernel_systems); i++)
        if (strlen(kernel_systems[i].name) == len
            && memcmp(kernel_systems[i].name, name, len) == 0)
            return 1;
    return 0;
}

/* The whole contents of a file of unknown size; NULL if it cannot be read.
   The caller frees it.  */
static char *
read_whole(const char *path)
{
    size_t room = 8192, used = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = fd < 0 ? NULL : malloc(room);

    while (text != NULL) {
        ssize_t got = read(fd, text + used, room - used - 1);
        char *more = text;

        if (got == 0)
            break;
        used += got < 0 ? 0 : (size_t)got;
        if (got > 0 && room - used < 4096)
            more = realloc(text, room *= 2);
        if (got < 0 || more == NULL) {
            free(text);
            text = NULL;
        } else {
            text = more;
        }
    }
    if (fd >= 0)
        close(fd);
    if (text != NULL)
        text[used] = '\0';
    return text;
}

/* Decodes a path's spaces, tabs, newlines and backslashes, which mountinfo
   escapes as three octal digits.  In place; returns the new length.  */
static size_t
unescape(char *path, size_t len)
{
    size_t used = 0;

    for (size_t at = 0; at < len; at++) {
        const char *c = path + at;

        if (c[0] == '\\' && at + 3 < len && c[1] >= '0' && c[1] <= '3'
            && c[2] >= '0' && c[2] <= '7' && c[3] >= '0' && c[3] <= '7') {
            path[used++] = (char)((c[1] - '0') << 6 | (c[2] - '0') << 3
                                  | (c[3] - '0'));
            at += 3;
        } else {
            path[used++] = *c;
        }
    }
    return used;
}

/* Adds the mount point of one line, if its type is listed.  The fields: id,
   parent, device, root, mount point, options, any number of tags, `-`,
   type.  */
static int
add_line(char *line, pj_strv *out)
{
    char *place = line, *type = strstr(line, " - ");
    size_t len;

    for (int i = 0; i < 4 && place != NULL; i++) {
        place = strchr(place, ' ');
        place += place != NULL;
    }
    if (place == NULL || type == NULL)
        return 0;
    type += 3;
    if (!is_kernel_name(type, strcspn(type, " ")))
        return 0;
    len = unescape(place, strcspn(place, " "));
    return pj_strv_push(out, (pj_str){place, len});
}

int
pj_kernel_fs_places(pj_strv *out)
{
    char *text = read_whole("/proc/self/mountinfo"), *line, *rest = NULL;
    int result = 0;

    if (text == NULL)
        return pj_strv_push(out, PJ_STR("/proc")) < 0
            || pj_strv_push(out, PJ_STR("/sys")) < 0 ? -1 : 0;
    for (line = strtok_r(text, "\n", &rest); line != NULL && result == 0;
         line = strtok_r(NULL, "\n", &rest))
        result = add_line(line, out);
    free(text);
    return result;
}
