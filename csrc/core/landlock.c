/* landlock.c: building a Landlock ruleset.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error.h"
#include "needs.h"
#include "strings.h"

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
#define FILE_RIGHTS (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int
pj_landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
                       VERSION_FLAG);

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

/* Gives `rights` at a path.  0; -1 with errno when it cannot be opened or
   added.  */
static int
allow(int ruleset, const char *path, uint64_t rights)
{
    struct path_rule rule = {.access = rights};
    struct stat st;
    int fd = open(path, O_PATH | O_CLOEXEC), result, number;

    if (fd < 0)
        return -1;
    result = fstat(fd, &st);
    if (result == 0 && !S_ISDIR(st.st_mode))
        rule.access &= FILE_RIGHTS;
    rule.parent_fd = fd;
    if (result == 0 && rule.access != 0)
        result = (int)syscall(SYS_landlock_add_rule, ruleset, PATH_BENEATH,
                              &rule, 0U);
    number = errno;
    close(fd);
    errno = number;
    return result;
}

static int
add_roots(int ruleset, const pj_landlock_plan *plan, uint64_t all,
          pj_error *err)
{
    static const uint64_t rights[3] = {
        [PJ_ACCESS_READ] = READ_RIGHTS,
        [PJ_ACCESS_WRITE] = WRITE_GRANT,
        [PJ_ACCESS_EXECUTE] = FS_EXECUTE | READ_RIGHTS,
    };
    char text[96];

    for (int access = 0; access < 3; access++)
        for (size_t i = 0; i < plan->root_count[access]; i++) {
            pj_str root = plan->roots[access][i];

            if (allow(ruleset, root.ptr, rights[access] & all) == 0)
                continue;
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
                return pj_error_system(err, "open", errno);
            pj_errno_text(text, sizeof text, errno);
            pj_error_begin(err, PJ_E_SandboxInvalid, root);
            pj_escape(err->reason, pj_str_of(text));
            return pj_error_say(err, "sandbox invalid: root %s: %s; name an "
                                "existing file or directory", err->value,
                                text);
        }
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

    for (size_t i = 0; i < COUNT(readable); i++)
        allow(ruleset, readable[i], READ_RIGHTS & all);
    for (size_t i = 0; i < COUNT(devices); i++)
        allow(ruleset, devices[i], (FS_READ_FILE | FS_WRITE_FILE) & all);
}

/* The program itself, its interpreter and loader; the system's loaders for
   the programs of other roots.  */
static int
add_program(int ruleset, const pj_pin *program, uint64_t all, pj_error *err)
{
    static const char *const loaders[] = {
        "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1",
        "/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1",
    };
    uint64_t rights = (FS_EXECUTE | FS_READ_FILE) & all;
    pj_strv needs = {NULL, 0, 0};
    int result = 0;

    allow(ruleset, program->path.ptr, rights);
    if (pj_needs_of(program->path, &needs) < 0)
        result = pj_error_memory(err);
    for (size_t i = 0; i < needs.count; i++)
        allow(ruleset, needs.items[i].ptr, rights);
    for (size_t i = 0; i < COUNT(loaders); i++)
        allow(ruleset, loaders[i], rights);
    pj_strv_clear(&needs);
    return result;
}

int
pj_landlock_build(const pj_landlock_plan *plan, int abi,
                  const pj_pin *program, int *fd, pj_error *err)
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
    add_system(ruleset, all);
    /* Moving and linking are not limited; what would gain rights by it
       still is.  */
    if (!plan->write)
        allow(ruleset, "/", FS_REFER);
    if (add_roots(ruleset, plan, all, err) < 0
        || (program != NULL && add_program(ruleset, program, all, err) < 0)) {
        close(ruleset);
        return -1;
    }
    *fd = ruleset;
    return 0;
}
