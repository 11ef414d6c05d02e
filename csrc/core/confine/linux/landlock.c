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
#include "confine/linux/landlock_abi.h"
#include "confine/linux/needs.h"

/* The kernel's names, without their common prefix.  */
#define FS(name) LANDLOCK_ACCESS_FS_##name

#define READ_RIGHTS (FS(READ_FILE) | FS(READ_DIR))
#define CHANGE_TREE                                                      \
    (FS(REMOVE_DIR) | FS(REMOVE_FILE) | FS(MAKE_CHAR) | FS(MAKE_DIR)     \
     | FS(MAKE_REG) | FS(MAKE_SOCK) | FS(MAKE_FIFO) | FS(MAKE_BLOCK)     \
     | FS(MAKE_SYM))
#define WRITE_RIGHTS (FS(WRITE_FILE) | CHANGE_TREE | FS(REFER) | FS(TRUNCATE))
/* Creating device nodes is never granted.  */
#define WRITE_GRANT (WRITE_RIGHTS & ~(FS(MAKE_CHAR) | FS(MAKE_BLOCK)))
/* What is denied on the kernel's own files.  Creating or removing a directory
   there controls the kernel too: a cgroup, for instance.  */
#define KERNEL_RIGHTS (FS(WRITE_FILE) | CHANGE_TREE)
#define FILE_RIGHTS                                                      \
    (FS(EXECUTE) | FS(WRITE_FILE) | FS(READ_FILE) | FS(TRUNCATE))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What each version added, and how much of the attributes it reads.  5 added
   IOCTL_DEV, which is not used: a filter that knows the requests does more
   (seccomp_ioctl.def).  */
static const struct {
    int abi;
    size_t size;
    struct landlock_ruleset_attr rights;
} versions[] = {
    {1, 8, {.handled_access_fs = FS(EXECUTE) | FS(WRITE_FILE) | READ_RIGHTS
                | CHANGE_TREE}},
    {2, 8, {.handled_access_fs = FS(REFER)}},
    {3, 8, {.handled_access_fs = FS(TRUNCATE)}},
    {4, 16, {.handled_access_net = LANDLOCK_ACCESS_NET_BIND_TCP
                 | LANDLOCK_ACCESS_NET_CONNECT_TCP}},
    {6, 24, {.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
                 | LANDLOCK_SCOPE_SIGNAL}},
};

/* All rights that a version knows.  */
static struct landlock_ruleset_attr
known_to(int abi, size_t *size)
{
    struct landlock_ruleset_attr all = {0, 0, 0};

    for (size_t i = 0; i < COUNT(versions) && versions[i].abi <= abi; i++) {
        all.handled_access_fs |= versions[i].rights.handled_access_fs;
        all.handled_access_net |= versions[i].rights.handled_access_net;
        all.scoped |= versions[i].rights.scoped;
        *size = versions[i].size;
    }
    return all;
}

int
pj_landlock_abi(int *why)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
                       LANDLOCK_CREATE_RULESET_VERSION);

    *why = abi < 0 ? errno : 0;
    return abi < 0 ? 0 : (int)abi;
}

/* What the ruleset denies unless a rule grants it.  */
static struct landlock_ruleset_attr
wanted(const pj_landlock_plan *plan)
{
    struct landlock_ruleset_attr attr = {0, 0, 0};

    if (plan->read)
        attr.handled_access_fs |= READ_RIGHTS;
    if (plan->write)
        attr.handled_access_fs |= WRITE_RIGHTS;
    if (plan->execute)
        attr.handled_access_fs |= FS(EXECUTE);
    if (plan->kernel)
        attr.handled_access_fs |= KERNEL_RIGHTS;
    /* A ruleset that handles any right denies this one, handled or not.  */
    if (attr.handled_access_fs != 0)
        attr.handled_access_fs |= FS(REFER);
    if (plan->network) {
        attr.handled_access_net = LANDLOCK_ACCESS_NET_BIND_TCP
            | LANDLOCK_ACCESS_NET_CONNECT_TCP;
        attr.scoped |= LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
    }
    if (plan->signals)
        attr.scoped |= LANDLOCK_SCOPE_SIGNAL;
    return attr;
}

