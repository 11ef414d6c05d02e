/* module.h: the state of proc_jail._core and what its files share.

   Everything lives in the module state, so that each interpreter has its
   own: heap types, exception classes, enums.  There is no global that
   changes.  */
#ifndef PJ_PY_MODULE_H
#define PJ_PY_MODULE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "procjail.h"

#define PJ_PY_VALUES (PJ_VALUE_GIT_REF + 1)

typedef struct pj_state {
    PyTypeObject *rules_type;
    PyTypeObject *builder_type;
    PyTypeObject *request_type;
    PyTypeObject *policy_type;
    PyTypeObject *command_type;
    PyTypeObject *output_type;
    PyTypeObject *sandbox_type;
    PyTypeObject *process_type;
    PyTypeObject *value_types[PJ_PY_VALUES]; /* by pj_value_type */

    PyObject *base_error;      /* ProcJailError */
    PyObject *violation_error; /* Violation */
    PyObject *exec_error;      /* ExecError */
    PyObject *stopped_error;   /* StoppedError */
    PyObject *errors[PJ_CODE_COUNT];
    PyObject *risky_warning; /* RiskyBinaryWarning */
    PyObject *sandbox_warning; /* SandboxWarning */
    _Atomic int sandbox_warned; /* once in an interpreter is enough */

    PyObject *risky_policy_enum; /* RiskyBinPolicy */
    PyObject *double_dash_enum;  /* InjectDoubleDash */
    PyObject *risk_enum;         /* RiskCategory */
    PyObject *network_enum;      /* Network */
    PyObject *tree_enum;         /* Tree */
    PyObject *overflow_enum;     /* Overflow */
    PyObject *report_type;       /* SandboxReport */
    PyObject *program_type;      /* AllowedProgram */
    PyObject *replay;            /* the function that pickles name */
    PyObject *restore_output;
    PyObject *restore_request;
} pj_state;

/* The instances.  All are immutable once Python sees them.  */
typedef struct {
    PyObject_HEAD
    pj_rules *rules;
} RulesObject;

typedef struct {
    PyObject_HEAD
    pj_policy_options *options;
} BuilderObject;

typedef struct {
    PyObject_HEAD
    PyObject *bin;  /* bytes */
    PyObject *argv; /* tuple of bytes */
    PyObject *env;  /* dict of bytes to bytes */
    PyObject *cwd;  /* bytes, or NULL */
    PyObject *input; /* bytes, or NULL */
} RequestObject;

typedef struct {
    PyObject_HEAD
    pj_policy *policy;
} PolicyObject;

typedef struct {
    PyObject_HEAD
    pj_command *command;
} CommandObject;

typedef struct {
    PyObject_HEAD
    PyObject *args;   /* list of str, as it was launched */
    PyObject *out;    /* bytes */
    PyObject *err;    /* bytes */
    int returncode;   /* the signal as a negative number */
    double duration;  /* seconds */
    PyObject *sandbox; /* SandboxReport */
    unsigned long long out_total; /* bytes that were written */
    unsigned long long err_total;
} OutputObject;

typedef struct {
    PyObject_HEAD
    pj_sandbox *sandbox;
} SandboxObject;

/* The state behind an instance of one of our types, which are final.  */
static inline pj_state *
state_of(PyObject *self)
{
    return (pj_state *)PyType_GetModuleState(Py_TYPE(self));
}

/* Takes the exception that is set, as an instance, or NULL; and sets the
   same one again, for which the context is kept as it is.  CPython 3.12
   renamed both.  */
static inline PyObject *
pj_py_take_exception(void)
{
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    if (type == NULL)
        return NULL;
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL)
        PyException_SetTraceback(value, traceback);
    Py_DECREF(type);
    Py_XDECREF(traceback);
    return value;
#endif
}

static inline void
pj_py_put_exception(PyObject *error)
{
#if PY_VERSION_HEX >= 0x030C0000
    PyErr_SetRaisedException(error);
#else
    if (error != NULL)
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_XDECREF(error);
#endif
}

/* The tp_traverse of instances that hold no other object that could hold
   them: their type holds the module, and with it the whole package, where
   one of them may be kept.  No tp_clear: what else is in such a cycle has
   one.  */
int pj_py_visit_type(PyObject *self, visitproc visit, void *arg);

/* One spec per type, in the file of the type.  */
extern PyType_Spec pj_rules_spec;
extern PyType_Spec pj_builder_spec;
extern PyType_Spec pj_request_spec;
extern PyType_Spec pj_policy_spec;
extern PyType_Spec pj_command_spec;
extern PyType_Spec pj_output_spec;
extern PyType_Spec pj_sandbox_spec;
extern PyType_Spec pj_process_spec;

