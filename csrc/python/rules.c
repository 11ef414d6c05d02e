/* rules.c: the type ArgRules.  */
#include "rules.h"
#include "convert.h"
#include "describe.h"
#include "errors.h"
#include "state.h"

PyObject *
rules_make(PyTypeObject *type, const pj_rules_options *options)
{
    RulesObject *self;
    pj_rules *rules;
    pj_error err;

    if (pj_rules_new(options, &rules, &err) < 0)
        return pj_py_raise(PyType_GetModuleState(type), &err);
    self = PyObject_GC_New(RulesObject, type);
    if (self == NULL) {
        pj_rules_unref(rules);
        return NULL;
    }
    self->rules = rules;
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

static PyObject *
rules_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static const pj_rules_options nothing = {.max_flags = 0};
    static char *names[] = {NULL};

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, ":ArgRules", names))
        return NULL;
    return rules_make(type, &nothing);
}

static void
rules_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    pj_rules_unref(((RulesObject *)self)->rules);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

/* Ends most methods: returns a changed copy.  */
static PyObject *
with(PyObject *self, const pj_rules_options *options)
{
    return rules_make(Py_TYPE(self), options);
}

PyDoc_STRVAR(subcommand_doc,
"subcommand($self, /, cmd, rules=None)\n--\n\n"
"Return a copy that requires the first positional to be `cmd` (str).\n\n"
"It must precede any `--` and does not count for max_positionals.  With\n"
"`rules` (ArgRules that declare by type), the arguments after it have rules\n"
"of their own, and further calls allow further subcommands.  Raises\n"
"ArgRulesInvalid when `cmd` is empty or begins with '-'.\n\n"
">>> rules = ArgRules().subcommand('status').max_positionals(1)");

static PyObject *
with_inner(PyObject *self, pj_str word, PyObject *inner)
{
    pj_declared declared = {.kind = PJ_DECLARED_SUBCOMMAND, .names = &word,
                            .name_count = 1};

    if (!Py_IS_TYPE(inner, state_of(self)->rules_type)) {
        pj_py_refuse_type("rules", "ArgRules", inner);
        return NULL;
    }
    declared.inner = ((RulesObject *)inner)->rules;
    return rules_declare(self, &declared);
}

static PyObject *
rules_subcommand(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"cmd", "rules", NULL};
    pj_rules_options next = *rules_options(self);
    PyObject *cmd, *inner = Py_None, *word, *result;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:subcommand", names,
                                     &cmd, &inner))
        return NULL;
    word = pj_py_bytes(cmd, "cmd");
    if (word == NULL)
        return NULL;
    next.subcommand = pj_py_view(word);
    result = inner == Py_None ? with(self, &next)
                              : with_inner(self, next.subcommand, inner);
    Py_DECREF(word);
    return result;
}

PyDoc_STRVAR(allowed_flags_doc,
"allowed_flags($self, /, flags)\n--\n\n"
"Return a copy that allows exactly these flags (an iterable of str).\n\n"
"A flag is matched as a whole token: '-n', '--color=never', '-abc'.\n"
"Replaces an earlier list.  Raises ArgRulesInvalid for a word that is not\n"
"a flag.\n\n"
">>> rules = ArgRules().allowed_flags(['-n', '-i']).max_flags(2)");

static PyObject *
rules_allowed_flags(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"flags", NULL};
    pj_rules_options next = *rules_options(self);
    PyObject *flags, *tuple, *result = NULL;
    pj_str *views;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:allowed_flags", names,
                                     &flags))
        return NULL;
    tuple = pj_py_bytes_tuple(flags, "flags");
    if (tuple == NULL)
        return NULL;
    views = pj_py_views(tuple);
    if (views != NULL) {
        next.flags = views;
        next.flag_count = (size_t)PyTuple_Size(tuple);
        result = with(self, &next);
    }
    PyMem_Free(views);
    Py_DECREF(tuple);
    return result;
}

/* Shared by max_flags and max_positionals; -1 with an exception.  */
static int
take_max(PyObject *self, PyObject *args, PyObject *kwargs,
         const char *format, size_t *out)
{
    static char *names[] = {"max", NULL};
    PyObject *value;
    uint64_t max;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, names, &value)
        || pj_py_size(value, &max) < 0)
        return -1;
    if (max > SIZE_MAX / 2) {
        pj_py_raise_limit(state_of(self), strchr(format, ':') + 1);
        return -1;
    }
    *out = (size_t)max;
    return 0;
}

PyDoc_STRVAR(max_flags_doc,
"max_flags($self, /, max)\n--\n\n"
"Return a copy that allows at most `max` (int, default 0) flags.\n\n"
"Raises LimitInvalid when it is negative.\n\n"
">>> rules = ArgRules().allowed_flags(['-n']).max_flags(1)");

static PyObject *
rules_max_flags(PyObject *self, PyObject *args, PyObject *kwargs)
{
    pj_rules_options next = *rules_options(self);

    return take_max(self, args, kwargs, "O:max_flags", &next.max_flags) < 0
        ? NULL : with(self, &next);
}

