/* builder.c: the type ProcPolicyBuilder.  */
#include "builder.h"
#include "convert.h"
#include "describe.h"
#include "errors.h"
#include "policy.h"
#include "rules.h"
#include "sandbox.h"
#include "state.h"

PyObject *
builder_make(PyTypeObject *type, const pj_policy_options *options)
{
    BuilderObject *self;
    pj_error err;

    if (pj_policy_check(options, &err) < 0)
        return pj_py_raise(PyType_GetModuleState(type), &err);
    self = PyObject_GC_New(BuilderObject, type);
    if (self == NULL)
        return NULL;
    self->options = pj_policy_options_dup(options);
    PyObject_GC_Track(self);
    if (self->options == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

static PyObject *
builder_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static const pj_policy_options nothing = {.bins = NULL};
    static char *names[] = {NULL};

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, ":ProcPolicyBuilder",
                                     names))
        return NULL;
    return builder_make(type, &nothing);
}

static void
builder_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    pj_policy_options_free(((BuilderObject *)self)->options);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

/* Ends every method: returns a changed copy.  */
static PyObject *
with(PyObject *self, const pj_policy_options *options)
{
    return builder_make(Py_TYPE(self), options);
}

PyObject *
builder_only(PyObject *args, PyObject *kwargs, const char *format, char *name)
{
    char *names[] = {name, NULL};
    PyObject *value;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, names, &value))
        return NULL;
    return value;
}

PyDoc_STRVAR(allow_bin_doc,
"allow_bin($self, /, path)\n--\n\n"
"Return a copy that allows the program at `path` (str, bytes or PathLike).\n\n"
"The path must be absolute; build() resolves it.  Raises BinNotAbsolute.\n\n"
">>> builder = ProcPolicyBuilder().allow_bin('/usr/bin/grep')");

static PyObject *
builder_allow_bin(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = builder_only(args, kwargs, "O:allow_bin", "path");
    PyObject *path = value == NULL ? NULL : pj_py_bytes(value, "path");
    pj_policy_options next = *builder_options(self);
    PyObject *result = NULL;
    pj_str view, *bins;

    if (path == NULL)
        return NULL;
    view = pj_py_view(path);
    bins = pj_py_joined(next.bins, next.bin_count, &view, 1);
    if (bins != NULL) {
        next.bins = bins;
        next.bin_count++;
        result = with(self, &next);
    }
    PyMem_Free(bins);
    Py_DECREF(path);
    return result;
}

PyDoc_STRVAR(arg_rules_doc,
"arg_rules($self, /, path, rules)\n--\n\n"
"Return a copy that gives the program at `path` its ArgRules.\n\n"
"Every allowed program needs exactly one set of rules; build() checks this.\n"
"\n>>> builder = ProcPolicyBuilder().arg_rules('/usr/bin/grep', ArgRules())");

static PyObject *
with_rules(PyObject *self, pj_str path, pj_rules *rules)
{
    pj_policy_options next = *builder_options(self);
    pj_program_rules *all = PyMem_New(pj_program_rules, next.rule_count + 1);
    PyObject *result;

    if (all == NULL)
        return PyErr_NoMemory();
    memcpy(all, next.rules, next.rule_count * sizeof *all);
    all[next.rule_count++] = (pj_program_rules){path, rules};
    next.rules = all;
    result = with(self, &next);
    PyMem_Free(all);
    return result;
}

static PyObject *
builder_arg_rules(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"path", "rules", NULL};
    PyObject *value, *rules, *path, *result;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO!:arg_rules", names,
                                     &value, state_of(self)->rules_type,
                                     &rules))
        return NULL;
    path = pj_py_bytes(value, "path");
    if (path == NULL)
        return NULL;
    result = with_rules(self, pj_py_view(path),
                        ((RulesObject *)rules)->rules);
    Py_DECREF(path);
    return result;
}

PyDoc_STRVAR(risky_bin_policy_doc,
"risky_bin_policy($self, /, policy)\n--\n\n"
"Return a copy that treats risky programs as `policy` (RiskyBinPolicy) says.\n"
"\nThe default is DenyByDefault.  With AllowWithWarning, prepare() emits a\n"
"RiskyBinaryWarning.  Raises LimitInvalid for another number.\n\n"
">>> warn = RiskyBinPolicy.AllowWithWarning\n"
">>> builder = ProcPolicyBuilder().risky_bin_policy(warn)");

