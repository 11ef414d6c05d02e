/* describe.c: an object as the list of method calls that recreates it.

   One form serves three purposes: pickling, comparison, and a repr that
   reads as code.  Values of the environment are part of the calls, since a
   pickle needs them, but are left out of every repr.  */
#include "describe.h"
#include "convert.h"
#include "sandbox.h"
#include "state.h"

int
pj_py_add(PyObject *calls, const char *name, PyObject *value)
{
    PyObject *call;
    int result;

    if (value == NULL)
        return -1;
    call = Py_BuildValue("(s(N))", name, value);
    if (call == NULL)
        return -1;
    result = PyList_Append(calls, call);
    Py_DECREF(call);
    return result;
}

int
pj_py_add_args(PyObject *calls, const char *name, PyObject *args)
{
    PyObject *call = args == NULL ? NULL
                                  : Py_BuildValue("(sN)", name, args);
    int result = call == NULL ? -1 : PyList_Append(calls, call);

    Py_XDECREF(call);
    return result;
}

int
pj_py_add_keywords(PyObject *calls, const char *name, PyObject *args,
                   PyObject *kwargs)
{
    PyObject *call = NULL;
    int result;

    if (args == NULL || kwargs == NULL || PyDict_Size(kwargs) == 0) {
        Py_XDECREF(kwargs);
        return kwargs == NULL ? (Py_XDECREF(args), -1)
                              : pj_py_add_args(calls, name, args);
    }
    call = Py_BuildValue("(sNN)", name, args, kwargs);
    result = call == NULL ? -1 : PyList_Append(calls, call);
    Py_XDECREF(call);
    return result;
}

PyObject *
pj_py_member(PyObject *type, long value)
{
    return PyObject_CallFunction(type, "l", value);
}

static int
add_roots(const pj_sandbox *info, PyObject *calls)
{
    static const char *const names[3] = {"read", "write", "execute"};

    for (int access = 0; access < 3; access++) {
        PyObject *roots;

        if (info->root_count[access] == 0)
            continue;
        roots = pj_py_str_tuple(info->roots[access],
                                info->root_count[access]);
        if (pj_py_add_args(calls, names[access], roots) < 0)
            return -1;
    }
    return 0;
}

static int
add_sandbox_limits(const pj_sandbox *info, PyObject *calls)
{
    static const char *const names[PJ_LIMIT_COUNT] = {
        [PJ_LIMIT_MEMORY] = "max_memory",
        [PJ_LIMIT_PROCESSES] = "max_processes",
        [PJ_LIMIT_FILE_SIZE] = "max_file_size",
        [PJ_LIMIT_OPEN_FILES] = "max_open_files",
        [PJ_LIMIT_CPU_SECONDS] = "max_cpu_seconds",
        [PJ_LIMIT_DATA] = "max_data",
    };

    for (int i = 0; i < PJ_LIMIT_COUNT; i++)
        if (info->limits_set & UINT32_C(1) << i
            && pj_py_add(calls, names[i],
                   PyLong_FromUnsignedLongLong(info->limits[i])) < 0)
            return -1;
    if (info->has_umask
        && pj_py_add(calls, "umask", PyLong_FromUnsignedLong(info->umask)) < 0)
        return -1;
    if (!info->has_user)
        return 0;
    return pj_py_add_args(calls, "user",
                          Py_BuildValue("(II)", (unsigned)info->uid,
                                        (unsigned)info->gid));
}

static const char *
control_name(int number)
{
    return pj_control_name((pj_control)number);
}

static const char *
allow_name(int number)
{
    return pj_allow_name((pj_allow)number);
}

/* The names of the bits in a mask, as a tuple.  */
static PyObject *
names_in(uint32_t mask, int count, const char *(*name_of)(int))
{
    PyObject *list = PyList_New(0), *tuple;

    for (int i = 0; list != NULL && i < count; i++) {
        PyObject *name;

        if (!(mask & UINT32_C(1) << i))
            continue;
        name = PyUnicode_FromString(name_of(i));
        if (name == NULL || PyList_Append(list, name) < 0)
            Py_CLEAR(list);
        Py_XDECREF(name);
    }
    tuple = list == NULL ? NULL : PyList_AsTuple(list);
    Py_XDECREF(list);
    return tuple;
}

