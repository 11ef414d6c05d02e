/* module.c: proc_jail._core: its state, types, enums and functions.  */
#include "abi.h"
#include "builder.h"
#include "command.h"
#include "convert.h"
#include "describe.h"
#include "errors.h"
#include "output.h"
#include "policy.h"
#include "process.h"
#include "programs.h"
#include "report.h"
#include "request.h"
#include "rules.h"
#include "sandbox.h"
#include "state.h"
#include "value.h"

/* The members of the enums, with the numbers of the C API.  */
struct member {
    const char *name;
    long value;
};

static const struct member risky_policies[] = {
    {"DenyByDefault", PJ_RISKY_DENY},
    {"AllowWithWarning", PJ_RISKY_WARN},
    {"Disabled", PJ_RISKY_DISABLED},
    {NULL, 0},
};

static const struct member double_dashes[] = {
    {"Never", PJ_DOUBLE_DASH_NEVER},
    {"AfterFlags", PJ_DOUBLE_DASH_AFTER_FLAGS},
    {NULL, 0},
};

static const struct member risks[] = {
    {"Shell", PJ_RISK_SHELL},
    {"Interpreter", PJ_RISK_INTERPRETER},
    {"Spawner", PJ_RISK_SPAWNER},
    {"Privilege", PJ_RISK_PRIVILEGE},
    {"Loader", PJ_RISK_LOADER},
    {"Editor", PJ_RISK_EDITOR},
    {"Debugger", PJ_RISK_DEBUGGER},
    {"Compiler", PJ_RISK_COMPILER},
    {"Container", PJ_RISK_CONTAINER},
    {"Remote", PJ_RISK_REMOTE},
    {"Package", PJ_RISK_PACKAGE},
    {NULL, 0},
};

static const struct member networks[] = {
    {"Inherit", PJ_NETWORK_INHERIT},
    {"Deny", PJ_NETWORK_DENY},
    {NULL, 0},
};

static const struct member trees[] = {
    {"Group", PJ_TREE_GROUP},
    {"PidNamespace", PJ_TREE_PID_NAMESPACE},
    {NULL, 0},
};

static const struct member overflows[] = {
    {"Stop", PJ_OVERFLOW_STOP},
    {"KeepHead", PJ_OVERFLOW_KEEP_HEAD},
    {"KeepHeadTail", PJ_OVERFLOW_KEEP_HEAD_TAIL},
    {NULL, 0},
};

static PyObject *
member_list(const struct member *members)
{
    PyObject *list = PyList_New(0);

    for (; list != NULL && members->name != NULL; members++) {
        PyObject *pair = Py_BuildValue("(sl)", members->name,
                                       members->value);

        if (pair == NULL || PyList_Append(list, pair) < 0)
            Py_CLEAR(list);
        Py_XDECREF(pair);
    }
    return list;
}

int
pj_py_add_made(PyObject *module, PyObject **slot, const char *library,
               const char *maker, PyObject *args, const char *doc)
{
    PyObject *source = args == NULL ? NULL : PyImport_ImportModule(library);
    PyObject *make = NULL, *kwargs = NULL, *text = NULL;
    int result = -1;

    if (source != NULL)
        make = PyObject_GetAttrString(source, maker);
    if (make != NULL)
        kwargs = Py_BuildValue("{s:s}", "module", "proc_jail");
    if (kwargs != NULL)
        *slot = PyObject_Call(make, args, kwargs);
    if (*slot != NULL)
        text = PyUnicode_FromString(doc);
    if (text != NULL && PyObject_SetAttrString(*slot, "__doc__", text) == 0)
        result = PyModule_AddObjectRef(
            module, PyUnicode_AsUTF8AndSize(PyTuple_GetItem(args, 0), NULL),
            *slot);
    Py_XDECREF(source);
    Py_XDECREF(make);
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    Py_XDECREF(text);
    return result;
}

static int
add_enum(PyObject *module, PyObject **slot, const char *name,
         const char *doc, const struct member *members)
{
    return pj_py_add_made(module, slot, "enum", "IntEnum",
                          Py_BuildValue("(sN)", name, member_list(members)),
                          doc);
}