static PyObject *
with_risky(PyObject *self, int number)
{
    pj_policy_options next = *builder_options(self);

    next.risky = (pj_risky_policy)number;
    return with(self, &next);
}

static PyObject *
builder_risky_bin_policy(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = builder_only(args, kwargs, "O:risky_bin_policy",
                                   "policy");
    int number;

    if (value == NULL || pj_py_choice(value, "policy", &number) < 0)
        return NULL;
    return with_risky(self, number);
}

PyDoc_STRVAR(allow_risky_binaries_doc,
"allow_risky_binaries($self, /)\n--\n\n"
"Return a copy that allows risky programs (shells, interpreters, ...).\n\n"
"Equivalent to risky_bin_policy(RiskyBinPolicy.Disabled).  Such a program\n"
"runs whatever it is told to; argument rules cannot limit that.\n\n"
">>> builder = ProcPolicyBuilder().allow_risky_binaries()");

static PyObject *
builder_allow_risky_binaries(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return with_risky(self, PJ_RISKY_DISABLED);
}

static PyObject *
with_timeout(PyObject *self, PyObject *value)
{
    pj_policy_options next = *builder_options(self);

    if (value == NULL || pj_py_nanoseconds(value, &next.timeout_ns) < 0)
        return NULL;
    /* In C, 0 selects the default; here it is an error.  */
    if (next.timeout_ns == 0)
        next.timeout_ns = -1;
    return with(self, &next);
}

PyDoc_STRVAR(timeout_secs_doc,
"timeout_secs($self, /, secs)\n--\n\n"
"An alias of timeout(), the name of proc_jail 0.3.\n\n"
">>> builder = ProcPolicyBuilder().timeout_secs(5)");

static PyObject *
builder_timeout_secs(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return with_timeout(self, builder_only(args, kwargs, "O:timeout_secs",
                                           "secs"));
}

PyDoc_STRVAR(timeout_doc,
"timeout($self, /, secs)\n--\n\n"
"Return a copy that stops commands after `secs` seconds (default 30).\n\n"
"An int, float or timedelta, greater than 0 and at most 1e9.  It covers the\n"
"time from the start of the spawn until the whole process tree is gone.\n"
"Raises LimitInvalid.\n\n"
">>> builder = ProcPolicyBuilder().timeout(2.5)");

static PyObject *
builder_timeout(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return with_timeout(self, builder_only(args, kwargs, "O:timeout",
                                           "secs"));
}

/* The size of what is kept.  In C, 0 selects the default.  */
static int
take_size(PyObject *value, uint64_t *out)
{
    if (value == NULL || pj_py_size(value, out) < 0)
        return -1;
    if (*out == 0)
        *out = PJ_OUTPUT_NONE;
    else if (*out == PJ_OUTPUT_NONE)
        *out = PJ_OUTPUT_MAX + 1;
    return 0;
}

PyDoc_STRVAR(max_stdout_doc,
"max_stdout($self, /, max)\n--\n\n"
"Return a copy that keeps at most `max` bytes of stdout (default 10 MiB).\n\n"
"Exactly `max` bytes are allowed; one more stops the command.  Raises\n"
"LimitInvalid when `max` is negative.\n\n"
">>> builder = ProcPolicyBuilder().max_stdout(1024)");

static PyObject *
builder_max_stdout(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = builder_only(args, kwargs, "O:max_stdout", "max");
    pj_policy_options next = *builder_options(self);

    return take_size(value, &next.max_stdout) < 0 ? NULL : with(self, &next);
}

PyDoc_STRVAR(max_stderr_doc,
"max_stderr($self, /, max)\n--\n\n"
"Return a copy that keeps at most `max` bytes of stderr (default 1 MiB).\n\n"
"Exactly `max` bytes are allowed; one more stops the command.  Raises\n"
"LimitInvalid when `max` is negative.\n\n"
">>> builder = ProcPolicyBuilder().max_stderr(1024)");

static PyObject *
builder_max_stderr(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = builder_only(args, kwargs, "O:max_stderr", "max");
    pj_policy_options next = *builder_options(self);

    return take_size(value, &next.max_stderr) < 0 ? NULL : with(self, &next);
}

