/* init_image.c: the csrc/init program, as bytes of this library.  It is
   embedded rather than a separate file, because a library that is linked
   into something else, or frozen, has no files next to it.  */
#include "system/linux/init_image.h"

#ifdef PJ_INIT_IMAGE

__asm__(".section .rodata\n"
        ".balign 8\n"
        ".hidden pj_init_begin\n"
        ".globl pj_init_begin\n"
        "pj_init_begin:\n"
        ".incbin \"" PJ_INIT_IMAGE "\"\n"
        ".hidden pj_init_end\n"
        ".globl pj_init_end\n"
        "pj_init_end:\n"
        ".previous\n");

extern const char pj_init_begin[], pj_init_end[];

pj_str
pj_init_image(void)
{
    return (pj_str){pj_init_begin, (size_t)(pj_init_end - pj_init_begin)};
}

#else

/* Built without it: features that need it are unavailable.  */
pj_str
pj_init_image(void)
{
    return (pj_str){NULL, 0};
}

#endif
