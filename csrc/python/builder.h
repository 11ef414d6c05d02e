/* builder.h: shared by the two files of ProcPolicyBuilder: builder.c has the
   type, the programs and the limits, places.c the environment and the
   directory.  */
#ifndef PJ_PY_BUILDER_H
#define PJ_PY_BUILDER_H

#include "state.h"

typedef struct {
    PyObject_HEAD
    pj_policy_options *options;
} BuilderObject;

extern PyType_Spec pj_builder_spec;

/* profile.c: ProcPolicyBuilder.profile().  */
PyObject *pj_py_builder_profile(PyObject *self, PyObject *args,
                                PyObject *kwargs);
extern const char pj_py_profile_doc[];

/* The options of a builder, for making a changed copy.  */
static inline const pj_policy_options *
builder_options(PyObject *self)
{
    return ((BuilderObject *)self)->options;
}

/* A builder with a copy of these options; raises if they are invalid.  */
PyObject *builder_make(PyTypeObject *type, const pj_policy_options *options);

/* Parses the single argument of most setters.  Borrowed.  */
PyObject *builder_only(PyObject *args, PyObject *kwargs, const char *format,
                       char *name);

/* The methods of places.c, and their docstrings.  */
#define PJ_PLACE(name)                                                  \
    extern const char builder_##name##_doc[];                           \
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
