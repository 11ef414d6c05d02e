/* rows NAME ARGS...: one call of a row of SECURITY.md, by its name.

   PID and ADDRESS are of the host, PATH is where something is.  */
#include "attack.h"
#include <linux/openat2.h>
#include <sched.h>
#include <stdint.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <linux/if.h>
#include <linux/if_tun.h>

#define HIGH (1UL << 32) /* above what the kernel looks at */

extern char **environ;

static int
pidfd(long pid)
{
    return (int)syscall(434, pid, 0);
}

/* ------------------------------------------- other processes: PID ADDRESS */

static long
vm_write(char **arg)
{
    char text[] = "x";
    struct iovec here = {text, 1}, there = {(void *)number(arg[1]), 1};

    return process_vm_writev((pid_t)number(arg[0]), &here, 1, &there, 1, 0);
}

static long
mem_write(char **arg)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%s/mem", arg[0]);
    return pwrite(open(path, O_RDWR), "x", 1, number(arg[1]));
}

static long
seize(char **arg)
{
    return ptrace(PTRACE_SEIZE, (pid_t)number(arg[0]), 0, 0);
}

static long
set_attr(char **arg)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t more[3];
    } attr = {48, 0, 0, 19, 0, {0}};

    return syscall(SYS_sched_setattr, number(arg[0]), &attr, 0);
}

static long
compare(char **arg)
{
    return syscall(SYS_kcmp, getpid(), number(arg[0]), 2, 0, 0);
}

static long
robust(char **arg)
{
    void *head;
    size_t size;

    return syscall(SYS_get_robust_list, number(arg[0]), &head, &size);
}

static long
advise(char **arg)
{
    struct iovec there = {(void *)(number(arg[1]) & ~4095L), 4096};

    return syscall(440, pidfd(number(arg[0])), &there, 1, 20, 0);
}

static long
move(char **arg)
{
    void *page = (void *)(number(arg[1]) & ~4095L);
    int status;

    return syscall(SYS_move_pages, number(arg[0]), 1, &page, NULL, &status,
                   0);
}

static long
migrate(char **arg)
{
    unsigned long nodes = 1;

    return syscall(SYS_migrate_pages, number(arg[0]), 64, &nodes, &nodes);
}

static long
enter(char **arg)
{
    return setns(pidfd(number(arg[0])), CLONE_NEWUTS);
}

/* PIDFD_GET_UTS_NAMESPACE of Linux 6.11.  */
static long
namespace_of(char **arg)
{
    return ioctl(pidfd(number(arg[0])), _IO(0xff, 10), 0);
}

static long
share_core(char **arg)
{
    return prctl(62, 2, number(arg[0]), 0, 0);
}

static long
io_group(char **arg)
{
    return syscall(SYS_ioprio_set, 2, getpgid((pid_t)number(arg[0])),
                   3 << 13);
}

static long
io_user(char **arg)
{
    (void)arg;
    return syscall(SYS_ioprio_set, 3, getuid(), 2 << 13 | 4);
}

/* ------------------------------------------------- files: PATH [PATH] */

static long
by_openat2(char **arg)
{
    struct open_how how = {.flags = O_WRONLY};

    return syscall(SYS_openat2, AT_FDCWD, arg[0], &how, sizeof how);
}

static long
by_path(char **arg)
{
    char link[40];
    int fd = open(arg[0], O_PATH);

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return fd < 0 ? -1 : open(link, O_WRONLY);
}

static long
by_root(char **arg)
{
    char path[512];

    snprintf(path, sizeof path, "/proc/self/root%s", arg[0]);
    return open(path, O_WRONLY);
}

static long
by_directory(char **arg)
{
    char *slash = strrchr(arg[0], '/');

    *slash = '\0';
    return openat(open(arg[0], O_PATH | O_DIRECTORY), slash + 1, O_WRONLY);
}

static long
make_device(char **arg)
{
    return mknod(arg[0], S_IFCHR | 0600, makedev(1, 3));
}

static long
rename_whiteout(char **arg)
{
    return renameat2(AT_FDCWD, arg[0], AT_FDCWD, arg[1],
                     RENAME_WHITEOUT | RENAME_NOREPLACE);
}

static long
remove_directory(char **arg)
{
    return rmdir(arg[0]);
}

static long
lock_high(char **arg)
{
    return syscall(SYS_flock, open(arg[0], O_RDONLY),
                   HIGH | LOCK_EX | LOCK_NB);
}

static long
lease_high(char **arg)
{
    return syscall(SYS_fcntl, open(arg[0], O_RDONLY), HIGH | F_SETLEASE,
                   F_RDLCK);
}

/* A link to what a descriptor leads to, in a place that may be written.  */
static long
link_path(char **arg)
{
    char link[40];

    snprintf(link, sizeof link, "/proc/self/fd/%d", open(arg[0], O_PATH));
    if (linkat(AT_FDCWD, link, AT_FDCWD, arg[1], AT_SYMLINK_FOLLOW) != 0)
        return -1;
    return open(arg[1], O_WRONLY);
}

/* F_SET_RW_HINT: of the file, by a descriptor that reads.  */
static long
hint(char **arg)
{
    uint64_t value = 2;

    return fcntl(open(arg[0], O_RDONLY), 1036, &value);
}

