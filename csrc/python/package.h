/* package.h: calling the rest of the package.  */
#ifndef PJ_PY_PACKAGE_H
#define PJ_PY_PACKAGE_H

#include "state.h"

/* Calls a function of a module of the package; for a method, with `self`
   before the arguments.  `kwargs`, and `args` of a method, may be NULL.  */
PyObject *pj_py_package(const char *module, const char *function,
                        PyObject *args, PyObject *kwargs);
PyObject *pj_py_package_method(const char *module, const char *function,
                               PyObject *self, PyObject *args,
                               PyObject *kwargs);

#endif
