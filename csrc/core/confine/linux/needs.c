/* needs.c: reading `#!` lines and the PT_INTERP of ELF files.  */
#include "confine/linux/needs.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Scripts may name scripts; the kernel follows five.  */
#define DEPTH 5

#if UINTPTR_MAX > 0xffffffff
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
#define NATIVE_CLASS ELFCLASS64
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
#define NATIVE_CLASS ELFCLASS32
#endif

/* Stores the path of PT_INTERP in `out`; 0 if there is none.  */
static size_t
elf_interpreter(int fd, char *out, size_t size)
{
    elf_header header;
    elf_segment segment;

    if (pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header
        || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0
        || header.e_ident[EI_CLASS] != NATIVE_CLASS
        || header.e_phentsize != sizeof segment)
        return 0;
    for (unsigned i = 0; i < header.e_phnum; i++) {
        off_t at = (off_t)(header.e_phoff + i * sizeof segment);

        if (pread(fd, &segment, sizeof segment, at)
            != (ssize_t)sizeof segment)
            return 0;
        if (segment.p_type != PT_INTERP)
            continue;
        if (segment.p_filesz == 0 || segment.p_filesz > size
            || pread(fd, out, segment.p_filesz, (off_t)segment.p_offset)
                != (ssize_t)segment.p_filesz)
            return 0;
        out[segment.p_filesz - 1] = '\0';
        return strlen(out);
    }
    return 0;
}

/* Stores the interpreter that a `#!` line names in `out`.  */
static size_t
script_interpreter(int fd, char *out, size_t size)
{
    char line[256];
    ssize_t got = pread(fd, line, sizeof line - 1, 0);
    char *start, *end;

    if (got < 3 || line[0] != '#' || line[1] != '!')
        return 0;
    line[got] = '\0';
    start = line + 2 + strspn(line + 2, " \t");
    end = start + strcspn(start, " \t\r\n");
    if ((size_t)(end - start) >= size)
        return 0;
    *end = '\0';
    memcpy(out, start, (size_t)(end - start) + 1);
    return (size_t)(end - start);
}

static size_t
interpreter(const char *path, char *out, size_t size)
{
    /* A script may name a FIFO, whose open would block for a writer.  */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t len;

    if (fd < 0)
        return 0;
    len = script_interpreter(fd, out, size);
    if (len == 0)
        len = elf_interpreter(fd, out, size);
    close(fd);
    return len;
}

int
pj_needs_of(pj_str path, pj_strv *out)
{
    char here[4096], next[256];

    if (path.len >= sizeof here)
        return 0;
    memcpy(here, path.ptr, path.len + 1);
    for (int depth = 0; depth < DEPTH; depth++) {
        char *canonical;
        int result;

        if (interpreter(here, next, sizeof next) == 0)
            return 0;
        canonical = realpath(next, NULL);
        if (canonical == NULL)
            return 0;
        result = pj_strv_push(out, pj_str_of(canonical));
        if (result == 0 && strlen(canonical) < sizeof here)
            memcpy(here, canonical, strlen(canonical) + 1);
        free(canonical);
        if (result < 0)
            return -1;
    }
    return 0;
}
