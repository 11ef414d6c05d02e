/* linux.h: constants that headers of older systems lack, and declarations
   that the files of this platform share.  */
#ifndef PJ_LINUX_H
#define PJ_LINUX_H

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_memfd_create
#ifdef __x86_64__
#define SYS_memfd_create 319
#else
#define SYS_memfd_create 279
#endif
#endif
#define PJ_MFD_CLOEXEC 1U
#define PJ_MFD_ALLOW_SEALING 2U
#define PJ_MFD_NOEXEC_SEAL 8U
#define PJ_MFD_EXEC 16U
#define PJ_F_ADD_SEALS 1033
#define PJ_F_SEAL_SEAL 1
#define PJ_F_SEAL_SHRINK 2
#define PJ_F_SEAL_GROW 4
#define PJ_F_SEAL_WRITE 8
#define PJ_PIDFD_SIGNAL_PROCESS_GROUP (1U << 2)

/* memfd_create by number: glibc has it since 2.27.  Since Linux 6.3 `more`
   says whether the file is executable; before, all are.  Above 2; -1 with
   errno.  */
int pj_linux_memory_file(const char *name, unsigned more);

#endif
