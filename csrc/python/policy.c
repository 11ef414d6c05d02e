/* policy.c: the type ProcPolicy.  */
#include "policy.h"
#include "command.h"
#include "convert.h"
#include "describe.h"
#include "display.h"
#include "errors.h"
#include "events.h"
#include "package.h"
#include "report.h"
#include "request.h"
#include "state.h"

PyObject *
pj_py_policy(pj_state *state, pj_policy *policy)
{
    PolicyObject *self = PyObject_GC_New(PolicyObject, state->policy_type);

    if (self == NULL) {
        pj_policy_unref(policy);
        return NULL;
    }
    self->policy = policy;
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

static void
policy_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    pj_policy_unref(((PolicyObject *)self)->policy);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

/* Checks a request with the GIL released, since paths are resolved.
   Returns 0, 1 if it was refused (see `err`), or -1 with an exception.  */
static int
prepare(PyObject *self, PyObject *request, pj_command **command,
        pj_error *err)
{
    RequestObject *asked = (RequestObject *)request;
    pj_policy *policy = ((PolicyObject *)self)->policy;
    pj_request c = {.bin = pj_py_view(asked->bin),
                    .argc = (size_t)PyTuple_Size(asked->argv),
                    .env_count = (size_t)PyDict_Size(asked->env),
                    .cwd = pj_py_view(asked->cwd),
                    .input = pj_py_view(asked->input)};
    pj_str *argv = pj_py_views(asked->argv);
    pj_pair *env = argv == NULL ? NULL : pj_py_pair_views(asked->env);
    int refused = -1;

    if (env != NULL && pj_py_audit_prepare(request) == 0) {
        c.argv = argv;
        c.env = env;
        Py_BEGIN_ALLOW_THREADS
        refused = pj_policy_prepare(policy, &c, command, err) < 0;
        Py_END_ALLOW_THREADS
    }
    PyMem_Free(argv);
    PyMem_Free(env);
    return refused;
}

static int
warn_of_risk(pj_state *state, const pj_command *command)
{
    pj_command_info info;
    PyObject *bin;
    int result;

    pj_command_get(command, &info);
    if (info.risk == PJ_RISK_NONE)
        return 0;
    bin = pj_py_str(info.bin);
    result = bin == NULL ? -1 : PyErr_WarnFormat(
        state->risky_warning, 1, "risky binary allowed (%s): %A",
        pj_risk_name(info.risk), bin);
    Py_XDECREF(bin);
    return result;
}

/* A prepared C command for a request, or NULL with an exception.  */
static pj_command *
prepared(PyObject *self, PyObject *request)
{
    pj_state *state = state_of(self);
    pj_command *command = NULL;
    pj_error err;
    int refused = prepare(self, request, &command, &err);

    if (refused > 0) {
        pj_py_raise(state, &err);
        pj_py_tell_denied(request);
    }
    if (refused != 0)
        return NULL;
    if (warn_of_risk(state, command) < 0) {
        pj_command_unref(command);
        return NULL;
    }
    return command;
}

static PyObject *
parse_request(PyObject *self, PyObject *args, PyObject *kwargs,
              const char *format)
{
    static char *names[] = {"request", NULL};
    PyObject *request;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, names,
                                     state_of(self)->request_type, &request))
        return NULL;
    return request;
}

PyDoc_STRVAR(prepare_doc,
"prepare($self, /, request)\n--\n\n"
"Check `request` (ProcRequest) and return the PreparedCommand.\n\n"
"Starts nothing.  Raises a Violation (a ValueError) whose code and fields\n"
"tell what was refused and what would be accepted.\n\n"
">>> request = ProcRequest('/usr/bin/grep', ['x', 'file.txt'])\n"
">>> command = policy.prepare(request)");

static PyObject *
policy_prepare(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *request = parse_request(self, args, kwargs, "O!:prepare");
    pj_command *command = request == NULL ? NULL : prepared(self, request);

    return command == NULL ? NULL : pj_py_command(state_of(self), command);
}

PyDoc_STRVAR(check_doc,
"check($self, /, request)\n--\n\n"
"Return the Violation that prepare() would raise for `request`, or None.\n\n"
">>> policy.check(ProcRequest('/bin/sh', ['-c', 'id'])).code\n"
"'BinNotAllowed'");

