/* descriptor.h: descriptors, on every system.  */
#ifndef PJ_DESCRIPTOR_H
#define PJ_DESCRIPTOR_H

#include "procjail.h"

/* Writes all of `bytes`.  -1 with errno.  */
int pj_descriptor_write(int fd, pj_str bytes);

/* 0 if both are open.  Else closes the one that is; -1 with errno kept.  */
int pj_descriptor_both(int ends[2]);

#endif