PyObject *
pj_py_control_names(uint32_t mask)
{
    return names_in(mask, PJ_CONTROL_COUNT, control_name);
}

/* Omits the preset, which is in the constructor's name.  */
static int
fill_sandbox(pj_state *state, const pj_sandbox *info, PyObject *calls)
{
    int deny = pj_sandbox_denies_network(info);

    if (deny != (info->preset == PJ_PRESET_STRICT)
        && pj_py_add(calls, "network",
               pj_py_member(state->network_enum, info->network)) < 0)
        return -1;
    if (info->tree != PJ_TREE_GROUP
        && pj_py_add(calls, "tree",
                     pj_py_member(state->tree_enum, info->tree)) < 0)
        return -1;
    if (add_roots(info, calls) < 0 || add_sandbox_limits(info, calls) < 0)
        return -1;
    if (info->allow != 0
        && pj_py_add_args(calls, "allow",
                          names_in(info->allow, PJ_ALLOW_COUNT,
                                   allow_name)) < 0)
        return -1;
    if (info->best_effort == 0)
        return 0;
    return pj_py_add_args(calls, "best_effort",
                    pj_py_control_names(info->best_effort));
}

PyObject *
pj_py_sandbox_calls(pj_state *state, const pj_sandbox *sandbox)
{
    PyObject *calls = PyList_New(0);

    if (calls != NULL && fill_sandbox(state, sandbox, calls) < 0)
        Py_CLEAR(calls);
    return calls;
}

static int
add_programs(pj_state *state, const pj_policy_options *info, PyObject *calls)
{
    for (size_t i = 0; i < info->bin_count; i++)
        if (pj_py_add(calls, "allow_bin", pj_py_str(info->bins[i])) < 0)
            return -1;
    for (size_t i = 0; i < info->rule_count; i++)
        if (pj_py_add_args(calls, "arg_rules", Py_BuildValue(
                               "(NN)", pj_py_str(info->rules[i].path),
                               pj_py_rules_object(
                                   state, info->rules[i].rules))) < 0)
            return -1;
    if (info->risky == PJ_RISKY_DENY)
        return 0;
    return pj_py_add(calls, "risky_bin_policy",
               pj_py_member(state->risky_policy_enum, info->risky));
}

static int
add_env(const pj_policy_options *info, PyObject *calls)
{
    switch (info->env_kind) {
    case PJ_ENV_EMPTY:
        return 0;
    case PJ_ENV_LOCALE:
        return pj_py_add_args(calls, "env_locale_only", PyTuple_New(0));
    case PJ_ENV_FIXED:
        return pj_py_add(calls, "env_fixed",
                   pj_py_str_dict(info->env_pairs, info->env_pair_count));
    case PJ_ENV_ALLOWLIST:
        return pj_py_add(calls, "env_allowlist",
                   pj_py_str_list(info->env_names, info->env_name_count));
    }
    PyErr_SetString(PyExc_SystemError, "unknown environment policy");
    return -1;
}

static int
add_cwd(const pj_policy_options *info, PyObject *calls)
{
    PyObject *fallback = pj_py_str(info->cwd_fallback);

    if (info->cwd_kind == PJ_CWD_FIXED) {
        Py_XDECREF(fallback);
        return pj_py_add(calls, "cwd", pj_py_str(info->cwd_dirs[0]));
    }
    if (info->cwd_kind == PJ_CWD_JAILED)
        return pj_py_add_args(calls, "cwd_jailed",
                        Py_BuildValue("(NN)", pj_py_str(info->cwd_dirs[0]),
                                      fallback));
    return pj_py_add_args(calls, "cwd_allowlist",
                    Py_BuildValue("(NN)",
                                  pj_py_str_list(info->cwd_dirs,
                                                 info->cwd_dir_count),
                                  fallback));
}

