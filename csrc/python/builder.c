/* builder.c: the type ProcPolicyBuilder.  */
#include "convert.h"
#include "errors.h"

static PyObject *
wrap(PyTypeObject *type, pj_builder *builder)
{
    BuilderObject *self;

    if (builder == NULL)
        return PyErr_NoMemory();
    self = PyObject_New(BuilderObject, type);
    if (self == NULL) {
        pj_builder_free(builder);
        return NULL;
    }
    self->builder = builder;
    return (PyObject *)self;
}

static PyObject *
builder_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {NULL};

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, ":ProcPolicyBuilder",
                                     names))
        return NULL;
    return wrap(type, pj_builder_new());
}

static void
builder_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    pj_builder_free(((BuilderObject *)self)->builder);
    PyObject_Free(self);
    Py_DECREF(type);
}

static pj_builder *
copy_of(PyObject *self)
{
    pj_builder *copy = pj_builder_dup(((BuilderObject *)self)->builder);

    if (copy == NULL)
        PyErr_NoMemory();
    return copy;
}

/* The end of every setter: the copy as an object, or the error.  */
static PyObject *
done(PyObject *self, pj_builder *copy, int failed, const pj_error *err)
{
    if (!failed)
        return wrap(Py_TYPE(self), copy);
    pj_builder_free(copy);
    return pj_py_raise(state_of(self), err);
}

/* Parses the one argument of most setters.  Borrowed.  */
static PyObject *
only(PyObject *args, PyObject *kwargs, const char *format, char *name)
{
    char *names[] = {name, NULL};
    PyObject *value;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, names, &value))
        return NULL;
    return value;
}

/* A setter that takes one path.  */
static PyObject *
set_path(PyObject *self, PyObject *value, const char *what,
         int (*setter)(pj_builder *, pj_str, pj_error *))
{
    PyObject *path = value == NULL ? NULL : pj_py_bytes(value, what);
    pj_builder *copy = path == NULL ? NULL : copy_of(self);
    pj_error err;
    int failed;

    if (copy == NULL) {
        Py_XDECREF(path);
        return NULL;
    }
    failed = setter(copy, pj_py_view(path), &err);
    Py_DECREF(path);
    return done(self, copy, failed, &err);
}

PyDoc_STRVAR(allow_bin_doc,
"allow_bin($self, /, path)\n--\n\n"
"Return a copy that allows the program at `path` (str, bytes or PathLike).\n"
"\nThe path is absolute; build() resolves it.  Raises BinNotAbsolute.\n\n"
">>> ProcPolicyBuilder().allow_bin('/usr/bin/grep')");

static PyObject *
builder_allow_bin(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return set_path(self, only(args, kwargs, "O:allow_bin", "path"), "path",
                    pj_builder_allow_bin);
}

PyDoc_STRVAR(arg_rules_doc,
"arg_rules($self, /, path, rules)\n--\n\n"
"Return a copy that gives the program at `path` its ArgRules.\n\n"
"Every allowed program needs exactly one set; build() checks that.\n\n"
">>> ProcPolicyBuilder().arg_rules('/usr/bin/grep', ArgRules())");

static PyObject *
builder_arg_rules(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"path", "rules", NULL};
    PyObject *value, *rules, *path;
    pj_builder *copy;
    pj_error err;
    int failed;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO!:arg_rules", names,
                                     &value, state_of(self)->rules_type,
                                     &rules))
        return NULL;
    path = pj_py_bytes(value, "path");
    if (path == NULL)
        return NULL;
    copy = copy_of(self);
    if (copy == NULL) {
        Py_DECREF(path);
        return NULL;
    }
    failed = pj_builder_arg_rules(copy, pj_py_view(path),
                                  ((RulesObject *)rules)->rules, &err);
    Py_DECREF(path);
    return done(self, copy, failed, &err);
}

