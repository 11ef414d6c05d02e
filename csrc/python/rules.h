/* rules.h: what the two files of ArgRules share.  */
#ifndef PJ_PY_RULES_H
#define PJ_PY_RULES_H

#include "convert.h"
#include "errors.h"

/* A copy to change; NULL with MemoryError.  */
pj_rules *pj_py_rules_copy(PyObject *self);

/* The end of every method: the copy as an object, or the error.  */
PyObject *pj_py_rules_done(PyObject *self, pj_rules *copy, int failed,
                           const pj_error *err);

/* rules_typed.c.  Each entry is a method and its docstring.  */
#define PJ_PY_TYPED_METHODS(METHOD) \
    METHOD(flag) METHOD(option) METHOD(positional) METHOD(require) \
    METHOD(exclusive) METHOD(force) METHOD(force_env) \
    METHOD(run_nothing) METHOD(may_read) METHOD(may_write)

#define METHOD(name) \
    PyObject *pj_py_rules_##name(PyObject *self, PyObject *args, \
                                 PyObject *kwargs); \
    extern const char pj_py_rules_##name##_doc[];
PJ_PY_TYPED_METHODS(METHOD)
#undef METHOD

/* Adds a subcommand with rules of its own.  */
PyObject *pj_py_rules_add_subcommand(PyObject *self, PyObject *word,
                                     PyObject *inner);

#endif