static int
add_enums(PyObject *module, pj_state *state)
{
    if (add_enum(module, &state->risky_policy_enum, "RiskyBinPolicy",
                 "What happens when an allowed program is a risky one.",
                 risky_policies) < 0
        || add_enum(module, &state->double_dash_enum, "InjectDoubleDash",
                    "Whether `--` is put before the first positional.",
                    double_dashes) < 0
        || add_enum(module, &state->network_enum, "Network",
                    "Whether a command may use the network.", networks) < 0
        || add_enum(module, &state->tree_enum, "Tree",
                    "What holds a command's process tree together.",
                    trees) < 0
        || add_enum(module, &state->overflow_enum, "Overflow",
                    "What happens when an output limit is reached.",
                    overflows) < 0)
        return -1;
    return add_enum(module, &state->risk_enum, "RiskCategory",
                    "The kind of a program that is known to be risky.", risks);
}

static int
add_type(PyObject *module, PyTypeObject **slot, PyType_Spec *spec)
{
    *slot = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    return *slot == NULL ? -1 : PyModule_AddType(module, *slot);
}

static int
add_types(PyObject *module, pj_state *state)
{
    if (add_type(module, &state->rules_type, &pj_rules_spec) < 0
        || add_type(module, &state->builder_type, &pj_builder_spec) < 0
        || add_type(module, &state->request_type, &pj_request_spec) < 0
        || add_type(module, &state->policy_type, &pj_policy_spec) < 0
        || add_type(module, &state->command_type, &pj_command_spec) < 0
        || add_type(module, &state->sandbox_type, &pj_sandbox_spec) < 0
        || add_type(module, &state->process_type, &pj_process_spec) < 0)
        return -1;
    return add_type(module, &state->output_type, &pj_output_spec);
}

static int
add_warnings(PyObject *module, pj_state *state)
{
    state->risky_warning = PyErr_NewExceptionWithDoc(
        "proc_jail.RiskyBinaryWarning",
        "A risky program was allowed, as the policy says it may be.",
        PyExc_UserWarning, NULL);
    if (state->risky_warning == NULL
        || PyModule_AddObjectRef(module, "RiskyBinaryWarning",
                                 state->risky_warning) < 0)
        return -1;
    state->sandbox_warning = PyErr_NewExceptionWithDoc(
        "proc_jail.SandboxWarning",
        "The system lacks a part of the default sandbox.\n\n"
        "Emitted once in an interpreter, by build() of a policy that names "
        "no\nsandbox.  Output.sandbox.missing lists what was missing.",
        PyExc_RuntimeWarning, NULL);
    if (state->sandbox_warning == NULL)
        return -1;
    return PyModule_AddObjectRef(module, "SandboxWarning",
                                 state->sandbox_warning);
}

static int
module_exec(PyObject *module)
{
    pj_state *state = PyModule_GetState(module);

    state->audit = pj_py_find_audit();
    if (state->audit == NULL || pj_py_add_errors(module, state) < 0
        || add_warnings(module, state) < 0
        || add_enums(module, state) < 0
        || pj_py_add_reports(module, state) < 0
        || add_types(module, state) < 0
        || pj_py_add_values(module, state) < 0)
        return -1;
    state->replay = PyObject_GetAttrString(module, "_replay");
    state->restore_output = PyObject_GetAttrString(module, "_output");
    state->restore_request = PyObject_GetAttrString(module, "_request");
    if (state->replay == NULL || state->restore_output == NULL
        || state->restore_request == NULL)
        return -1;
    return PyModule_AddStringConstant(module, "__version__", pj_version());
}

PyDoc_STRVAR(risk_of_doc,
"risk_of($module, /, path)\n--\n\n"
"Return the RiskCategory of the program at `path`, or None.\n\n"
"Considers the canonical name, links to and copies of shells and\n"
"interpreters, and the interpreter that a script names.  Raises the Bin\n"
"violations for a path that is not an executable file.\n\n"
">>> risk_of('/bin/sh')\n"
"<RiskCategory.Shell: 0>");