PyDoc_STRVAR(risky_bin_policy_doc,
"risky_bin_policy($self, /, policy)\n--\n\n"
"Return a copy that treats risky programs as `policy` (RiskyBinPolicy) says."
"\n\nThe default is DenyByDefault.  AllowWithWarning makes prepare() emit a\n"
"RiskyBinaryWarning.  Raises LimitInvalid for another number.\n\n"
">>> ProcPolicyBuilder().risky_bin_policy(RiskyBinPolicy.AllowWithWarning)");

static PyObject *
builder_risky_bin_policy(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = only(args, kwargs, "O:risky_bin_policy", "policy");
    long number = value == NULL ? -1 : PyLong_AsLong(value);
    pj_builder *copy;
    pj_error err;
    int failed;

    if (number == -1 && PyErr_Occurred())
        return NULL;
    copy = copy_of(self);
    if (copy == NULL)
        return NULL;
    failed = pj_builder_risky(copy, (pj_risky_policy)number, &err);
    return done(self, copy, failed, &err);
}

PyDoc_STRVAR(allow_risky_binaries_doc,
"allow_risky_binaries($self, /)\n--\n\n"
"Return a copy that allows risky programs (shells, interpreters, ...).\n\n"
"The same as risky_bin_policy(RiskyBinPolicy.Disabled).  Whatever such a\n"
"program is told to run, runs: the argument rules do not reach it.\n\n"
">>> ProcPolicyBuilder().allow_risky_binaries()");

static PyObject *
builder_allow_risky_binaries(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    pj_builder *copy = copy_of(self);
    pj_error err;

    if (copy == NULL)
        return NULL;
    return done(self, copy, pj_builder_risky(copy, PJ_RISKY_DISABLED, &err),
                &err);
}

PyDoc_STRVAR(env_empty_doc,
"env_empty($self, /)\n--\n\n"
"Return a copy whose commands get no environment at all (the default).\n\n"
">>> ProcPolicyBuilder().env_empty()");

static PyObject *
builder_env_empty(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    pj_builder *copy = copy_of(self);

    if (copy == NULL)
        return NULL;
    pj_builder_env_empty(copy);
    return wrap(Py_TYPE(self), copy);
}

PyDoc_STRVAR(env_locale_only_doc,
"env_locale_only($self, /)\n--\n\n"
"Return a copy whose commands get LANG and LC_ALL, both C.UTF-8.\n\n"
">>> ProcPolicyBuilder().env_locale_only()");

static PyObject *
builder_env_locale_only(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    pj_builder *copy = copy_of(self);

    if (copy == NULL)
        return NULL;
    pj_builder_env_locale(copy);
    return wrap(Py_TYPE(self), copy);
}

PyDoc_STRVAR(env_fixed_doc,
"env_fixed($self, /, env)\n--\n\n"
"Return a copy whose commands get exactly `env` (a mapping of str to str).\n"
"\nRequests have no say.  Variables of the strip table are left out; the\n"
"prepared command tells which.  Raises EnvForbidden for a name that is\n"
"empty or holds '='.\n\n"
">>> ProcPolicyBuilder().env_fixed({'LANG': 'C.UTF-8'})");

static PyObject *
builder_env_fixed(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = only(args, kwargs, "O:env_fixed", "env");
    PyObject *dict = value == NULL ? NULL : pj_py_bytes_dict(value, "env");
    pj_pair *pairs = dict == NULL ? NULL : pj_py_pair_views(dict);
    pj_builder *copy = pairs == NULL ? NULL : copy_of(self);
    pj_error err;
    int failed = -1;

    if (copy != NULL)
        failed = pj_builder_env_fixed(copy, pairs,
                                      (size_t)PyDict_GET_SIZE(dict), &err);
    PyMem_Free(pairs);
    Py_XDECREF(dict);
    return copy == NULL ? NULL : done(self, copy, failed, &err);
}

/* A setter that takes a list of strings, with what the call adds to it.  */
struct list_call {
    PyObject *tuple;
    pj_str *views;
    size_t count;
};

