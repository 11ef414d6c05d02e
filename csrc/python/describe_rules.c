/* describe_rules.c: ArgRules as method calls.  */
#include "describe.h"

/* Sets a keyword that differs from its default.  */
static int
set_keyword(PyObject *kwargs, const char *name, size_t value, size_t common)
{
    PyObject *number;
    int result;

    if (kwargs == NULL || value == common)
        return kwargs == NULL ? -1 : 0;
    number = value == SIZE_MAX ? Py_NewRef(Py_None)
                               : PyLong_FromSize_t(value);
    result = number == NULL ? -1
        : PyDict_SetItemString(kwargs, name, number);
    Py_XDECREF(number);
    return result;
}

static int
add_option(pj_state *state, const pj_declared *d, PyObject *calls)
{
    PyObject *names = pj_py_str_tuple(d->names, d->name_count);
    PyObject *args = NULL;
    PyObject *tail = Py_BuildValue("(N)", pj_py_value(state, d->value));
    PyObject *kwargs = PyDict_New();

    if (names != NULL && tail != NULL)
        args = PySequence_Concat(names, tail);
    Py_XDECREF(names);
    Py_XDECREF(tail);
    if (kwargs != NULL && d->optional
        && PyDict_SetItemString(kwargs, "optional", Py_True) < 0)
        Py_CLEAR(kwargs);
    if (set_keyword(kwargs, "repeat", d->max, 1) < 0)
        Py_CLEAR(kwargs);
    return pj_py_add_keywords(calls, "option", args, kwargs);
}

static int
add_positional(pj_state *state, const pj_declared *d, PyObject *calls)
{
    PyObject *kwargs = PyDict_New(), *unless;

    if (set_keyword(kwargs, "min", d->min, 1) < 0
        || set_keyword(kwargs, "max", d->max, 1) < 0)
        Py_CLEAR(kwargs);
    if (kwargs != NULL && d->unless_count > 0) {
        unless = pj_py_str_tuple(d->unless, d->unless_count);
        if (unless == NULL
            || PyDict_SetItemString(kwargs, "unless", unless) < 0)
            Py_CLEAR(kwargs);
        Py_XDECREF(unless);
    }
    return pj_py_add_keywords(calls, "positional",
                    Py_BuildValue("(NN)", pj_py_str(d->names[0]),
                                  pj_py_value(state, d->value)), kwargs);
}

static int
add_declared(pj_state *state, const pj_declared *d, PyObject *calls)
{
    switch (d->kind) {
    case PJ_DECLARED_FLAG:
        return pj_py_add_args(calls, "flag",
                              pj_py_str_tuple(d->names, d->name_count));
    case PJ_DECLARED_OPTION:
        return add_option(state, d, calls);
    case PJ_DECLARED_POSITIONAL:
        return add_positional(state, d, calls);
    case PJ_DECLARED_REQUIRE:
        return pj_py_add_args(calls, "require",
                              pj_py_str_tuple(d->names, d->name_count));
    case PJ_DECLARED_EXCLUSIVE:
        return pj_py_add_args(calls, "exclusive",
                              pj_py_str_tuple(d->names, d->name_count));
    case PJ_DECLARED_SUBCOMMAND:
        return pj_py_add_args(calls, "subcommand",
                        Py_BuildValue("(NN)", pj_py_str(d->names[0]),
                                      pj_py_rules_object(state, d->inner)));
    }
    PyErr_SetString(PyExc_SystemError, "unknown declaration");
    return -1;
}

static int
fill_typed(pj_state *state, const pj_rules_options *info, PyObject *calls)
{
    static const char *const roots[2] = {"may_read", "may_write"};

    for (size_t i = 0; i < info->declared_count; i++)
        if (add_declared(state, &info->declared[i], calls) < 0)
            return -1;
    if (info->forced_count > 0
        && pj_py_add_args(calls, "force",
                    pj_py_str_tuple(info->forced, info->forced_count)) < 0)
        return -1;
    if (info->forced_env_count > 0
        && pj_py_add(calls, "force_env", pj_py_str_dict(
                   info->forced_env, info->forced_env_count)) < 0)
        return -1;
    for (int access = 0; access < 2; access++)
        if (info->root_count[access] > 0
            && pj_py_add_args(calls, roots[access],
                        pj_py_str_tuple(info->roots[access],
                                info->root_count[access])) < 0)
            return -1;
    return info->run_nothing
        ? pj_py_add_args(calls, "run_nothing", PyTuple_New(0)) : 0;
}

static int
fill_rules(pj_state *state, const pj_rules_options *info, PyObject *calls)
{
    if (fill_typed(state, info, calls) < 0)
        return -1;
    if (info->subcommand.ptr != NULL
        && pj_py_add(calls, "subcommand", pj_py_str(info->subcommand)) < 0)
        return -1;
    if (info->flag_count > 0
        && pj_py_add(calls, "allowed_flags",
               pj_py_str_list(info->flags, info->flag_count)) < 0)
        return -1;
    if (info->max_flags > 0
        && pj_py_add(calls, "max_flags",
                     PyLong_FromSize_t(info->max_flags)) < 0)
        return -1;
    if (info->max_positionals > 0
        && pj_py_add(calls, "max_positionals",
               PyLong_FromSize_t(info->max_positionals)) < 0)
        return -1;
    if (info->double_dash == PJ_DOUBLE_DASH_NEVER)
        return 0;
    return pj_py_add(calls, "inject_double_dash",
               pj_py_member(state->double_dash_enum, info->double_dash));
}

PyObject *
pj_py_rules_calls(pj_state *state, const pj_rules *rules)
{
    PyObject *calls = PyList_New(0);

    if (calls != NULL && fill_rules(state, pj_rules_get(rules), calls) < 0)
        Py_CLEAR(calls);
    return calls;
}

PyObject *
pj_py_rules_object(pj_state *state, pj_rules *rules)
{
    RulesObject *object = PyObject_GC_New(RulesObject, state->rules_type);

    if (object == NULL)
        return NULL;
    object->rules = pj_rules_ref(rules);
    PyObject_GC_Track(object);
    return (PyObject *)object;
}
