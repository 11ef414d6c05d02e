/* landlock.c: building a Landlock ruleset.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "confine/linux/landlock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strings.h"
#include "confine/linux/kernel_fs.h"
#include "confine/linux/needs.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#endif

/* The kernel's interface, written out: headers older than the kernel lack
   the later fields, and the size that is passed tells which are meant.  */
struct ruleset {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
};

struct path_rule {
    uint64_t access;
    int32_t parent_fd;
} __attribute__((packed));

#define VERSION_FLAG 1U
#define PATH_BENEATH 1

#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_REFER (UINT64_C(1) << 13)
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_CHANGE_TREE (UINT64_C(0x1ff) << 4) /* remove and make, all kinds */
#define NET_TCP (UINT64_C(3))
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

#define READ_RIGHTS (FS_READ_FILE | FS_READ_DIR)
#define WRITE_RIGHTS (FS_WRITE_FILE | FS_CHANGE_TREE | FS_REFER | FS_TRUNCATE)
/* Nobody gets to make device nodes.  */
#define WRITE_GRANT \
    (WRITE_RIGHTS & ~(UINT64_C(1) << 6) & ~(UINT64_C(1) << 11))
/* What is kept from the kernel's own files.  A directory that is made or
   removed there commands it too: a cgroup, for instance.  */
#define KERNEL_RIGHTS (FS_WRITE_FILE | FS_CHANGE_TREE)
#define FILE_RIGHTS (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int
pj_landlock_abi(int *why)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
                       VERSION_FLAG);

    *why = abi < 0 ? errno : 0;
    return abi < 0 ? 0 : (int)abi;
}

/* The rights that the ruleset takes away unless a rule gives them.  */
static uint64_t
handled(const pj_landlock_plan *plan, int abi)
{
    uint64_t rights = 0;

    if (plan->read)
        rights |= READ_RIGHTS;
    if (plan->write)
        rights |= WRITE_RIGHTS;
    if (plan->execute)
        rights |= FS_EXECUTE;
    if (plan->kernel)
        rights |= KERNEL_RIGHTS;
    /* What handles any right refuses this one, handled or not.  */
    if (rights != 0)
        rights |= FS_REFER;
    if (abi < 2)
        rights &= ~FS_REFER;
    if (abi < 3)
        rights &= ~FS_TRUNCATE;
    return rights;
}

static int
create(const pj_landlock_plan *plan, int abi)
{
    struct ruleset attr = {.fs = handled(plan, abi)};
    size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;

    if (plan->network && abi >= 4)
        attr.net = NET_TCP;
    if (plan->network && abi >= 6)
        attr.scoped |= SCOPE_ABSTRACT_UNIX;
    if (plan->signals && abi >= 6)
        attr.scoped |= SCOPE_SIGNAL;
    /* A ruleset must handle something.  Making block devices is nothing
       that a child without privileges could do.  */
    if (attr.fs == 0 && attr.net == 0 && attr.scoped == 0)
        attr.fs = UINT64_C(1) << 11 | (abi >= 2 ? FS_REFER : 0);
    return (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0U);
}

/* Gives `rights` at an open file.  0; -1 with errno.  */
static int
allow_fd(int ruleset, int fd, uint64_t rights)
{
    struct path_rule rule = {.access = rights, .parent_fd = fd};
    struct stat st;

    if (fstat(fd, &st) != 0)
        return -1;
    if (!S_ISDIR(st.st_mode))
        rule.access &= FILE_RIGHTS;
    /* A link is no place of its own, and its target has one elsewhere.  */
    if (rule.access == 0 || S_ISLNK(st.st_mode))
        return 0;
    return (int)syscall(SYS_landlock_add_rule, ruleset, PATH_BENEATH, &rule,
                        0U);
}

/* And at a path.  */
static int
allow(int ruleset, const char *path, uint64_t rights)
{
    int fd = open(path, O_PATH | O_CLOEXEC), result, number;

    if (fd < 0)
        return -1;
    result = allow_fd(ruleset, fd, rights);
    number = errno;
    close(fd);
    errno = number;
    return result;
}

/* Rights at all of a directory but the places below it.  */
struct grant {
    int ruleset;
    uint64_t rights;
    const pj_strv *without;
};