static int
list_call_init(struct list_call *call, PyObject *value, const char *what)
{
    call->tuple = pj_py_bytes_tuple(value, what);
    if (call->tuple == NULL)
        return -1;
    call->views = pj_py_views(call->tuple);
    if (call->views == NULL) {
        Py_CLEAR(call->tuple);
        return -1;
    }
    call->count = (size_t)PyTuple_GET_SIZE(call->tuple);
    return 0;
}

static void
list_call_clear(struct list_call *call)
{
    PyMem_Free(call->views);
    Py_CLEAR(call->tuple);
}

PyDoc_STRVAR(env_allowlist_doc,
"env_allowlist($self, /, keys)\n--\n\n"
"Return a copy that passes a request's variables named in `keys` (strs).\n\n"
"Values come from the request, never from the host.  Raises EnvForbidden\n"
"for a name that is empty or holds '='.\n\n"
">>> ProcPolicyBuilder().env_allowlist(['TZ'])");

static PyObject *
builder_env_allowlist(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = only(args, kwargs, "O:env_allowlist", "keys");
    struct list_call call;
    pj_builder *copy;
    pj_error err;
    int failed = -1;

    if (value == NULL || list_call_init(&call, value, "keys") < 0)
        return NULL;
    copy = copy_of(self);
    if (copy != NULL)
        failed = pj_builder_env_allowlist(copy, call.views, call.count,
                                          &err);
    list_call_clear(&call);
    return copy == NULL ? NULL : done(self, copy, failed, &err);
}

PyDoc_STRVAR(cwd_doc,
"cwd($self, /, path)\n--\n\n"
"Return a copy whose commands run in `path` (absolute; default '/tmp').\n\n"
"Requests have no say.  Raises CwdForbidden for a relative path; prepare()\n"
"raises it when the directory is not there.\n\n"
">>> ProcPolicyBuilder().cwd('/srv/docs')");

static PyObject *
builder_cwd(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return set_path(self, only(args, kwargs, "O:cwd", "path"), "path",
                    pj_builder_cwd_fixed);
}

/* A path, or none for None.  */
static int
optional_path(PyObject *value, PyObject **out)
{
    *out = NULL;
    if (value == Py_None)
        return 0;
    *out = pj_py_bytes(value, "default");
    return *out == NULL ? -1 : 0;
}

PyDoc_STRVAR(cwd_jailed_doc,
"cwd_jailed($self, /, root, default=None)\n--\n\n"
"Return a copy that lets requests choose a directory at or below `root`.\n\n"
"Links are resolved first.  A request that names none runs in `default`,\n"
"or in `root`.  Raises CwdForbidden for a relative path.\n\n"
">>> ProcPolicyBuilder().cwd_jailed('/srv', default='/srv/docs')");

static PyObject *
builder_cwd_jailed(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"root", "default", NULL};
    PyObject *value, *choice = Py_None, *root, *fallback = NULL;
    pj_builder *copy = NULL;
    pj_error err;
    int failed = -1;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:cwd_jailed", names,
                                     &value, &choice))
        return NULL;
    root = pj_py_bytes(value, "root");
    if (root != NULL && optional_path(choice, &fallback) == 0)
        copy = copy_of(self);
    if (copy != NULL)
        failed = pj_builder_cwd_jailed(copy, pj_py_view(root),
                                       pj_py_view(fallback), &err);
    Py_XDECREF(root);
    Py_XDECREF(fallback);
    return copy == NULL ? NULL : done(self, copy, failed, &err);
}

PyDoc_STRVAR(cwd_allowlist_doc,
"cwd_allowlist($self, /, dirs, default=None)\n--\n\n"
"Return a copy that lets requests choose one of the directories `dirs`.\n\n"
"A request that names none runs in `default`, and is refused without one.\n"
"Raises CwdForbidden for a relative path.\n\n"
">>> ProcPolicyBuilder().cwd_allowlist(['/srv/a', '/srv/b'])");

