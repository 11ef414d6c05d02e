/* kernel_fs.h: the file systems whose files are doors to the kernel.

   A write there commands the kernel, or another process through it: whom
   the memory killer takes, a whole cgroup, the core pattern.  Their files
   are nobody's data.  */
#ifndef PJ_KERNEL_FS_H
#define PJ_KERNEL_FS_H

#include "base/strings.h"

/* Adds where they are mounted, whole or in part.  Where the kernel does not
   tell, the two places that everybody knows; pj_kernel_fs_holds then finds
   the others.  0, or -1 when there is no memory.  */
int pj_kernel_fs_places(pj_strv *out);

/* Whether an open file belongs to one.  */
int pj_kernel_fs_holds(int fd);

/* Whether what an open directory holds is kept in memory.  */
int pj_kernel_fs_is_memory(int fd);

#endif