static PyObject *
policy_check(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *request = parse_request(self, args, kwargs, "O!:check");
    pj_command *command = NULL;
    pj_error err;
    int refused;

    if (request == NULL)
        return NULL;
    refused = prepare(self, request, &command, &err);
    if (refused < 0)
        return NULL;
    if (refused == 0) {
        pj_command_unref(command);
        Py_RETURN_NONE;
    }
    pj_py_raise(state_of(self), &err);
    /* Running out of memory or descriptors does not answer the question.  */
    if (!PyErr_ExceptionMatches(state_of(self)->violation_error))
        return NULL;
    return pj_py_take_exception();
}

PyDoc_STRVAR(run_doc,
"run($self, /, bin, argv=(), env=None, cwd=None)\n--\n\n"
"Prepare a request and spawn it at once; return the Output.\n\n"
"Takes the arguments of ProcRequest.  Raises what prepare() and spawn_sync()\n"
"raise.  An exit status other than 0 is not an error: see Output.check().\n\n"
">>> policy.run('/usr/bin/grep', ['-n', 'x', 'file.txt']).stdout_string()\n"
"'1:x\\n'");

static PyObject *
policy_run(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"bin", "argv", "env", "cwd", NULL};
    PyObject *bin, *argv = NULL, *env = Py_None, *cwd = Py_None;
    PyObject *none = PyTuple_New(0), *request = NULL, *output = NULL;
    pj_state *state = state_of(self);
    pj_command *command = NULL;

    if (none != NULL
        && PyArg_ParseTupleAndKeywords(args, kwargs, "O|OOO:run", names,
                                       &bin, &argv, &env, &cwd))
        request = pj_py_request(state, bin, argv == NULL ? none : argv, env,
                                cwd);
    if (request != NULL)
        command = prepared(self, request);
    if (command != NULL)
        output = pj_py_spawn(state, command);
    pj_command_unref(command);
    Py_XDECREF(request);
    Py_XDECREF(none);
    return output;
}

PyDoc_STRVAR(programs_doc,
"programs($self, /)\n--\n\n"
"Return a tuple with an AllowedProgram for each program.\n\n"
"Each holds the paths, the rules, and what the kernel enforces on this\n"
"system: the controls, and the roots of the sandbox and of the rules\n"
"together.  Paths to the same file are one program, except that each name\n"
"of a multi-call program is one.  The result is what build() found; no\n"
"file is looked at again.\n\n"
">>> [program.canonical for program in policy.programs()]\n"
"['/usr/bin/grep', '/usr/bin/wc']");

static PyObject *
policy_programs(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    const pj_policy *policy = ((PolicyObject *)self)->policy;
    size_t count = pj_policy_program_count(policy);
    PyObject *programs = PyTuple_New((Py_ssize_t)count);

    for (size_t i = 0; programs != NULL && i < count; i++) {
        pj_program_view view;
        PyObject *program;

        pj_policy_program(policy, i, &view);
        program = pj_py_allowed(state_of(self), &view);
        if (program == NULL)
            Py_CLEAR(programs);
        else
            PyTuple_SetItem(programs, (Py_ssize_t)i, program);
    }
    return programs;
}

static const char files[] = "proc_jail._policy.files";

PyDoc_STRVAR(from_file_doc,
"from_file($type, /, path, *, checks_only=False)\n--\n\n"
"Return the policy of a .toml or .json file (str, bytes or PathLike).\n\n"
"The file must belong to this user or to root, and be writable by nobody\n"
"else.  Raises PolicyFileError, with line and column, for an unknown entry\n"
"and for an example that does not come out as stated; SandboxUnavailable\n"
"when the system lacks what the file asks for, unless it is for\n"
"checks_only(), which runs nothing.  docs/policy-files.md describes all\n"
"entries.\n\n"
">>> policy = ProcPolicy.from_file('policy.toml')");

static PyObject *
policy_from_file(PyObject *Py_UNUSED(type), PyObject *args, PyObject *kwargs)
{
    return pj_py_package(files, "from_file", args, kwargs);
}

PyDoc_STRVAR(from_dict_doc,
"from_dict($type, /, data, *, checks_only=False)\n--\n\n"
"Return the policy of a mapping with the entries of a policy file.\n\n"
"Raises PolicyFileError (`key` is the entry) or SandboxUnavailable, the\n"
"latter unless it is for checks_only().\n\n"
">>> policy = ProcPolicy.from_dict({'version': 1, 'timeout': '5s'})");

