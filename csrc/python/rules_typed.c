/* rules_typed.c: the methods of ArgRules that declare by type.  */
#include "rules.h"

/* No keyword is taken by methods of names only.  */
static int
refuse_keywords(PyObject *kwargs, const char *method)
{
    if (kwargs == NULL || PyDict_GET_SIZE(kwargs) == 0)
        return 0;
    PyErr_Format(PyExc_TypeError, "%s() takes no keyword arguments", method);
    return -1;
}

/* The arguments as strings, and a copy of the rules to apply them to.  */
struct strings {
    PyObject *tuple;
    pj_str *items;
    size_t count;
};

static void
clear(struct strings *s)
{
    PyMem_Free(s->items);
    Py_XDECREF(s->tuple);
}

static int
take(PyObject *sequence, const char *what, struct strings *s)
{
    s->tuple = pj_py_bytes_tuple(sequence, what);
    s->items = s->tuple == NULL ? NULL : pj_py_views(s->tuple);
    s->count = s->tuple == NULL ? 0 : (size_t)PyTuple_GET_SIZE(s->tuple);
    return s->items == NULL ? -1 : 0;
}

typedef int with_strings(pj_rules *, const pj_str *, size_t, pj_error *);

/* What all methods of names only share.  */
static PyObject *
apply(PyObject *self, PyObject *args, PyObject *kwargs, const char *method,
      with_strings *change)
{
    struct strings names = {NULL, NULL, 0};
    PyObject *result = NULL;
    pj_rules *copy;
    pj_error err;

    if (refuse_keywords(kwargs, method) < 0)
        return NULL;
    if (take(args, method, &names) == 0
        && (copy = pj_py_rules_copy(self)) != NULL) {
        int failed = change(copy, names.items, names.count, &err);

        result = pj_py_rules_done(self, copy, failed, &err);
    }
    clear(&names);
    return result;
}

const char pj_py_rules_flag_doc[] =
"flag($self, /, *names)\n--\n\n"
"Return a copy that allows an option without a value (names: str).\n\n"
"All its spellings are allowed, any number of times.  Raises ArgRulesInvalid\n"
"for a name that is not an option, and for rules that list tokens\n"
"(allowed_flags).\n\n"
">>> rules = ArgRules().flag('-n', '--line-number')";

PyObject *
pj_py_rules_flag(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return apply(self, args, kwargs, "flag", pj_rules_add_flag);
}

const char pj_py_rules_require_doc[] =
"require($self, /, *names)\n--\n\n"
"Return a copy that requires at least one of these options.\n\n"
">>> rules = ArgRules().flag('-t').flag('-x').require('-t', '-x')";

PyObject *
pj_py_rules_require(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return apply(self, args, kwargs, "require", pj_rules_add_require);
}

const char pj_py_rules_exclusive_doc[] =
"exclusive($self, /, *names)\n--\n\n"
"Return a copy that allows at most one of these options.\n\n"
">>> rules = ArgRules().flag('-t').flag('-x').exclusive('-t', '-x')";

PyObject *
pj_py_rules_exclusive(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return apply(self, args, kwargs, "exclusive", pj_rules_add_exclusive);
}

const char pj_py_rules_force_doc[] =
"force($self, /, *argv)\n--\n\n"
"Return a copy that puts these arguments before the request's own.\n\n"
"They are options of the program, complete with their values, and are not\n"
"checked against the rules.  build() raises ArgRulesInvalid for others.\n\n"
">>> diff = ArgRules().force('--no-ext-diff')\n"
">>> rules = ArgRules().subcommand('diff', diff)";

PyObject *
pj_py_rules_force(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return apply(self, args, kwargs, "force", pj_rules_add_forced);
}

static int
add_read_roots(pj_rules *rules, const pj_str *roots, size_t count,
               pj_error *err)
{
    return pj_rules_add_roots(rules, PJ_ACCESS_READ, roots, count, err);
}

static int
add_write_roots(pj_rules *rules, const pj_str *roots, size_t count,
                pj_error *err)
{
    return pj_rules_add_roots(rules, PJ_ACCESS_WRITE, roots, count, err);
}