static long
notice(char **arg)
{
    int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, 0);

    return fanotify_mark(fd, FAN_MARK_ADD, FAN_CREATE | FAN_ONDIR, AT_FDCWD,
                         arg[0]);
}

static long
by_handle(char **arg)
{
    struct {
        struct file_handle head;
        char room[MAX_HANDLE_SZ];
    } handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
    int mount;

    if (name_to_handle_at(AT_FDCWD, arg[0], &handle.head, &mount, 0) != 0)
        return -1;
    return open_by_handle_at(open(arg[1], O_RDONLY), &handle.head, O_RDONLY);
}

/* ------------------------------------ numbers with a bit too many, above */

static long
vsock_high(char **arg)
{
    (void)arg;
    return syscall(SYS_socket, HIGH | AF_VSOCK, SOCK_STREAM, 0);
}

static long
window_high(char **arg)
{
    struct winsize size = {7, 77, 0, 0};
    int master = posix_openpt(O_RDWR | O_NOCTTY);

    (void)arg;
    return syscall(SYS_ioctl, master, HIGH | TIOCSWINSZ, &size);
}

static long
pair_high(char **arg)
{
    int pair[2];

    (void)arg;
    return syscall(SYS_socketpair, HIGH | AF_UNIX, HIGH | SOCK_DGRAM, 0,
                   pair);
}

/* --------------------------------------------------- objects: ID */

static long
semaphore(char **arg)
{
    return semctl((int)number(arg[0]), 0, GETVAL);
}

static long
message(char **arg)
{
    struct {
        long type;
        char text[8];
    } got;

    return msgrcv((int)number(arg[0]), &got, sizeof got.text, 0,
                  IPC_NOWAIT);
}

static long
remove_segment(char **arg)
{
    return shmctl((int)number(arg[0]), IPC_RMID, NULL);
}

/* ----------------------------------------------------------- the rest */

/* tun NAME: a network device, which carries what is written to it.  */
static long
tunnel(char **arg)
{
    struct ifreq request = {0};
    int fd = open("/dev/net/tun", O_RDWR);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", arg[0]);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    return ioctl(fd, TUNSETIFF, &request);
}

/* rlimit RESOURCE VALUE */
static long
raise_limit(char **arg)
{
    rlim_t value = (rlim_t)number(arg[1]);
    struct rlimit limit = {value, value};

    return prlimit(0, (int)number(arg[0]), &limit, NULL);
}

static long
run_again(char **arg)
{
    char *args[] = {"rows", "said", NULL};

    (void)arg;
    return execve("/proc/self/exe", args, environ);
}

/* The way of posix_spawn and system, and the same by a descriptor.  */
static long
run_by_vfork(char **arg, int by_descriptor)
{
    char *args[] = {arg[0], NULL};
    int fd = open(arg[0], O_RDONLY | O_CLOEXEC), status;
    pid_t pid = vfork();

    if (pid == 0) {
        if (by_descriptor)
            syscall(SYS_execveat, fd, "", args, environ, AT_EMPTY_PATH);
        else
            execve(arg[0], args, environ);
        _exit(errno);
    }
    if (waitpid(pid, &status, 0) != pid || status == 0)
        return status;
    errno = WEXITSTATUS(status);
    return -1;
}

static long
run_path(char **arg)
{
    return run_by_vfork(arg, 0);
}

static long
run_descriptor(char **arg)
{
    return run_by_vfork(arg, 1);
}

static const struct {
    const char *name;
    int arguments;
    long (*call)(char **arg);
} calls[] = {
    {"vm_write", 2, vm_write},
    {"mem_write", 2, mem_write},
    {"seize", 1, seize},
    {"set_attr", 1, set_attr},
    {"kcmp", 1, compare},
    {"robust_list", 1, robust},
    {"madvise", 2, advise},
    {"move_pages", 2, move},
    {"migrate_pages", 1, migrate},
    {"setns", 1, enter},
    {"namespace", 1, namespace_of},
    {"core", 1, share_core},
    {"io_group", 1, io_group},
    {"io_user", 0, io_user},
    {"openat2", 1, by_openat2},
    {"path", 1, by_path},
    {"root", 1, by_root},
    {"directory", 1, by_directory},
    {"link_path", 2, link_path},
    {"hint", 1, hint},
    {"fanotify", 1, notice},
    {"handle", 2, by_handle},
    {"mknod", 1, make_device},
    {"whiteout", 2, rename_whiteout},
    {"rmdir", 1, remove_directory},
    {"flock_high", 1, lock_high},
    {"lease_high", 1, lease_high},
    {"vsock_high", 0, vsock_high},
    {"window_high", 0, window_high},
    {"pair_high", 0, pair_high},
    {"semctl", 1, semaphore},
    {"msgrcv", 1, message},
    {"shmctl", 1, remove_segment},
    {"tun", 1, tunnel},
    {"rlimit", 2, raise_limit},
    {"again", 0, run_again},
    {"vfork", 1, run_path},
    {"descriptor", 1, run_descriptor},
};

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "said") == 0)
        return escaped();
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (argc > 1 && strcmp(calls[i].name, argv[1]) == 0
            && calls[i].arguments == argc - 2)
            return verdict(argv[1], calls[i].call(argv + 2));
    return 2;
}
