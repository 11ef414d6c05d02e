/* builder.h: what the two files of ProcPolicyBuilder share: builder.c has
   the type, the programs and the limits, places.c the environment and the
   directory.  */
#ifndef PJ_PY_BUILDER_H
#define PJ_PY_BUILDER_H

#include "module.h"

/* An object that owns `builder`; NULL for it means "no memory".  */
PyObject *builder_wrap(PyTypeObject *type, pj_builder *builder);

/* A copy of the builder behind an object, or NULL with an exception.  */
pj_builder *builder_copy(PyObject *self);

/* The end of every apply: the copy as an object, or the error.  */
PyObject *builder_done(PyObject *self, pj_builder *copy, int failed,
                             const pj_error *err);

/* Parses the one argument of most setters.  Borrowed.  */
PyObject *builder_only(PyObject *args, PyObject *kwargs,
                             const char *format, char *name);

/* A apply that takes one path; NULL is an error that was raised.  */
PyObject *builder_path(PyObject *self, PyObject *value,
                             const char *what,
                             int (*apply)(pj_builder *, pj_str,
                                           pj_error *));

/* The methods of places.c, and their docstrings.  */
#define PJ_PLACE(name)                                                  \
    extern const char builder_##name##_doc[];                     \
    PyObject *builder_##name
PJ_PLACE(env_empty)(PyObject *self, PyObject *ignored);
PJ_PLACE(env_locale_only)(PyObject *self, PyObject *ignored);
PJ_PLACE(env_fixed)(PyObject *self, PyObject *args, PyObject *kwargs);
PJ_PLACE(env_allowlist)(PyObject *self, PyObject *args, PyObject *kwargs);
PJ_PLACE(cwd)(PyObject *self, PyObject *args, PyObject *kwargs);
PJ_PLACE(cwd_jailed)(PyObject *self, PyObject *args, PyObject *kwargs);
PJ_PLACE(cwd_allowlist)(PyObject *self, PyObject *args, PyObject *kwargs);
#undef PJ_PLACE

#endif