const char pj_py_rules_may_read_doc[] =
"may_read($self, /, *roots)\n--\n\n"
"Return a copy whose program the kernel lets read these roots too.\n\n"
"For files that the program opens by itself; arguments cannot name them.\n\n"
">>> path = ReadPath('/srv')\n"
">>> rules = ArgRules().positional('path', path).may_read('/etc/passwd')";

PyObject *
pj_py_rules_may_read(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return apply(self, args, kwargs, "may_read", add_read_roots);
}

const char pj_py_rules_may_write_doc[] =
"may_write($self, /, *roots)\n--\n\n"
"Return a copy whose program the kernel lets write below these roots too.\n\n"
"For temporary files; arguments cannot name them.\n\n"
">>> path = ReadPath('/srv')\n"
">>> rules = ArgRules().positional('path', path).may_write('/tmp')";

PyObject *
pj_py_rules_may_write(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return apply(self, args, kwargs, "may_write", add_write_roots);
}

const char pj_py_rules_run_nothing_doc[] =
"run_nothing($self, /)\n--\n\n"
"Return a copy whose program the kernel prevents from executing others.\n\n"
"build() raises ArgRulesInvalid for a script, and SandboxUnavailable if\n"
"the kernel has no such control.\n\n"
">>> rules = ArgRules().run_nothing()";

PyObject *
pj_py_rules_run_nothing(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {NULL};
    pj_rules *copy;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, ":run_nothing", names))
        return NULL;
    copy = pj_py_rules_copy(self);
    if (copy == NULL)
        return NULL;
    pj_rules_set_run_nothing(copy);
    return pj_py_rules_done(self, copy, 0, NULL);
}

/* The count under a name; None is no bound.  */
static int
count_of(PyObject *self, const char *name, PyObject *object, size_t *out)
{
    uint64_t size = 0;

    *out = 1;
    if (object == NULL)
        return 0;
    *out = SIZE_MAX;
    if (object == Py_None)
        return 0;
    if (pj_py_size(object, &size) < 0)
        return -1;
    if (size > INT32_MAX) {
        pj_py_raise_limit(state_of(self), name);
        return -1;
    }
    *out = (size_t)size;
    return 0;
}

/* Splits names and the value behind them.  */
static int
take_option(PyObject *self, PyObject *args, struct strings *names,
            pj_value **value)
{
    Py_ssize_t count = PyTuple_GET_SIZE(args);
    PyObject *head;
    int result;

    if (count < 2) {
        PyErr_SetString(PyExc_TypeError, "option() takes one or more names "
                        "and then the type of the value");
        return -1;
    }
    if (pj_py_value_of(state_of(self), PyTuple_GET_ITEM(args, count - 1),
                       value) < 0)
        return -1;
    head = PyTuple_GetSlice(args, 0, count - 1);
    if (head == NULL)
        return -1;
    result = take(head, "name", names);
    Py_DECREF(head);
    return result;
}

const char pj_py_rules_option_doc[] =
"option($self, /, *names_and_value, optional=False, repeat=1)\n--\n\n"
"Return a copy that allows an option with a value.\n\n"
"Names (str) come first, the type of the value last.  `optional`: the value\n"
"may be left out.  `repeat`: how often it may be given (None: no limit).\n"
"Raises ArgRulesInvalid for a name that is not an option.\n\n"
">>> rules = ArgRules().option('-m', '--max-count', Int(1, 1000))";

PyObject *
pj_py_rules_option(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"optional", "repeat", NULL};
    struct strings given = {NULL, NULL, 0};
    PyObject *repeat = NULL, *none = PyTuple_New(0), *result = NULL;
    pj_value *value;
    pj_rules *copy;
    int optional = 0;
    size_t times;
    pj_error err;

    if (none != NULL
        && PyArg_ParseTupleAndKeywords(none, kwargs, "|pO:option", names,
                                       &optional, &repeat)
        && count_of(self, "repeat", repeat, &times) == 0
        && take_option(self, args, &given, &value) == 0
        && (copy = pj_py_rules_copy(self)) != NULL) {
        int failed = pj_rules_add_option(copy, given.items, given.count,
                                         value, optional, times, &err);

        result = pj_py_rules_done(self, copy, failed, &err);
    }
    Py_XDECREF(none);
    clear(&given);
    return result;
}

