/* describe.h: building the list of method calls that recreates an object.  */
#ifndef PJ_PY_DESCRIBE_H
#define PJ_PY_DESCRIBE_H

#include "state.h"

/* Appends (name, (value,)), or (name, ()) if `value` is NULL and no exception
   is set.  Steals the value.  */
int pj_py_add(PyObject *calls, const char *name, PyObject *value);

/* Appends (name, args).  Steals the tuple; NULL is an error.  */
int pj_py_add_args(PyObject *calls, const char *name, PyObject *args);

/* Appends (name, args, kwargs), or (name, args) if there are no kwargs.
   Steals both.  */
int pj_py_add_keywords(PyObject *calls, const char *name,
                            PyObject *args, PyObject *kwargs);

/* A member of an enum.  */
PyObject *pj_py_member(PyObject *type, long value);

/* A new ArgRules object.  */
PyObject *pj_py_rules_object(pj_state *state, pj_rules *rules);

/* The list of method calls that built an object.  */
PyObject *pj_py_rules_calls(pj_state *state, const pj_rules *rules);
PyObject *pj_py_sandbox_calls(pj_state *state, const pj_sandbox *sandbox);
PyObject *pj_py_builder_calls(pj_state *state,
                              const pj_policy_options *options);
PyObject *pj_py_control_names(uint32_t mask);
PyObject *pj_py_calls_repr(const char *head, PyObject *calls);

/* The arguments of a call as they would be written; `keywords` may be NULL.
   Only the names of a mapping, since its values may be those of an
   environment.  */
PyObject *pj_py_arguments_repr(PyObject *args, PyObject *keywords);

/* describe.c: == and != of two objects of one type, by the results of
   `describe`.  */
PyObject *pj_py_compare(PyObject *self, PyObject *other, int op,
                        PyObject *(*describe)(PyObject *));
PyObject *pj_py_replay(PyObject *module, PyObject *args);

#endif