/* Whole seconds as an int, as most policies were written.  */
static PyObject *
seconds_of(int64_t nanoseconds)
{
    if (nanoseconds % 1000000000 == 0)
        return PyLong_FromLongLong(nanoseconds / 1000000000);
    return PyFloat_FromDouble((double)nanoseconds / 1e9);
}

static int
add_limits(pj_state *state, const pj_policy_options *info, PyObject *calls)
{
    if (pj_py_add(calls, "timeout", seconds_of(info->timeout_ns)) < 0
        || pj_py_add(calls, "max_stdout",
               PyLong_FromUnsignedLongLong(
                         pj_py_kept(info->max_stdout))) < 0)
        return -1;
    if (pj_py_add(calls, "max_stderr",
            PyLong_FromUnsignedLongLong(
                         pj_py_kept(info->max_stderr))) < 0)
        return -1;
    if (info->max_stdin > 0
        && pj_py_add(calls, "max_stdin",
               PyLong_FromUnsignedLongLong(info->max_stdin)) < 0)
        return -1;
    if (info->overflow != PJ_OVERFLOW_STOP
        && pj_py_add(calls, "on_overflow",
               pj_py_member(state->overflow_enum, info->overflow)) < 0)
        return -1;
    if (info->stop_grace_ns == 0)
        return 0;
    return pj_py_add(calls, "stop_grace", seconds_of(info->stop_grace_ns));
}

PyObject *
pj_py_builder_calls(pj_state *state, const pj_policy_options *info)
{
    PyObject *calls = PyList_New(0);

    if (calls != NULL
        && (add_programs(state, info, calls) < 0
            || add_env(info, calls) < 0 || add_cwd(info, calls) < 0
            || add_limits(state, info, calls) < 0
            || (info->sandbox != NULL
                && pj_py_add(calls, "sandbox",
                       pj_py_sandbox(state, info->sandbox)) < 0)
            || (info->checks_only
                && pj_py_add_args(calls, "checks_only", PyTuple_New(0)) < 0)))
        Py_CLEAR(calls);
    return calls;
}

/* Type.Name: an enum's own repr is not code.  */
static PyObject *
show_member(PyObject *member)
{
    PyObject *type = PyObject_GetAttrString((PyObject *)Py_TYPE(member),
                                            "__name__");
    PyObject *name = PyObject_GetAttrString(member, "name"), *shown = NULL;

    if (type != NULL && name != NULL)
        shown = PyUnicode_FromFormat("%U.%U", type, name);
    Py_XDECREF(type);
    Py_XDECREF(name);
    return shown;
}

/* One argument of a call; only the names of a mapping are shown.  */
static PyObject *
show_argument(PyObject *value)
{
    PyObject *names, *shown;

    if (PyLong_Check(value) && !PyLong_CheckExact(value)
        && !PyBool_Check(value))
        return show_member(value);
    if (!PyDict_Check(value))
        return PyObject_Repr(value);
    names = PyDict_Keys(value);
    shown = names == NULL ? NULL : PyUnicode_FromFormat("<%R>", names);
    Py_XDECREF(names);
    return shown;
}

/* Appends a text, stealing it; NULL is an error.  */
static int
add_part(PyObject *parts, PyObject *part)
{
    int result = part == NULL ? -1 : PyList_Append(parts, part);

    Py_XDECREF(part);
    return result;
}

static int
add_parts(PyObject *parts, PyObject *args, PyObject *keywords)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;

    for (Py_ssize_t i = 0; i < PyTuple_Size(args); i++)
        if (add_part(parts, show_argument(PyTuple_GetItem(args, i))) < 0)
            return -1;
    while (keywords != NULL && PyDict_Next(keywords, &at, &name, &value))
        if (add_part(parts, PyUnicode_FromFormat("%U=%R", name, value)) < 0)
            return -1;
    return 0;
}

PyObject *
pj_py_arguments_repr(PyObject *args, PyObject *keywords)
{
    PyObject *parts = PyList_New(0), *comma = NULL, *joined = NULL;

    if (parts != NULL && add_parts(parts, args, keywords) == 0)
        comma = PyUnicode_FromString(", ");
    if (comma != NULL)
        joined = PyUnicode_Join(comma, parts);
    Py_XDECREF(parts);
    Py_XDECREF(comma);
    return joined;
}

