/* kernel_fs.h: the file systems whose files are kernel interfaces.

   A write there controls the kernel, or another process through it: what the
   OOM killer picks, a whole cgroup, the core pattern.  Their files hold no
   user data.  */
#ifndef PJ_KERNEL_FS_H
#define PJ_KERNEL_FS_H

#include "base/strings.h"

/* Adds where they are mounted, whole or in part.  If the kernel does not
   report that, the two well-known places; pj_kernel_fs_holds then finds the
   others.  Returns 0, or -1 if out of memory.  */
int pj_kernel_fs_places(pj_strv *out);

/* Whether an open file is on one of them.  */
int pj_kernel_fs_holds(int fd);

/* Whether the files in an open directory are kept in memory.  */
int pj_kernel_fs_is_memory(int fd);

#endif
