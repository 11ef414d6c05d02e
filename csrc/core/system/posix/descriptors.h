/* descriptors.h: what a child does not pass on.  */
#ifndef PJ_POSIX_DESCRIPTORS_H
#define PJ_POSIX_DESCRIPTORS_H

/* Makes the exec close all descriptors but the standard ones.  -1 with
   errno.  Async-signal-safe.  */
int pj_child_drop_descriptors(void);

#endif