static int
is_out_of_room(int number)
{
    return number == EMFILE || number == ENFILE || number == ENOMEM
        || number == E2BIG;
}

enum where { APART, ABOVE, IN };

/* Where a path stands to the places.  */
static enum where
look(pj_str path, const pj_strv *places)
{
    enum where found = APART;

    for (size_t i = 0; i < places->count; i++) {
        if (pj_path_is_below(path, places->items[i]))
            return IN;
        if (pj_path_is_below(places->items[i], path))
            found = ABOVE;
    }
    return found;
}

/* One entry.  What cannot be opened is left out: this process could not
   write there either.  */
static int
grant_entry(const struct grant *grant, const char *path)
{
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), result = 0;
    int number = errno;

    if (fd < 0)
        return is_out_of_room(number) ? -1 : 0;
    if (!pj_kernel_fs_holds(fd)
        && allow_fd(grant->ruleset, fd, grant->rights) < 0
        && is_out_of_room(errno))
        result = -1;
    number = errno;
    close(fd);
    errno = number;
    return result;
}

/* Walks down to the places, granting what stands beside the way.  The
   directories on the way themselves get nothing, since a right to them
   would be one to all below.  `path` is PATH_MAX long.  */
static int
grant_around(const struct grant *grant, char *path, size_t len)
{
    enum where where = look((pj_str){path, len}, grant->without);
    size_t end = len > 1 ? len : 0; /* without the slash of the root */
    struct dirent *entry;
    int result = 0;
    DIR *dir;

    if (where != ABOVE)
        return where == IN ? 0 : grant_entry(grant, path);
    dir = opendir(path);
    if (dir == NULL)
        return is_out_of_room(errno) ? -1 : 0;
    while (result == 0 && (entry = readdir(dir)) != NULL) {
        size_t more = strlen(entry->d_name);

        if (strcmp(entry->d_name, ".") == 0
            || strcmp(entry->d_name, "..") == 0
            || end + 1 + more >= PATH_MAX)
            continue;
        path[end] = '/';
        memcpy(path + end + 1, entry->d_name, more + 1);
        result = grant_around(grant, path, end + 1 + more);
        path[len] = '\0';
    }
    closedir(dir);
    return result;
}

/* Gives `rights` below a root, but for the file systems of the kernel.  A
   root that is in one of them is what its owner says it is.  */
static int
allow_without(int ruleset, const char *root, uint64_t rights,
              const pj_strv *kernel)
{
    const struct grant grant = {ruleset, rights, kernel};
    char path[PATH_MAX], *canonical = realpath(root, NULL);
    size_t len = canonical == NULL ? 0 : strlen(canonical);

    if (canonical == NULL)
        return -1;
    if (len < sizeof path)
        memcpy(path, canonical, len + 1);
    free(canonical);
    if (len >= sizeof path
        || look((pj_str){path, len}, kernel) != ABOVE)
        return allow(ruleset, root, rights);
    return grant_around(&grant, path, len);
}

static int
refuse_root(pj_str root, int number, pj_error *err)
{
    char text[96];

    if (is_out_of_room(number))
        return pj_error_system(err, "open", number);
    pj_errno_text(text, sizeof text, number);
    pj_error_begin(err, PJ_E_SandboxInvalid, root);
    pj_escape(err->reason, pj_str_of(text));
    return pj_error_say(err, "sandbox invalid: root %s: %s; name an "
                        "existing file or directory", err->value, text);
}

static int
add_roots(int ruleset, const pj_landlock_plan *plan, uint64_t all,
          const pj_strv *kernel, pj_error *err)
{
    const uint64_t rights[3] = {
        [PJ_ACCESS_READ] = READ_RIGHTS,
        [PJ_ACCESS_WRITE] = WRITE_GRANT,
        [PJ_ACCESS_EXECUTE] = plan->nothing ? 0 : FS_EXECUTE,
    };

    for (int access = 0; access < 3; access++)
        for (size_t i = 0; i < plan->root_count[access]; i++) {
            pj_str root = plan->roots[access][i];
            int result = access == PJ_ACCESS_WRITE && plan->write
                ? allow_without(ruleset, root.ptr, WRITE_GRANT & all, kernel)
                : allow(ruleset, root.ptr, rights[access] & all);

            if (result < 0)
                return refuse_root(root, errno, err);
        }
    return 0;
}

