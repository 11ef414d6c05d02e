/* abi.h: what the extension needs and CPython 3.10's stable ABI lacks.

   A wheel is built once for all versions from 3.10 on.  Functions that
   every one of them exports, but that became stable later or never, are
   looked up when the extension is loaded or the function is needed.  */
#ifndef PJ_PY_ABI_H
#define PJ_PY_ABI_H

#include "state.h"

/* PySys_Audit, stable from 3.13 on; NULL with ImportError.  */
pj_audit *pj_py_find_audit(void);

/* Changes the size of a bytes object that nobody else has seen, as
   _PyBytes_Resize does, which moves pages instead of copying them.  Without
   it the first `used` bytes are copied.  On failure *bytes is NULL, with
   MemoryError.  */
int pj_py_resize_bytes(PyObject **bytes, size_t used, size_t size);

/* The version of the running interpreter, as in PY_VERSION_HEX, or 0.  */
unsigned long pj_py_running_version(void);

#endif