/* request.c: makes a request from Python values.  */
PyObject *pj_py_request(pj_state *state, PyObject *bin, PyObject *argv,
                        PyObject *env, PyObject *cwd);

PyObject *pj_py_restore_request(PyObject *module, PyObject *args);

/* command.c: wraps a command; the reference is taken over.  */
PyObject *pj_py_command(pj_state *state, pj_command *command);
PyObject *pj_py_spawn(pj_state *state, pj_command *command);

/* events.c: audit events, whose hooks can forbid what they announce: -1
   with an exception.  */
int pj_py_audit_prepare(PyObject *request);
int pj_py_audit_spawn(pj_command *command);

/* events.c: tells loggers and traces of a denial, whose exception is set
   before and after; and of the end of a command.  `output` is taken over
   and returned; for NULL the exception that is set is what it ended in.  */
void pj_py_tell_denied(PyObject *request);
PyObject *pj_py_tell_ended(pj_state *state, pj_command *command, pid_t pid,
                           PyObject *output);

/* display.c: the methods _repr_html_() and _repr_mimebundle_(), and both
   for the fields of a new exception class.  */
PyObject *pj_py_html(PyObject *self, PyObject *ignored);
PyObject *pj_py_bundle(PyObject *self, PyObject *args, PyObject *kwargs);
int pj_py_add_display(PyObject *fields);

/* process.c: starts a command, as a _Process.  */
PyObject *pj_py_start(pj_state *state, pj_command *command);

/* sandbox.c: an object for a copy of a sandbox.  */
PyObject *pj_py_sandbox(pj_state *state, const pj_sandbox *sandbox);

/* missing.c: warns once of what a policy without a sandbox goes without.  */
int pj_py_warn_missing(pj_state *state, const pj_policy *policy);

/* report.c: the types SandboxReport and AllowedProgram, and one of each.  */
int pj_py_add_reports(PyObject *module, pj_state *state);
PyObject *pj_py_report(pj_state *state, const pj_sandbox_report *report);
PyObject *pj_py_allowed(pj_state *state, const pj_program_view *view);

/* output.c: the launched program and its arguments, of a pj_command.  */
PyObject *pj_py_launched(void *command);

/* output.c: makes an output; `out` and `err` are taken over.  */
PyObject *pj_py_output(pj_state *state, pj_command *command, PyObject *out,
                       PyObject *err, const pj_output *output);
PyObject *pj_py_restore_output(PyObject *module, PyObject *args);

/* policy.c: wraps a policy; the reference is taken over.  */
PyObject *pj_py_policy(pj_state *state, pj_policy *policy);

/* value.c: the types of values; an object for one; and the value of an
   object, borrowed, or a TypeError.  */
int pj_py_add_values(PyObject *module, pj_state *state);
PyObject *pj_py_value(pj_state *state, pj_value *value);
int pj_py_value_of(pj_state *state, PyObject *object, pj_value **out);

/* package.c: calls a function of a module of the package; as a method, with
   `self` before the arguments.  `args` of a method, and `kwargs`, may be
   NULL.  */
PyObject *pj_py_package(const char *module, const char *function,
                        PyObject *args, PyObject *kwargs);
PyObject *pj_py_package_method(const char *module, const char *function,
                               PyObject *self, PyObject *args,
                               PyObject *kwargs);

/* profile.c: ProcPolicyBuilder.profile().  */
PyObject *pj_py_builder_profile(PyObject *self, PyObject *args,
                                PyObject *kwargs);
extern const char pj_py_profile_doc[];

/* programs.c: the option tables.  */
PyObject *pj_py_program_names(PyObject *module, PyObject *ignored);
PyObject *pj_py_program(PyObject *module, PyObject *name);
PyObject *pj_py_read_argv(PyObject *module, PyObject *args,
                          PyObject *kwargs);

/* describe.c: what an object was built by, as a list of method calls.  */
PyObject *pj_py_rules_calls(pj_state *state, const pj_rules *rules);
PyObject *pj_py_sandbox_calls(pj_state *state, const pj_sandbox *sandbox);
PyObject *pj_py_builder_calls(pj_state *state,
                              const pj_policy_options *options);
PyObject *pj_py_control_names(uint32_t mask);
PyObject *pj_py_calls_repr(const char *head, PyObject *calls);

/* describe.c: the arguments of a call as they would be written; `keywords`
   may be NULL.  Of a mapping the names only, since its values may be an
   environment's.  */
PyObject *pj_py_arguments_repr(PyObject *args, PyObject *keywords);

/* describe.c: == and != of two objects of one type, by what `describe`
   gives for each.  */
PyObject *pj_py_compare(PyObject *self, PyObject *other, int op,
                        PyObject *(*describe)(PyObject *));
PyObject *pj_py_replay(PyObject *module, PyObject *args);

#endif
