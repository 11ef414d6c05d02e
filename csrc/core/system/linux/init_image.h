/* init_image.h: the csrc/init program, as bytes of this library.  */
#ifndef PJ_INIT_IMAGE_H
#define PJ_INIT_IMAGE_H

#include "procjail.h"

/* An ELF file, static and without libc; empty if it was not built.  */
pj_str pj_init_image(void);

#endif
