/* landlock_abi.h: the kernel's interface, under its own names.

   Spelled out, since headers are older than kernels: the running kernel may
   have what <linux/landlock.h> of the build machine lacks.  */
#ifndef PJ_LANDLOCK_ABI_H
#define PJ_LANDLOCK_ABI_H

#include <stdint.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#endif

struct landlock_ruleset_attr {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; /* from 4 on */
    uint64_t scoped;             /* from 6 on */
};

struct landlock_path_beneath_attr {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));

#define LANDLOCK_CREATE_RULESET_VERSION 1U
#define LANDLOCK_RULE_PATH_BENEATH 1

#define LANDLOCK_ACCESS_FS_EXECUTE (UINT64_C(1) << 0)
#define LANDLOCK_ACCESS_FS_WRITE_FILE (UINT64_C(1) << 1)
#define LANDLOCK_ACCESS_FS_READ_FILE (UINT64_C(1) << 2)
#define LANDLOCK_ACCESS_FS_READ_DIR (UINT64_C(1) << 3)
#define LANDLOCK_ACCESS_FS_REMOVE_DIR (UINT64_C(1) << 4)
#define LANDLOCK_ACCESS_FS_REMOVE_FILE (UINT64_C(1) << 5)
#define LANDLOCK_ACCESS_FS_MAKE_CHAR (UINT64_C(1) << 6)
#define LANDLOCK_ACCESS_FS_MAKE_DIR (UINT64_C(1) << 7)
#define LANDLOCK_ACCESS_FS_MAKE_REG (UINT64_C(1) << 8)
#define LANDLOCK_ACCESS_FS_MAKE_SOCK (UINT64_C(1) << 9)
#define LANDLOCK_ACCESS_FS_MAKE_FIFO (UINT64_C(1) << 10)
#define LANDLOCK_ACCESS_FS_MAKE_BLOCK (UINT64_C(1) << 11)
#define LANDLOCK_ACCESS_FS_MAKE_SYM (UINT64_C(1) << 12)
#define LANDLOCK_ACCESS_FS_REFER (UINT64_C(1) << 13)
#define LANDLOCK_ACCESS_FS_TRUNCATE (UINT64_C(1) << 14)
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (UINT64_C(1) << 15)

#define LANDLOCK_ACCESS_NET_BIND_TCP (UINT64_C(1) << 0)
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (UINT64_C(1) << 1)

#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (UINT64_C(1) << 0)
#define LANDLOCK_SCOPE_SIGNAL (UINT64_C(1) << 1)

#endif