/* Without limits of writing: everything but the kernel's files.  */
static int
add_the_rest(int ruleset, const pj_strv *kernel, pj_error *err)
{
    if (allow_without(ruleset, "/", KERNEL_RIGHTS, kernel) < 0
        && is_out_of_room(errno))
        return pj_error_system(err, "landlock rules", errno);
    return 0;
}

/* What programs need to start and to speak their language, and no data:
   libraries, locales, time zones, the harmless devices.  Nothing of /proc:
   /proc/self would be this process here, and all of it is too much.  */
static void
add_system(int ruleset, uint64_t all)
{
    static const char *const readable[] = {
        "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64",
        "/usr/libexec", "/usr/local/lib", "/etc/ld.so.cache",
        "/etc/localtime", "/etc/locale.alias", "/usr/share/locale",
        "/usr/share/zoneinfo", "/usr/share/i18n", "/usr/share/terminfo",
        "/usr/share/misc", "/usr/share/file", "/etc/magic", "/dev/urandom",
        "/dev/random", "/sys/devices/system/cpu",
    };
    static const char *const devices[] = {"/dev/null", "/dev/zero",
                                          "/dev/full"};

    for (size_t i = 0; i < COUNT(readable) && (READ_RIGHTS & all) != 0; i++)
        allow(ruleset, readable[i], READ_RIGHTS & all);
    for (size_t i = 0; i < COUNT(devices); i++)
        allow(ruleset, devices[i], (FS_READ_FILE | FS_WRITE_FILE) & all);
}

/* The program itself, its interpreter and loader; the system's loaders for
   the programs of other roots.  */
static int
add_program(int ruleset, const pj_landlock_plan *plan, pj_str program,
            uint64_t all, pj_error *err)
{
    static const char *const loaders[] = {
        "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1",
        "/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1",
    };
    uint64_t rights = (FS_EXECUTE | FS_READ_FILE) & all;
    pj_strv needs = {NULL, 0, 0};
    int result = 0;

    allow(ruleset, program.ptr, rights);
    if (pj_needs_of(program, &needs) < 0)
        result = pj_error_memory(err);
    for (size_t i = 0; i < needs.count; i++)
        allow(ruleset, needs.items[i].ptr, rights);
    /* Nobody else is started where only the program is.  */
    for (size_t i = 0; i < COUNT(loaders) && !plan->nothing; i++)
        allow(ruleset, loaders[i], rights);
    pj_strv_clear(&needs);
    return result;
}

static int
fill(int ruleset, const pj_landlock_plan *plan, uint64_t all,
     pj_str program, pj_error *err)
{
    pj_strv kernel = {NULL, 0, 0};
    int result = 0;

    if ((plan->write || plan->kernel) && pj_kernel_fs_places(&kernel) < 0)
        result = pj_error_memory(err);
    add_system(ruleset, all);
    /* Moving and linking are not limited; what would gain rights by it
       still is.  */
    if (!plan->write)
        allow(ruleset, "/", FS_REFER & all);
    if (result == 0 && plan->kernel && !plan->write)
        result = add_the_rest(ruleset, &kernel, err);
    if (result == 0)
        result = add_roots(ruleset, plan, all, &kernel, err);
    if (result == 0 && program.ptr != NULL)
        result = add_program(ruleset, plan, program, all, err);
    pj_strv_clear(&kernel);
    return result;
}

int
pj_landlock_build(const pj_landlock_plan *plan, int abi,
                  pj_str program, int *fd, pj_error *err)
{
    uint64_t all = handled(plan, abi);
    int low = create(plan, abi), ruleset;

    if (low < 0)
        return pj_error_system(err, "landlock ruleset", errno);
    /* Above 2, as all that the child still needs.  */
    ruleset = fcntl(low, F_DUPFD_CLOEXEC, 3);
    close(low);
    if (ruleset < 0)
        return pj_error_system(err, "landlock ruleset", errno);
    if (fill(ruleset, plan, all, program, err) < 0) {
        close(ruleset);
        return -1;
    }
    *fd = ruleset;
    return 0;
}
