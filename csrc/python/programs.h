/* programs.h: the option tables.  */
#ifndef PJ_PY_PROGRAMS_H
#define PJ_PY_PROGRAMS_H

#include "state.h"

/* The option tables.  */
PyObject *pj_py_program_names(PyObject *module, PyObject *ignored);
PyObject *pj_py_program_tables(PyObject *module, PyObject *name);
PyObject *pj_py_program(PyObject *module, PyObject *name);
PyObject *pj_py_program_at(PyObject *module, PyObject *path);
PyObject *pj_py_read_argv(PyObject *module, PyObject *args,
                          PyObject *kwargs);

#endif