/* The part of it that the version knows.  */
static struct landlock_ruleset_attr
handled(const pj_landlock_plan *plan, int abi, size_t *size)
{
    struct landlock_ruleset_attr attr = wanted(plan);
    struct landlock_ruleset_attr known = known_to(abi, size);

    attr.handled_access_fs &= known.handled_access_fs;
    attr.handled_access_net &= known.handled_access_net;
    attr.scoped &= known.scoped;
    return attr;
}

static int
create(const pj_landlock_plan *plan, int abi)
{
    size_t size = 0;
    struct landlock_ruleset_attr attr = handled(plan, abi, &size);

    /* A ruleset must handle something.  An unprivileged child could not
       create block devices anyway.  */
    if (attr.handled_access_fs == 0 && attr.handled_access_net == 0
        && attr.scoped == 0)
        attr.handled_access_fs = FS(MAKE_BLOCK) | (abi >= 2 ? FS(REFER) : 0);
    return (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0U);
}

/* Grants `rights` on an open file.  Returns 0, or -1 with errno set.  */
static int
allow_fd(int ruleset, int fd, uint64_t rights)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = rights,
                                              .parent_fd = fd};
    struct stat st;

    if (fstat(fd, &st) != 0)
        return -1;
    if (!S_ISDIR(st.st_mode))
        rule.allowed_access &= FILE_RIGHTS;
    /* A link needs no rule: its target has one where it is.  */
    if (rule.allowed_access == 0 || S_ISLNK(st.st_mode))
        return 0;
    return (int)syscall(SYS_landlock_add_rule, ruleset,
                        LANDLOCK_RULE_PATH_BENEATH, &rule, 0U);
}

/* The same for a path.  */
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

/* Rights on a whole directory except the places below it.  */
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

/* Where a path is relative to the places.  */
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

/* Handles one entry.  One that cannot be opened is skipped: this process
   could not write there either.  */
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

/* Walks down to the places, granting their siblings on the way.  The
   directories on the way get nothing, since a right to one covers all below
   it.  `path` is PATH_MAX long.  */
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

/* Grants `rights` below a root, except on the kernel's file systems.  A root
   inside one of them is taken as intended.  */
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
        [PJ_ACCESS_EXECUTE] = plan->nothing ? 0 : FS(EXECUTE),
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

/* Without write limits: everything except the kernel's files.  */
static int
add_the_rest(int ruleset, const pj_strv *kernel, pj_error *err)
{
    if (allow_without(ruleset, "/", KERNEL_RIGHTS, kernel) < 0
        && is_out_of_room(errno))
        return pj_error_system(err, "landlock rules", errno);
    return 0;
}

/* What programs need to start and to use their locale, but no data:
   libraries, locales, time zones, harmless devices.  Nothing in /proc:
   /proc/self would be the current process, and all of it is too much.  */
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
        allow(ruleset, devices[i], (FS(READ_FILE) | FS(WRITE_FILE)) & all);
}

/* The program itself, its interpreter and loader; the system's loaders for
   programs in other roots.  */
static int
add_program(int ruleset, const pj_landlock_plan *plan, pj_str program,
            uint64_t all, pj_error *err)
{
    static const char *const loaders[] = {
        "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1",
        "/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1",
    };
    uint64_t rights = (FS(EXECUTE) | FS(READ_FILE)) & all;
    pj_strv needs = {NULL, 0, 0};
    int result = 0;

    allow(ruleset, program.ptr, rights);
    if (pj_needs_of(program, &needs) < 0)
        result = pj_error_memory(err);
    for (size_t i = 0; i < needs.count; i++)
        allow(ruleset, needs.items[i].ptr, rights);
    /* Not needed if nothing but the program may be started.  */
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
    /* Moving and linking are not limited, except where that would gain
       rights.  */
    if (!plan->write)
        allow(ruleset, "/", FS(REFER) & all);
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
    size_t size = 0;
    uint64_t all = handled(plan, abi, &size).handled_access_fs;
    int low = create(plan, abi), ruleset;

    if (low < 0)
        return pj_error_system(err, "landlock ruleset", errno);
    /* Above 2, like every descriptor that the child still needs.  */
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