PyDoc_STRVAR(max_positionals_doc,
"max_positionals($self, /, max)\n--\n\n"
"Return a copy that allows at most `max` (int, default 0) positionals.\n\n"
"Raises LimitInvalid when it is negative.\n\n"
">>> rules = ArgRules().max_positionals(10)");

static PyObject *
rules_max_positionals(PyObject *self, PyObject *args, PyObject *kwargs)
{
    pj_rules_options next = *rules_options(self);

    return take_max(self, args, kwargs, "O:max_positionals",
                    &next.max_positionals) < 0 ? NULL : with(self, &next);
}

PyDoc_STRVAR(inject_double_dash_doc,
"inject_double_dash($self, /, mode=None)\n--\n\n"
"Return a copy that puts `--` before the first positional, or does not.\n\n"
"`mode` is an InjectDoubleDash; None means AfterFlags, which refuses a flag\n"
"after a positional.  Raises ArgRulesInvalid for another number; build()\n"
"raises it for a program that does not honour `--`.\n\n"
">>> rules = ArgRules().max_positionals(1).inject_double_dash()");

static PyObject *
rules_inject_double_dash(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"mode", NULL};
    pj_rules_options next = *rules_options(self);
    int number = PJ_DOUBLE_DASH_AFTER_FLAGS;
    PyObject *mode = Py_None;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:inject_double_dash",
                                     names, &mode))
        return NULL;
    if (mode != Py_None && pj_py_choice(mode, "mode", &number) < 0)
        return NULL;
    next.double_dash = (pj_double_dash)number;
    return with(self, &next);
}

static PyObject *
calls_of(PyObject *self)
{
    return pj_py_rules_calls(state_of(self), ((RulesObject *)self)->rules);
}

static PyObject *
rules_repr(PyObject *self)
{
    PyObject *calls = calls_of(self);
    PyObject *shown = calls == NULL ? NULL
        : pj_py_calls_repr("ArgRules()", calls);

    Py_XDECREF(calls);
    return shown;
}

static PyObject *
rules_compare(PyObject *self, PyObject *other, int op)
{
    return pj_py_compare(self, other, op, calls_of);
}

static Py_hash_t
rules_hash(PyObject *self)
{
    PyObject *calls = calls_of(self);
    PyObject *shown = calls == NULL ? NULL : PyObject_Repr(calls);
    Py_hash_t hash = shown == NULL ? -1 : PyObject_Hash(shown);

    Py_XDECREF(calls);
    Py_XDECREF(shown);
    return hash;
}

static PyObject *
rules_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *calls = calls_of(self);

    if (calls == NULL)
        return NULL;
    return Py_BuildValue("O(sN)", state_of(self)->replay, "ArgRules", calls);
}

static PyMethodDef rules_methods[] = {
    {"subcommand", (PyCFunction)(void (*)(void))rules_subcommand,
     METH_VARARGS | METH_KEYWORDS, subcommand_doc},
    {"allowed_flags", (PyCFunction)(void (*)(void))rules_allowed_flags,
     METH_VARARGS | METH_KEYWORDS, allowed_flags_doc},
    {"max_flags", (PyCFunction)(void (*)(void))rules_max_flags,
     METH_VARARGS | METH_KEYWORDS, max_flags_doc},
    {"max_positionals", (PyCFunction)(void (*)(void))rules_max_positionals,
     METH_VARARGS | METH_KEYWORDS, max_positionals_doc},
    {"inject_double_dash",
     (PyCFunction)(void (*)(void))rules_inject_double_dash,
     METH_VARARGS | METH_KEYWORDS, inject_double_dash_doc},
#define METHOD(name) \
    {#name, (PyCFunction)(void (*)(void))pj_py_rules_##name, \
     METH_VARARGS | METH_KEYWORDS, pj_py_rules_##name##_doc},
    PJ_PY_TYPED_METHODS(METHOD)
#undef METHOD
    {"__reduce__", rules_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(rules_doc,
"ArgRules()\n--\n\n"
"The rules for one program's arguments.\n\n"
"New rules allow no flag and no positional.  Every method returns a changed\n"
"copy; the old rules remain as they are.\n\n"
">>> ArgRules().allowed_flags(['-n']).max_flags(1).max_positionals(2)\n"
"ArgRules().allowed_flags(['-n']).max_flags(1).max_positionals(2)");

static PyType_Slot rules_slots[] = {
    {Py_tp_doc, (void *)rules_doc},
    {Py_tp_new, rules_new},
    {Py_tp_dealloc, rules_dealloc},
    {Py_tp_traverse, pj_py_visit_type},
    {Py_tp_methods, rules_methods},
    {Py_tp_repr, rules_repr},
    {Py_tp_richcompare, rules_compare},
    {Py_tp_hash, rules_hash},
    {0, NULL},
};

PyType_Spec pj_rules_spec = {
    .name = "proc_jail.ArgRules",
    .basicsize = sizeof(RulesObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
        | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = rules_slots,
};