static PyObject *
risk_of(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"path", NULL};
    pj_state *state = PyModule_GetState(module);
    pj_risk risk = PJ_RISK_NONE;
    PyObject *value, *path;
    pj_error err;
    int failed;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:risk_of", names,
                                     &value))
        return NULL;
    path = pj_py_bytes(value, "path");
    if (path == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    failed = pj_risk_of_path(pj_py_view(path), &risk, &err);
    Py_END_ALLOW_THREADS
    Py_DECREF(path);
    if (failed)
        return pj_py_raise(state, &err);
    if (risk == PJ_RISK_NONE)
        Py_RETURN_NONE;
    return PyObject_CallFunction(state->risk_enum, "i", (int)risk);
}

/* _codes(): the table of errors as (name, class, phrase, doc) tuples.  */
static PyObject *
codes(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    static const char *const classes[] = {"", "Violation", "ExecError",
                                          "StoppedError", "ExecError"};
    PyObject *list = PyList_New(0);

    for (int code = 1; list != NULL && code < PJ_CODE_COUNT; code++) {
        PyObject *row = Py_BuildValue(
            "(ssss)", pj_code_name((pj_code)code),
            classes[pj_code_class((pj_code)code)],
            pj_code_phrase((pj_code)code), pj_code_doc((pj_code)code));

        if (row == NULL || PyList_Append(list, row) < 0)
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

/* _start(command): a _Process, for the front ends.  */
static PyObject *
start(PyObject *module, PyObject *command)
{
    pj_state *state = PyModule_GetState(module);

    if (!PyObject_TypeCheck(command, state->command_type)) {
        PyErr_SetString(PyExc_TypeError, "a PreparedCommand is needed");
        return NULL;
    }
    return pj_py_start(state, ((CommandObject *)command)->command);
}

static PyObject *
has_kernel(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    return PyBool_FromLong(pj_sandbox_has_kernel());
}

static PyObject *
look_at_system(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    pj_system system;

    Py_BEGIN_ALLOW_THREADS
    pj_system_look(&system);
    Py_END_ALLOW_THREADS
    return Py_BuildValue(
        "{s:N,s:i,s:i,s:i,s:i,s:i,s:i,s:N,s:N}", "has_rules",
        PyBool_FromLong(system.has_rules), "landlock_abi",
        system.landlock_abi, "landlock_errno", system.landlock_errno,
        "seccomp_errno", system.seccomp_errno, "namespace_flags",
        system.namespace_flags, "namespace_errno", system.namespace_errno,
        "session_errno", system.session_errno, "changes_ids",
        PyBool_FromLong(system.changes_ids), "totals",
        PyBool_FromLong(system.totals));
}

static PyMethodDef functions[] = {
    {"risk_of", (PyCFunction)(void (*)(void))risk_of,
     METH_VARARGS | METH_KEYWORDS, risk_of_doc},
    {"_replay", pj_py_replay, METH_VARARGS,
     "Make a pickled object again from its method calls."},
    {"_output", pj_py_restore_output, METH_VARARGS,
     "Make a pickled Output again."},
    {"_request", pj_py_restore_request, METH_VARARGS,
     "Make a pickled ProcRequest again."},
    {"_start", start, METH_O, "Start a command, as a _Process."},
    {"_codes", codes, METH_NOARGS, "The table of error codes."},
    {"_has_kernel", has_kernel, METH_NOARGS,
     "Whether there are kernel controls."},
    {"_system", look_at_system, METH_NOARGS,
     "What the kernel offers, as a dict: the fields of pj_system."},
    {"_program_names", pj_py_program_names, METH_NOARGS,
     "The ids of the option tables."},
    {"_program_tables", pj_py_program_tables, METH_O,
     "The ids of the option tables for programs of a name."},
    {"_program", pj_py_program, METH_O,
     "The option table of a program's name or id, or None."},
    {"_program_at", pj_py_program_at, METH_O,
     "The id of the table of the file at a path, and whose program it is."},
    {"_read_argv", (PyCFunction)(void (*)(void))pj_py_read_argv,
     METH_VARARGS | METH_KEYWORDS, "How a program reads its arguments."},
    {NULL, NULL, 0, NULL},
};

int
pj_py_visit_type(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

/* Calls `visit` on every object of the state.  */
static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    pj_state *state = PyModule_GetState(module);

    Py_VISIT(state->rules_type);
    Py_VISIT(state->builder_type);
    Py_VISIT(state->request_type);
    Py_VISIT(state->policy_type);
    Py_VISIT(state->command_type);
    Py_VISIT(state->output_type);
    Py_VISIT(state->sandbox_type);
    Py_VISIT(state->process_type);
    for (int type = 0; type < PJ_PY_VALUES; type++)
        Py_VISIT(state->value_types[type]);
    Py_VISIT(state->base_error);
    Py_VISIT(state->violation_error);
    Py_VISIT(state->exec_error);
    Py_VISIT(state->stopped_error);
    for (int code = 0; code < PJ_CODE_COUNT; code++)
        Py_VISIT(state->errors[code]);
    Py_VISIT(state->risky_warning);
    Py_VISIT(state->sandbox_warning);
    Py_VISIT(state->risky_policy_enum);
    Py_VISIT(state->double_dash_enum);
    Py_VISIT(state->risk_enum);
    Py_VISIT(state->network_enum);
    Py_VISIT(state->tree_enum);
    Py_VISIT(state->overflow_enum);
    Py_VISIT(state->report_type);
    Py_VISIT(state->program_type);
    Py_VISIT(state->replay);
    Py_VISIT(state->restore_output);
    Py_VISIT(state->restore_request);
    return 0;
}

static int
module_clear(PyObject *module)
{
    pj_state *state = PyModule_GetState(module);

    Py_CLEAR(state->rules_type);
    Py_CLEAR(state->builder_type);
    Py_CLEAR(state->request_type);
    Py_CLEAR(state->policy_type);
    Py_CLEAR(state->command_type);
    Py_CLEAR(state->output_type);
    Py_CLEAR(state->sandbox_type);
    Py_CLEAR(state->process_type);
    for (int type = 0; type < PJ_PY_VALUES; type++)
        Py_CLEAR(state->value_types[type]);
    Py_CLEAR(state->base_error);
    Py_CLEAR(state->violation_error);
    Py_CLEAR(state->exec_error);
    Py_CLEAR(state->stopped_error);
    for (int code = 0; code < PJ_CODE_COUNT; code++)
        Py_CLEAR(state->errors[code]);
    Py_CLEAR(state->risky_warning);
    Py_CLEAR(state->sandbox_warning);
    Py_CLEAR(state->risky_policy_enum);
    Py_CLEAR(state->double_dash_enum);
    Py_CLEAR(state->risk_enum);
    Py_CLEAR(state->network_enum);
    Py_CLEAR(state->tree_enum);
    Py_CLEAR(state->overflow_enum);
    Py_CLEAR(state->report_type);
    Py_CLEAR(state->program_type);
    Py_CLEAR(state->replay);
    Py_CLEAR(state->restore_output);
    Py_CLEAR(state->restore_request);
    return 0;
}

static void
module_free(void *module)
{
    module_clear((PyObject *)module);
}

/* The first one is of 3.12; an older interpreter refuses what it does not
   know, and its headers, like the stable ABI's, do not have the names.  */
#ifndef Py_mod_multiple_interpreters
#define Py_mod_multiple_interpreters 3
#endif
#ifndef Py_MOD_PER_INTERPRETER_GIL_SUPPORTED
#define Py_MOD_PER_INTERPRETER_GIL_SUPPORTED ((void *)2)
#endif

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {Py_mod_exec, module_exec},
#ifdef Py_MOD_GIL_NOT_USED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

#define DEFINITION(first_slot)                                         \
    {                                                                  \
        PyModuleDef_HEAD_INIT,                                         \
        .m_name = "proc_jail._core",                                   \
        .m_doc = "The extension module behind proc_jail; import that " \
                 "instead.",                                           \
        .m_size = sizeof(pj_state),                                    \
        .m_methods = functions,                                        \
        .m_slots = (first_slot),                                       \
        .m_traverse = module_traverse,                                 \
        .m_clear = module_clear,                                       \
        .m_free = module_free,                                         \
    }

static struct PyModuleDef definition = DEFINITION(slots);
static struct PyModuleDef before_3_12 = DEFINITION(slots + 1);

PyMODINIT_FUNC
PyInit__core(void)
{
    return PyModuleDef_Init(pj_py_running_version() >= 0x030C0000
                                ? &definition
                                : &before_3_12);
}
