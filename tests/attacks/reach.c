/* reach NAME: whether a system call gets into the kernel.

   The arguments are such that nothing is changed, so most of these fail;
   what counts is that it was not with EPERM.  */
#include "attack.h"
#include <sched.h>

#define BAD ((void *)8)
#define NOWHERE "/nonexistent/at/all"

static const struct {
    const char *name;
    long number;
    long args[5];
} calls[] = {
    {"acct", SYS_acct, {(long)NOWHERE}},
    {"add_key", SYS_add_key, {(long)BAD, (long)BAD, 0, 0, 0}},
    {"adjtimex", SYS_adjtimex, {(long)BAD}},
    {"bpf", SYS_bpf, {0, (long)BAD, 40}},
    {"chroot", SYS_chroot, {(long)"/"}},
    {"clock_adjtime", SYS_clock_adjtime, {0, (long)BAD}},
    {"clock_settime", SYS_clock_settime, {0, (long)BAD}},
    {"delete_module", SYS_delete_module, {(long)"", 0}},
    {"fanotify_init", SYS_fanotify_init, {0x200, 0}},
    {"finit_module", SYS_finit_module, {-1, (long)"", 0}},
    {"fsmount", 432, {-1, 0, 0}},
    {"fsopen", 430, {(long)NOWHERE, 0}},
    {"init_module", SYS_init_module, {(long)BAD, 0, (long)""}},
    {"kcmp", SYS_kcmp, {0, 0, 99, 0, 0}},
    {"kexec_load", SYS_kexec_load, {0, 99, (long)BAD, 0xffff}},
    {"keyctl", SYS_keyctl, {0, -3, 0}},
    {"migrate_pages", SYS_migrate_pages, {0, 0, 0, 0}},
    {"mount", SYS_mount, {(long)NOWHERE, (long)NOWHERE, (long)"x", 0, 0}},
    {"mount_setattr", 442, {-1, (long)"", 0, 0, 0}},
    {"move_mount", 429, {-1, (long)"", -1, (long)"", 0}},
    {"move_pages", SYS_move_pages, {0, 0, 0, 0, 0}},
    {"name_to_handle_at", SYS_name_to_handle_at,
     {AT_FDCWD, (long)"/", (long)BAD, (long)BAD, 0}},
    {"open_by_handle_at", SYS_open_by_handle_at, {-1, (long)BAD, 0}},
    {"open_tree", 428, {AT_FDCWD, (long)"/", 0}},
    {"perf_event_open", SYS_perf_event_open, {(long)BAD, 0, -1, -1, 0}},
    {"pivot_root", SYS_pivot_root, {(long)NOWHERE, (long)NOWHERE}},
    {"process_madvise", 440, {-1, 0, 0, 0, 0}},
    {"process_mrelease", 448, {-1, 0}},
    {"quotactl", SYS_quotactl, {0x80000100, 0, 0, 0}},
    {"reboot", SYS_reboot, {0, 0, 0, 0}},
    {"request_key", SYS_request_key, {(long)BAD, 0, 0, 0}},
    {"setdomainname", SYS_setdomainname, {(long)BAD, -1}},
    {"sethostname", SYS_sethostname, {(long)BAD, -1}},
    {"setns", SYS_setns, {-1, 0}},
    {"settimeofday", SYS_settimeofday, {(long)BAD, 0}},
    {"swapoff", SYS_swapoff, {(long)NOWHERE}},
    {"swapon", SYS_swapon, {(long)NOWHERE, 0}},
    {"no call", 500, {0}},
    {"syslog", SYS_syslog, {9, 0, 0}},
    {"umount2", SYS_umount2, {(long)NOWHERE, 0}},
    {"unshare", SYS_unshare, {CLONE_NEWUSER}},
    {"userfaultfd", SYS_userfaultfd, {1}}, /* UFFD_USER_MODE_ONLY */
#ifdef __x86_64__
    {"ioperm", SYS_ioperm, {0, 0, 0}},
    {"iopl", SYS_iopl, {0}},
    {"modify_ldt", SYS_modify_ldt, {99, 0, 0}},
#endif
};

int
main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof calls / sizeof *calls; i++) {
        const long *a = calls[i].args;

        if (strcmp(calls[i].name, argv[1]) != 0)
            continue;
        if (syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4]) < 0
            && (errno == EPERM || errno == ENOSYS))
            return stopped(argv[1]);
        return escaped();
    }
    return 2;
}
