/* init_image.h: the program of csrc/init, as bytes of this library.  */
#ifndef PJ_INIT_IMAGE_H
#define PJ_INIT_IMAGE_H

#include "procjail.h"

/* An ELF file, static and without libc; empty where it was not built.  */
pj_str pj_init_image(void);

#endif
