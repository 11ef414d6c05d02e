/* rules_typed.c: the methods of ArgRules that declare by type.  */
#include "convert.h"
#include "errors.h"
#include "rules.h"
#include "state.h"
#include "value.h"

PyObject *
rules_declare(PyObject *self, const pj_declared *declared)
{
    pj_rules_options next = *rules_options(self);
    pj_declared *all = PyMem_New(pj_declared, next.declared_count + 1);
    PyObject *result;

    if (all == NULL)
        return PyErr_NoMemory();
    memcpy(all, next.declared, next.declared_count * sizeof *all);
    all[next.declared_count++] = *declared;
    next.declared = all;
    result = rules_make(Py_TYPE(self), &next);
    PyMem_Free(all);
    return result;
}

/* Methods that take only names accept no keywords.  */
static int
refuse_keywords(PyObject *kwargs, const char *method)
{
    if (kwargs == NULL || PyDict_Size(kwargs) == 0)
        return 0;
    PyErr_Format(PyExc_TypeError, "%s() takes no keyword arguments", method);
    return -1;
}

/* Arguments as strings.  */
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
    s->count = s->tuple == NULL ? 0 : (size_t)PyTuple_Size(s->tuple);
    return s->items == NULL ? -1 : 0;
}

/* The methods that declare by names alone.  */
static PyObject *
declare_names(PyObject *self, PyObject *args, PyObject *kwargs,
              const char *method, pj_declared_kind kind)
{
    struct strings names = {NULL, NULL, 0};
    PyObject *result = NULL;

    if (refuse_keywords(kwargs, method) < 0)
        return NULL;
    if (take(args, method, &names) == 0) {
        const pj_declared declared = {.kind = kind, .names = names.items,
                                      .name_count = names.count};

        result = rules_declare(self, &declared);
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
    return declare_names(self, args, kwargs, "flag", PJ_DECLARED_FLAG);
}

const char pj_py_rules_require_doc[] =
"require($self, /, *names)\n--\n\n"
"Return a copy that requires at least one of these options.\n\n"
">>> rules = ArgRules().flag('-t').flag('-x').require('-t', '-x')";

PyObject *
pj_py_rules_require(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return declare_names(self, args, kwargs, "require", PJ_DECLARED_REQUIRE);
}

const char pj_py_rules_exclusive_doc[] =
"exclusive($self, /, *names)\n--\n\n"
"Return a copy that allows at most one of these options.\n\n"
">>> rules = ArgRules().flag('-t').flag('-x').exclusive('-t', '-x')";

PyObject *
pj_py_rules_exclusive(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return declare_names(self, args, kwargs, "exclusive",
                         PJ_DECLARED_EXCLUSIVE);
}

/* For methods that add to a list: returns a copy of `next`, of which `*items`
   and `*count` are part.  */
static PyObject *
extend(PyObject *self, PyObject *args, PyObject *kwargs, const char *method,
       pj_rules_options *next, const pj_str **items, size_t *count)
{
    struct strings more = {NULL, NULL, 0};
    PyObject *result = NULL;
    pj_str *all = NULL;

    if (refuse_keywords(kwargs, method) < 0)
        return NULL;
    if (take(args, method, &more) == 0)
        all = pj_py_joined(*items, *count, more.items, more.count);
    if (all != NULL) {
        *items = all;
        *count += more.count;
        result = rules_make(Py_TYPE(self), next);
    }
    PyMem_Free(all);
    clear(&more);
    return result;
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
    pj_rules_options next = *rules_options(self);

    return extend(self, args, kwargs, "force", &next, &next.forced,
                  &next.forced_count);
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
    pj_rules_options next = *rules_options(self);

    return extend(self, args, kwargs, "may_read", &next,
                  &next.roots[PJ_ACCESS_READ],
                  &next.root_count[PJ_ACCESS_READ]);
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
    pj_rules_options next = *rules_options(self);

    return extend(self, args, kwargs, "may_write", &next,
                  &next.roots[PJ_ACCESS_WRITE],
                  &next.root_count[PJ_ACCESS_WRITE]);
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
    pj_rules_options next = *rules_options(self);

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, ":run_nothing", names))
        return NULL;
    next.run_nothing = 1;
    return rules_make(Py_TYPE(self), &next);
}

/* The count for a name; None means no bound.  */
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

/* Splits names from the value after them.  */
static int
take_option(PyObject *self, PyObject *args, struct strings *names,
            pj_value **value)
{
    Py_ssize_t count = PyTuple_Size(args);
    PyObject *head;
    int result;

    if (count < 2) {
        PyErr_SetString(PyExc_TypeError, "option() takes one or more names "
                        "and then the type of the value");
        return -1;
    }
    if (pj_py_value_of(state_of(self), PyTuple_GetItem(args, count - 1),
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
    pj_declared declared = {.kind = PJ_DECLARED_OPTION};
    struct strings given = {NULL, NULL, 0};
    PyObject *repeat = NULL, *none = PyTuple_New(0), *result = NULL;

    if (none != NULL
        && PyArg_ParseTupleAndKeywords(none, kwargs, "|pO:option", names,
                                       &declared.optional, &repeat)
        && count_of(self, "repeat", repeat, &declared.max) == 0
        && take_option(self, args, &given, &declared.value) == 0) {
        declared.names = given.items;
        declared.name_count = given.count;
        result = rules_declare(self, &declared);
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
    static char *names[] = {"name", "value", "min", "max", "unless", NULL};
    pj_declared declared = {.kind = PJ_DECLARED_POSITIONAL, .name_count = 1};
    struct strings unless = {NULL, NULL, 0};
    PyObject *name, *type, *low = NULL, *high = NULL, *other = NULL;
    PyObject *bytes, *result = NULL;
    pj_str view;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|OOO:positional",
                                     names, &name, &type, &low, &high,
                                     &other)
        || pj_py_value_of(state_of(self), type, &declared.value) < 0
        || count_of(self, "min", low, &declared.min) < 0
        || count_of(self, "max", high, &declared.max) < 0)
        return NULL;
    bytes = pj_py_bytes(name, "name");
    if (bytes != NULL
        && (other == NULL || take(other, "unless", &unless) == 0)) {
        view = pj_py_view(bytes);
        declared.names = &view;
        declared.unless = unless.items;
        declared.unless_count = unless.count;
        result = rules_declare(self, &declared);
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
    pj_rules_options next = *rules_options(self);
    PyObject *env, *dict, *result = NULL;
    pj_pair *pairs;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:force_env", names,
                                     &env))
        return NULL;
    dict = pj_py_bytes_dict(env, "env");
    pairs = dict == NULL ? NULL : pj_py_pair_views(dict);
    if (pairs != NULL) {
        next.forced_env = pairs;
        next.forced_env_count = (size_t)PyDict_Size(dict);
        result = rules_make(Py_TYPE(self), &next);
    }
    PyMem_Free(pairs);
    Py_XDECREF(dict);
    return result;
}