const char pj_py_rules_positional_doc[] =
"positional($self, /, name, value, min=1, max=1, unless=())\n--\n\n"
"Return a copy that takes `min` to `max` positionals of a type, in order.\n\n"
"A `max` of None means no limit.  With one of the options `unless` there are\n"
"none of them.  Raises ArgRulesInvalid for impossible numbers.\n\n"
">>> rules = ArgRules().positional('files', ReadPath('/srv'), max=20)";

PyObject *
pj_py_rules_positional(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"name", "value", "min", "max", "unless",
                               NULL};
    struct strings unless = {NULL, NULL, 0};
    PyObject *name, *type, *low = NULL, *high = NULL, *other = NULL;
    PyObject *bytes = NULL, *result = NULL;
    pj_value *value;
    pj_rules *copy;
    size_t min, max;
    pj_error err;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|OOO:positional",
                                     names, &name, &type, &low, &high,
                                     &other)
        || pj_py_value_of(state_of(self), type, &value) < 0
        || count_of(self, "min", low, &min) < 0
        || count_of(self, "max", high, &max) < 0)
        return NULL;
    bytes = pj_py_bytes(name, "name");
    if (bytes != NULL && (other == NULL || take(other, "unless",
                                                &unless) == 0)
        && (copy = pj_py_rules_copy(self)) != NULL) {
        int failed = pj_rules_add_positional(
            copy, pj_py_view(bytes), value, min, max, unless.items,
            unless.count, &err);

        result = pj_py_rules_done(self, copy, failed, &err);
    }
    Py_XDECREF(bytes);
    clear(&unless);
    return result;
}

const char pj_py_rules_force_env_doc[] =
"force_env($self, /, env)\n--\n\n"
"Return a copy whose program always gets this environment (a mapping).\n\n"
"For hardening; neither the policy nor the table of stripped names applies.\n"
"It holds for the whole program, so rules of a subcommand cannot have it.\n"
"Raises EnvForbidden for names that make every program load code (LD_*).\n\n"
">>> rules = ArgRules().force_env({'GIT_CONFIG_NOSYSTEM': '1'})";

PyObject *
pj_py_rules_force_env(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"env", NULL};
    PyObject *env, *dict, *result = NULL;
    pj_pair *pairs;
    pj_rules *copy;
    pj_error err;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:force_env", names,
                                     &env))
        return NULL;
    dict = pj_py_bytes_dict(env, "env");
    pairs = dict == NULL ? NULL : pj_py_pair_views(dict);
    if (pairs != NULL && (copy = pj_py_rules_copy(self)) != NULL) {
        int failed = pj_rules_set_forced_env(
            copy, pairs, (size_t)PyDict_GET_SIZE(dict), &err);

        result = pj_py_rules_done(self, copy, failed, &err);
    }
    PyMem_Free(pairs);
    Py_XDECREF(dict);
    return result;
}

PyObject *
pj_py_rules_add_subcommand(PyObject *self, PyObject *word, PyObject *inner)
{
    pj_state *state = state_of(self);
    pj_rules *copy;
    pj_error err;
    int failed;

    if (!Py_IS_TYPE(inner, state->rules_type)) {
        PyErr_Format(PyExc_TypeError, "rules must be ArgRules, not %.200s",
                     Py_TYPE(inner)->tp_name);
        return NULL;
    }
    copy = pj_py_rules_copy(self);
    if (copy == NULL)
        return NULL;
    failed = pj_rules_add_subcommand(copy, pj_py_view(word),
                                     ((RulesObject *)inner)->rules, &err);
    return pj_py_rules_done(self, copy, failed, &err);
}