PyDoc_STRVAR(max_stdin_doc,
"max_stdin($self, /, max)\n--\n\n"
"Return a copy that accepts at most `max` bytes of standard input.\n\n"
"The default is 0: a request with standard input is refused.  Raises\n"
"LimitInvalid when `max` is negative.\n\n"
">>> builder = ProcPolicyBuilder().max_stdin(65536)");

static PyObject *
builder_max_stdin(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = builder_only(args, kwargs, "O:max_stdin", "max");
    pj_policy_options next = *builder_options(self);

    if (value == NULL || pj_py_size(value, &next.max_stdin) < 0)
        return NULL;
    return with(self, &next);
}

PyDoc_STRVAR(on_overflow_doc,
"on_overflow($self, /, overflow)\n--\n\n"
"Return a copy that treats too much output as `overflow` (Overflow) says.\n\n"
"Stop (the default) stops the command.  KeepHead keeps the first bytes,\n"
"KeepHeadTail the first and the last; the command continues, and the Output\n"
"has the total.  Raises LimitInvalid for another number.\n\n"
">>> builder = ProcPolicyBuilder().on_overflow(Overflow.KeepHeadTail)");

static PyObject *
builder_on_overflow(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = builder_only(args, kwargs, "O:on_overflow",
                                   "overflow");
    pj_policy_options next = *builder_options(self);
    int number;

    if (value == NULL || pj_py_choice(value, "overflow", &number) < 0)
        return NULL;
    next.overflow = (pj_overflow)number;
    return with(self, &next);
}

PyDoc_STRVAR(stop_grace_doc,
"stop_grace($self, /, secs)\n--\n\n"
"Return a copy that sends SIGTERM `secs` seconds before the deadline.\n\n"
"An int, float or timedelta, less than the timeout; 0 sends none.  A command\n"
"that ends during this time still raises Timeout; SIGKILL follows at the\n"
"deadline.  Raises LimitInvalid.\n\n"
">>> builder = ProcPolicyBuilder().timeout(10).stop_grace(1)");

static PyObject *
builder_stop_grace(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = builder_only(args, kwargs, "O:stop_grace", "secs");
    pj_policy_options next = *builder_options(self);

    if (value == NULL || pj_py_nanoseconds(value, &next.stop_grace_ns) < 0)
        return NULL;
    return with(self, &next);
}

PyDoc_STRVAR(sandbox_doc,
"sandbox($self, /, sandbox)\n--\n\n"
"Return a copy whose commands run inside `sandbox` (Sandbox).\n\n"
"All of it is required: build() raises SandboxUnavailable for controls that\n"
"the system lacks, and SandboxInvalid for a root that does not exist.\n"
"Without this call a policy gets as much of Sandbox() as the system has.\n\n"
">>> sandbox = Sandbox.strict().read('/srv/docs')\n"
">>> builder = ProcPolicyBuilder().sandbox(sandbox)");

static PyObject *
builder_sandbox(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"sandbox", NULL};
    pj_policy_options next = *builder_options(self);
    PyObject *sandbox;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!:sandbox", names,
                                     state_of(self)->sandbox_type, &sandbox))
        return NULL;
    next.sandbox = ((SandboxObject *)sandbox)->sandbox;
    return with(self, &next);
}

PyDoc_STRVAR(checks_only_doc,
"checks_only($self, /)\n--\n\n"
"Return a copy whose policy checks requests, and runs nothing.\n\n"
"It can be built on a system that lacks what its sandbox requires: to test\n"
"a policy where it is written.  prepare() and check() answer as everywhere;\n"
"spawning raises SpawnFailed.  programs() tells what this system would\n"
"enforce and what is missing.\n\n"
">>> policy = ProcPolicyBuilder().checks_only().build()");

static PyObject *
builder_checks_only(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    pj_policy_options next = *builder_options(self);

    next.checks_only = 1;
    return with(self, &next);
}

PyDoc_STRVAR(build_doc,
"build($self, /)\n--\n\n"
"Check the settings, resolve and pin every program, return the ProcPolicy.\n\n"
"Raises a Violation (a ValueError) that names what is wrong: a Bin code for\n"
"a path that is not an executable file; ArgRulesRequired, ArgRulesUnused,\n"
"ArgRulesDuplicate or ArgRulesInvalid for the rules; SandboxUnavailable or\n"
"SandboxInvalid for the sandbox.  Emits a SandboxWarning, once, when no\n"
"sandbox was named and the system lacks a part of the default.\n\n"
">>> policy = ProcPolicyBuilder().build()");