static PyObject *
builder_cwd_allowlist(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"dirs", "default", NULL};
    PyObject *value, *choice = Py_None, *fallback;
    struct list_call call;
    pj_builder *copy = NULL;
    pj_error err;
    int failed = -1;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:cwd_allowlist",
                                     names, &value, &choice)
        || list_call_init(&call, value, "dirs") < 0)
        return NULL;
    if (optional_path(choice, &fallback) == 0)
        copy = copy_of(self);
    if (copy != NULL)
        failed = pj_builder_cwd_allowlist(copy, call.views, call.count,
                                          pj_py_view(fallback), &err);
    list_call_clear(&call);
    Py_XDECREF(fallback);
    return copy == NULL ? NULL : done(self, copy, failed, &err);
}

static PyObject *
set_timeout(PyObject *self, PyObject *value)
{
    pj_builder *copy;
    int64_t nanoseconds;
    pj_error err;
    int failed;

    if (value == NULL || pj_py_nanoseconds(value, &nanoseconds) < 0)
        return NULL;
    copy = copy_of(self);
    if (copy == NULL)
        return NULL;
    failed = pj_builder_timeout(copy, nanoseconds, &err);
    return done(self, copy, failed, &err);
}

PyDoc_STRVAR(timeout_secs_doc,
"timeout_secs($self, /, secs)\n--\n\n"
"The same as timeout().\n\n"
">>> ProcPolicyBuilder().timeout_secs(5)");

static PyObject *
builder_timeout_secs(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return set_timeout(self, only(args, kwargs, "O:timeout_secs", "secs"));
}

PyDoc_STRVAR(timeout_doc,
"timeout($self, /, secs)\n--\n\n"
"Return a copy whose commands may take `secs` seconds (default 30).\n\n"
"An int, float or timedelta, over 0 and at most 1e9, from the start of the\n"
"spawn until the whole process tree is gone.  Raises LimitInvalid.\n\n"
">>> ProcPolicyBuilder().timeout(2.5)");

static PyObject *
builder_timeout(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return set_timeout(self, only(args, kwargs, "O:timeout", "secs"));
}

static PyObject *
set_size(PyObject *self, PyObject *value,
         int (*setter)(pj_builder *, uint64_t, pj_error *))
{
    pj_builder *copy;
    uint64_t size;
    pj_error err;
    int failed;

    if (value == NULL || pj_py_size(value, &size) < 0)
        return NULL;
    copy = copy_of(self);
    if (copy == NULL)
        return NULL;
    failed = setter(copy, size, &err);
    return done(self, copy, failed, &err);
}

PyDoc_STRVAR(max_stdout_doc,
"max_stdout($self, /, max)\n--\n\n"
"Return a copy that keeps `max` bytes of output (int, default 10 MiB).\n\n"
"Exactly `max` is fine; one byte more stops the command.  Raises\n"
"LimitInvalid when it is negative.\n\n"
">>> ProcPolicyBuilder().max_stdout(1024)");

static PyObject *
builder_max_stdout(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return set_size(self, only(args, kwargs, "O:max_stdout", "max"),
                    pj_builder_max_stdout);
}

PyDoc_STRVAR(max_stderr_doc,
"max_stderr($self, /, max)\n--\n\n"
"Return a copy that keeps `max` bytes of errors (int, default 1 MiB).\n\n"
"Exactly `max` is fine; one byte more stops the command.  Raises\n"
"LimitInvalid when it is negative.\n\n"
">>> ProcPolicyBuilder().max_stderr(1024)");

static PyObject *
builder_max_stderr(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return set_size(self, only(args, kwargs, "O:max_stderr", "max"),
                    pj_builder_max_stderr);
}

PyDoc_STRVAR(max_stdin_doc,
"max_stdin($self, /, max)\n--\n\n"
"Return a copy that lets requests bring `max` bytes of standard input.\n\n"
"The default is 0: a request that brings any is refused.  Raises\n"
"LimitInvalid when it is negative.\n\n"
">>> ProcPolicyBuilder().max_stdin(65536)");

