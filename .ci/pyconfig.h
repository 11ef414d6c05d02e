/* pyconfig.h: what CPython's configure would find out on the systems that
   wheels are built for: x86-64 and arm64; glibc, musl and macOS.

   configure refuses to run for macOS on another system, and the file of the
   Python that runs describes that one alone.  Here is what the public headers
   of 3.10 to 3.14 read; sizes are the compiler's.  */
#ifndef PJ_PYCONFIG_H
#define PJ_PYCONFIG_H

#define DOUBLE_IS_LITTLE_ENDIAN_IEEE754 1
#define SIZEOF_INT __SIZEOF_INT__
#define SIZEOF_LONG __SIZEOF_LONG__
#define SIZEOF_LONG_DOUBLE __SIZEOF_LONG_DOUBLE__
#define SIZEOF_LONG_LONG __SIZEOF_LONG_LONG__
#define SIZEOF_PID_T 4
#define SIZEOF_PTHREAD_T 8
#define SIZEOF_SIZE_T __SIZEOF_SIZE_T__
#define SIZEOF_TIME_T 8
#define SIZEOF_UINTPTR_T __SIZEOF_POINTER__
#define SIZEOF_VOID_P __SIZEOF_POINTER__
#define SIZEOF_WCHAR_T __SIZEOF_WCHAR_T__

#define HAVE_CLOCK_GETTIME 1
#define HAVE_ERRNO_H 1
#define HAVE_FORK 1
#define HAVE_PTHREAD_H 1
#define HAVE_SSIZE_T 1
#define HAVE_SYS_SELECT_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TIME_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_WCHAR_H 1
#define PY_FORMAT_SIZE_T "z"
#define TIME_WITH_SYS_TIME 1
/* Without it there are no docstrings.  */
#define WITH_DOC_STRINGS 1
#define WITH_PYMALLOC 1

#ifdef __APPLE__
#define _DARWIN_C_SOURCE 1
#else
#define _GNU_SOURCE 1
#endif

#endif