static PyObject *
builder_build(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    pj_state *state = state_of(self);
    pj_policy *policy = NULL;
    pj_error err;
    int failed;

    /* Resolving paths reads the file system, which may block.  */
    Py_BEGIN_ALLOW_THREADS
    failed = pj_policy_new(builder_options(self), &policy, &err);
    Py_END_ALLOW_THREADS
    if (failed)
        return pj_py_raise(state, &err);
    if (pj_py_warn_missing(state, policy) < 0) {
        pj_policy_unref(policy);
        return NULL;
    }
    return pj_py_policy(state, policy);
}

static PyObject *
calls_of(PyObject *self)
{
    return pj_py_builder_calls(state_of(self), builder_options(self));
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
    {"profile", (PyCFunction)(void (*)(void))pj_py_builder_profile,
     METH_VARARGS | METH_KEYWORDS, pj_py_profile_doc},
    {"allow_bin", FUNCTION(allow_bin), KEYWORDS, allow_bin_doc},
    {"arg_rules", FUNCTION(arg_rules), KEYWORDS, arg_rules_doc},
    {"risky_bin_policy", FUNCTION(risky_bin_policy), KEYWORDS,
     risky_bin_policy_doc},
    {"allow_risky_binaries", builder_allow_risky_binaries, METH_NOARGS,
     allow_risky_binaries_doc},
    {"env_empty", builder_env_empty, METH_NOARGS, builder_env_empty_doc},
    {"env_locale_only", builder_env_locale_only, METH_NOARGS,
     builder_env_locale_only_doc},
    {"env_fixed", FUNCTION(env_fixed), KEYWORDS, builder_env_fixed_doc},
    {"env_allowlist", FUNCTION(env_allowlist), KEYWORDS,
     builder_env_allowlist_doc},
    {"cwd", FUNCTION(cwd), KEYWORDS, builder_cwd_doc},
    {"cwd_jailed", FUNCTION(cwd_jailed), KEYWORDS, builder_cwd_jailed_doc},
    {"cwd_allowlist", FUNCTION(cwd_allowlist), KEYWORDS,
     builder_cwd_allowlist_doc},
    {"timeout_secs", FUNCTION(timeout_secs), KEYWORDS, timeout_secs_doc},
    {"timeout", FUNCTION(timeout), KEYWORDS, timeout_doc},
    {"max_stdout", FUNCTION(max_stdout), KEYWORDS, max_stdout_doc},
    {"max_stderr", FUNCTION(max_stderr), KEYWORDS, max_stderr_doc},
    {"max_stdin", FUNCTION(max_stdin), KEYWORDS, max_stdin_doc},
    {"on_overflow", FUNCTION(on_overflow), KEYWORDS, on_overflow_doc},
    {"stop_grace", FUNCTION(stop_grace), KEYWORDS, stop_grace_doc},
    {"sandbox", FUNCTION(sandbox), KEYWORDS, sandbox_doc},
    {"checks_only", builder_checks_only, METH_NOARGS, checks_only_doc},
    {"build", builder_build, METH_NOARGS, build_doc},
    {"__reduce__", builder_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(builder_doc,
"ProcPolicyBuilder()\n--\n\n"
"Settings from which a policy is built: which programs may run, and how.\n\n"
"A new builder allows nothing.  Every method returns a changed copy; the\n"
"old builder remains usable.\n\n"
">>> builder = ProcPolicyBuilder().allow_bin('/usr/bin/wc').timeout(5)");

static PyType_Slot builder_slots[] = {
    {Py_tp_doc, (void *)builder_doc},
    {Py_tp_new, builder_new},
    {Py_tp_dealloc, builder_dealloc},
    {Py_tp_traverse, pj_py_visit_type},
    {Py_tp_methods, builder_methods},
    {Py_tp_repr, builder_repr},
    {0, NULL},
};

PyType_Spec pj_builder_spec = {
    .name = "proc_jail.ProcPolicyBuilder",
    .basicsize = sizeof(BuilderObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
        | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = builder_slots,
};