static PyObject *
builder_max_stdin(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return set_size(self, only(args, kwargs, "O:max_stdin", "max"),
                    pj_builder_max_stdin);
}

PyDoc_STRVAR(on_overflow_doc,
"on_overflow($self, /, overflow)\n--\n\n"
"Return a copy that treats too much output as `overflow` (Overflow) says.\n"
"\nStop (the default) stops the command.  KeepHead keeps the first bytes,\n"
"KeepHeadTail the first and the last; the command goes on, and the output\n"
"tells how much there was.  Raises LimitInvalid for another number.\n\n"
">>> ProcPolicyBuilder().on_overflow(Overflow.KeepHeadTail)");

static PyObject *
builder_on_overflow(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = only(args, kwargs, "O:on_overflow", "overflow");
    long number = value == NULL ? -1 : PyLong_AsLong(value);
    pj_builder *copy;
    pj_error err;

    if (number == -1 && PyErr_Occurred())
        return NULL;
    copy = copy_of(self);
    if (copy == NULL)
        return NULL;
    return done(self, copy, pj_builder_overflow(copy, (pj_overflow)number,
                                                &err), &err);
}

PyDoc_STRVAR(stop_grace_doc,
"stop_grace($self, /, secs)\n--\n\n"
"Return a copy that sends SIGTERM `secs` seconds before the deadline.\n\n"
"An int, float or timedelta, less than the timeout.  What ends then was\n"
"still stopped by the timeout; SIGKILL follows at the deadline.  Raises\n"
"LimitInvalid.\n\n"
">>> ProcPolicyBuilder().timeout(10).stop_grace(1)");

static PyObject *
builder_stop_grace(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = only(args, kwargs, "O:stop_grace", "secs");
    pj_builder *copy;
    int64_t nanoseconds;
    pj_error err;

    if (value == NULL || pj_py_nanoseconds(value, &nanoseconds) < 0)
        return NULL;
    if (nanoseconds == 0)
        return pj_py_raise_limit(state_of(self), "stop_grace");
    copy = copy_of(self);
    if (copy == NULL)
        return NULL;
    return done(self, copy, pj_builder_stop_grace(copy, nanoseconds, &err),
                &err);
}

PyDoc_STRVAR(sandbox_doc,
"sandbox($self, /, sandbox)\n--\n\n"
"Return a copy whose commands run inside `sandbox` (Sandbox).\n\n"
"The default is Sandbox().  build() raises SandboxUnavailable for a control\n"
"that the system lacks, and SandboxInvalid for a root that is not there.\n\n"
">>> ProcPolicyBuilder().sandbox(Sandbox.strict().read('/srv/docs'))");

static PyObject *
builder_sandbox(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"sandbox", NULL};
    PyObject *sandbox;
    pj_builder *copy;
    pj_error err;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!:sandbox", names,
                                     state_of(self)->sandbox_type, &sandbox))
        return NULL;
    copy = copy_of(self);
    if (copy == NULL)
        return NULL;
    return done(self, copy, pj_builder_sandbox(
                    copy, ((SandboxObject *)sandbox)->sandbox, &err), &err);
}

PyDoc_STRVAR(build_doc,
"build($self, /)\n--\n\n"
"Return the ProcPolicy: resolve and pin every program, check the whole.\n\n"
"Raises a Violation (a ValueError) that names what is wrong: the Bin codes\n"
"for a path that is no executable file, ArgRulesRequired, ArgRulesUnused,\n"
"ArgRulesDuplicate or ArgRulesInvalid for the rules, SandboxUnavailable or\n"
"SandboxInvalid for the sandbox.\n\n"
">>> ProcPolicyBuilder().build()");

static PyObject *
builder_build(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    pj_state *state = state_of(self);
    pj_policy *policy = NULL;
    pj_error err;
    int failed;

    /* Resolving paths reads the file system, which can block.  */
    Py_BEGIN_ALLOW_THREADS
    failed = pj_builder_build(((BuilderObject *)self)->builder, &policy,
                              &err);
    Py_END_ALLOW_THREADS
    if (failed)
        return pj_py_raise(state, &err);
    return pj_py_policy(state, policy);
}