static PyObject *
show_call(PyObject *so_far, PyObject *call)
{
    PyObject *keywords = PyTuple_Size(call) > 2
        ? PyTuple_GetItem(call, 2) : NULL;
    PyObject *shown = pj_py_arguments_repr(PyTuple_GetItem(call, 1),
                                           keywords);
    PyObject *result = shown == NULL ? NULL
        : PyUnicode_FromFormat("%U.%U(%U)", so_far,
                               PyTuple_GetItem(call, 0), shown);

    Py_XDECREF(shown);
    return result;
}

PyObject *
pj_py_calls_repr(const char *head, PyObject *calls)
{
    PyObject *shown = PyUnicode_FromString(head);

    for (Py_ssize_t i = 0; shown != NULL && i < PyList_Size(calls);
         i++) {
        PyObject *longer = show_call(shown, PyList_GetItem(calls, i));

        pj_py_replace(&shown, longer);
    }
    return shown;
}

PyObject *
pj_py_compare(PyObject *self, PyObject *other, int op,
              PyObject *(*describe)(PyObject *))
{
    PyObject *mine, *theirs, *result = NULL;

    if (Py_TYPE(self) != Py_TYPE(other) || (op != Py_EQ && op != Py_NE))
        Py_RETURN_NOTIMPLEMENTED;
    mine = describe(self);
    theirs = mine == NULL ? NULL : describe(other);
    if (theirs != NULL)
        result = PyObject_RichCompare(mine, theirs, op);
    Py_XDECREF(mine);
    Py_XDECREF(theirs);
    return result;
}

/* Calls "Name" or "Name.preset" without arguments.  */
static PyObject *
construct(PyObject *module, const char *name)
{
    const char *dot = strchr(name, '.');
    PyObject *head, *type, *object = NULL;

    if (dot == NULL)
        return PyObject_CallMethod(module, name, NULL);
    head = PyUnicode_FromStringAndSize(name, dot - name);
    type = head == NULL ? NULL : PyObject_GetAttr(module, head);
    if (type != NULL)
        object = PyObject_CallMethod(type, dot + 1, NULL);
    Py_XDECREF(head);
    Py_XDECREF(type);
    return object;
}

/* Applies one call of a replay to the object so far.  */
static PyObject *
replay_one(PyObject *object, PyObject *call)
{
    PyObject *method, *values, *keywords = NULL, *own = NULL, *bound;
    PyObject *next = NULL;

    if (!PyTuple_Check(call)) {
        pj_py_refuse_type("a call", "a tuple", call);
        return NULL;
    }
    if (!PyArg_ParseTuple(call, "UO!|O!:_replay", &method, &PyTuple_Type,
                          &values, &PyDict_Type, &keywords))
        return NULL;
    if (keywords != NULL && (own = PyDict_Copy(keywords)) == NULL)
        return NULL;
    bound = PyObject_GetAttr(object, method);
    if (bound != NULL)
        next = PyObject_Call(bound, values, own);
    Py_XDECREF(bound);
    Py_XDECREF(own);
    return next;
}

/* _replay(name, calls): recreates the object.  Policies are pickled as their
   builder's calls, and pin their files where they are loaded.  The calls run
   code chosen by the pickle's author, which can change the list: a private
   tuple keeps the calls alive.  */
PyObject *
pj_py_replay(PyObject *module, PyObject *args)
{
    const char *name;
    PyObject *list, *calls, *object;

    if (!PyArg_ParseTuple(args, "sO!:_replay", &name, &PyList_Type, &list))
        return NULL;
    calls = PyList_AsTuple(list);
    if (calls == NULL)
        return NULL;
    object = construct(module, name);
    for (Py_ssize_t i = 0; object != NULL && i < PyTuple_Size(calls);
         i++) {
        PyObject *next = replay_one(object, PyTuple_GetItem(calls, i));

        pj_py_replace(&object, next);
    }
    Py_DECREF(calls);
    return object;
}
