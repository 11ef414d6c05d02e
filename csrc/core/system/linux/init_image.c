/* init_image.c: the program of csrc/init, as bytes of this library.  It is
   part of it, and not a file beside it, because a library that is linked
   into something else, or frozen, has nothing beside it.  */
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

/* Built without it: what needs it is not available.  */
pj_str
pj_init_image(void)
{
    return (pj_str){NULL, 0};
}

#endif