static PyObject *
calls_of(PyObject *self)
{
    return pj_py_builder_calls(state_of(self),
                               ((BuilderObject *)self)->builder);
}

static PyObject *
builder_repr(PyObject *self)
{
    PyObject *calls = calls_of(self);
    PyObject *shown = calls == NULL ? NULL
        : pj_py_calls_repr("ProcPolicyBuilder()", calls);

    Py_XDECREF(calls);
    return shown;
}

static PyObject *
builder_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *calls = calls_of(self);

    if (calls == NULL)
        return NULL;
    return Py_BuildValue("O(sN)", state_of(self)->replay,
                         "ProcPolicyBuilder", calls);
}

#define KEYWORDS METH_VARARGS | METH_KEYWORDS
#define FUNCTION(name) (PyCFunction)(void (*)(void))builder_##name

static PyMethodDef builder_methods[] = {
    {"allow_bin", FUNCTION(allow_bin), KEYWORDS, allow_bin_doc},
    {"arg_rules", FUNCTION(arg_rules), KEYWORDS, arg_rules_doc},
    {"risky_bin_policy", FUNCTION(risky_bin_policy), KEYWORDS,
     risky_bin_policy_doc},
    {"allow_risky_binaries", builder_allow_risky_binaries, METH_NOARGS,
     allow_risky_binaries_doc},
    {"env_empty", builder_env_empty, METH_NOARGS, env_empty_doc},
    {"env_locale_only", builder_env_locale_only, METH_NOARGS,
     env_locale_only_doc},
    {"env_fixed", FUNCTION(env_fixed), KEYWORDS, env_fixed_doc},
    {"env_allowlist", FUNCTION(env_allowlist), KEYWORDS, env_allowlist_doc},
    {"cwd", FUNCTION(cwd), KEYWORDS, cwd_doc},
    {"cwd_jailed", FUNCTION(cwd_jailed), KEYWORDS, cwd_jailed_doc},
    {"cwd_allowlist", FUNCTION(cwd_allowlist), KEYWORDS, cwd_allowlist_doc},
    {"timeout_secs", FUNCTION(timeout_secs), KEYWORDS, timeout_secs_doc},
    {"timeout", FUNCTION(timeout), KEYWORDS, timeout_doc},
    {"max_stdout", FUNCTION(max_stdout), KEYWORDS, max_stdout_doc},
    {"max_stderr", FUNCTION(max_stderr), KEYWORDS, max_stderr_doc},
    {"max_stdin", FUNCTION(max_stdin), KEYWORDS, max_stdin_doc},
    {"on_overflow", FUNCTION(on_overflow), KEYWORDS, on_overflow_doc},
    {"stop_grace", FUNCTION(stop_grace), KEYWORDS, stop_grace_doc},
    {"sandbox", FUNCTION(sandbox), KEYWORDS, sandbox_doc},
    {"build", builder_build, METH_NOARGS, build_doc},
    {"__reduce__", builder_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(builder_doc,
"ProcPolicyBuilder()\n--\n\n"
"A policy in the making: which programs may run, and how.\n\n"
"A new builder allows nothing.  Every method returns a changed copy; the\n"
"old builder stays usable.\n\n"
">>> ProcPolicyBuilder().allow_bin('/usr/bin/wc')");

static PyType_Slot builder_slots[] = {
    {Py_tp_doc, (void *)builder_doc},
    {Py_tp_new, builder_new},
    {Py_tp_dealloc, builder_dealloc},
    {Py_tp_methods, builder_methods},
    {Py_tp_repr, builder_repr},
    {0, NULL},
};

PyType_Spec pj_builder_spec = {
    .name = "proc_jail.ProcPolicyBuilder",
    .basicsize = sizeof(BuilderObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = builder_slots,
};