static PyObject *
policy_from_dict(PyObject *Py_UNUSED(type), PyObject *args, PyObject *kwargs)
{
    return pj_py_package(files, "from_dict", args, kwargs);
}

PyDoc_STRVAR(to_dict_doc,
"to_dict($self, /)\n--\n\n"
"Return a dict of which from_dict() makes the same policy.\n\n"
"It contains the values of a fixed environment.  Profiles are written out\n"
"as rules; examples are not kept.\n\n"
">>> copy = ProcPolicy.from_dict(policy.to_dict())");

static PyObject *
policy_to_dict(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return pj_py_package_method(files, "to_dict", self, NULL, NULL);
}

static PyObject *
calls_of(PyObject *self)
{
    return pj_py_builder_calls(
        state_of(self), pj_policy_get(((PolicyObject *)self)->policy));
}

static PyObject *
policy_repr(PyObject *self)
{
    const pj_policy_options *info
        = pj_policy_get(((PolicyObject *)self)->policy);
    PyObject *bins = pj_py_str_list(info->bins, info->bin_count);
    PyObject *seconds = NULL, *shown = NULL;

    if (bins != NULL)
        seconds = PyFloat_FromDouble((double)info->timeout_ns / 1e9);
    if (seconds != NULL)
        shown = PyUnicode_FromFormat(
            "ProcPolicy(bins=%R, timeout=%R, max_stdout=%llu, "
            "max_stderr=%llu)", bins, seconds,
            pj_py_kept(info->max_stdout),
            pj_py_kept(info->max_stderr));
    Py_XDECREF(bins);
    Py_XDECREF(seconds);
    return shown;
}

/* Described by its builder's calls, ending with build().  */
static PyObject *
policy_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *calls = calls_of(self);
    PyObject *build = calls == NULL ? NULL : Py_BuildValue("(s())", "build");

    if (build == NULL || PyList_Append(calls, build) < 0)
        Py_CLEAR(calls);
    Py_XDECREF(build);
    if (calls == NULL)
        return NULL;
    return Py_BuildValue("O(sN)", state_of(self)->replay,
                         "ProcPolicyBuilder", calls);
}

static PyMethodDef policy_methods[] = {
    {"prepare", (PyCFunction)(void (*)(void))policy_prepare,
     METH_VARARGS | METH_KEYWORDS, prepare_doc},
    {"check", (PyCFunction)(void (*)(void))policy_check,
     METH_VARARGS | METH_KEYWORDS, check_doc},
    {"run", (PyCFunction)(void (*)(void))policy_run,
     METH_VARARGS | METH_KEYWORDS, run_doc},
    {"from_file", (PyCFunction)(void (*)(void))policy_from_file,
     METH_VARARGS | METH_KEYWORDS | METH_CLASS, from_file_doc},
    {"from_dict", (PyCFunction)(void (*)(void))policy_from_dict,
     METH_VARARGS | METH_KEYWORDS | METH_CLASS, from_dict_doc},
    {"programs", policy_programs, METH_NOARGS, programs_doc},
    {"to_dict", policy_to_dict, METH_NOARGS, to_dict_doc},
    {"_repr_html_", pj_py_html, METH_NOARGS, NULL},
    {"_repr_mimebundle_", (PyCFunction)(void (*)(void))pj_py_bundle,
     METH_VARARGS | METH_KEYWORDS, NULL},
    {"__reduce__", policy_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(policy_doc,
"An immutable policy, returned by ProcPolicyBuilder.build() or from_file().\n"
"\nMay be used from any thread.  A pickle holds its description; loading it\n"
"resolves and pins the programs again.");

static PyType_Slot policy_slots[] = {
    {Py_tp_doc, (void *)policy_doc},
    {Py_tp_dealloc, policy_dealloc},
    {Py_tp_traverse, pj_py_visit_type},
    {Py_tp_methods, policy_methods},
    {Py_tp_repr, policy_repr},
    {0, NULL},
};

PyType_Spec pj_policy_spec = {
    .name = "proc_jail.ProcPolicy",
    .basicsize = sizeof(PolicyObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
        | Py_TPFLAGS_IMMUTABLETYPE
        | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = policy_slots,
};
