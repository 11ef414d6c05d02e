/* programs.c: the option tables, for the package's Python code.  */
#include <stdlib.h>

#include "programs.h"
#include "convert.h"
#include "errors.h"

static int
add_name(PyObject *names, const char *id)
{
    PyObject *name = PyUnicode_FromString(id);
    int result = name == NULL ? -1 : PyList_Append(names, name);

    Py_XDECREF(name);
    return result;
}

PyObject *
pj_py_program_names(PyObject *Py_UNUSED(module),
                    PyObject *Py_UNUSED(ignored))
{
    PyObject *names = PyList_New(0);
    const char *id;

    for (size_t i = 0; names != NULL && (id = pj_program_name(i)) != NULL;
         i++)
        if (add_name(names, id) < 0)
            Py_CLEAR(names);
    return names;
}

PyObject *
pj_py_program_tables(PyObject *Py_UNUSED(module), PyObject *name)
{
    PyObject *bytes = pj_py_bytes(name, "name"), *names = NULL;
    const char *id;

    if (bytes != NULL)
        names = PyList_New(0);
    for (size_t i = 0; names != NULL
         && (id = pj_program_table(pj_py_view(bytes), i)) != NULL; i++)
        if (add_name(names, id) < 0)
            Py_CLEAR(names);
    Py_XDECREF(bytes);
    return names;
}

/* "-x", or None.  */
static PyObject *
letter_of(char letter)
{
    if (letter == 0)
        Py_RETURN_NONE;
    return PyUnicode_FromFormat("-%c", letter);
}

static PyObject *
rows_of(pj_str name, size_t count)
{
    PyObject *rows = PyList_New(0);

    for (size_t i = 0; rows != NULL && i < count; i++) {
        pj_row_info info;
        PyObject *row;

        if (pj_program_row(name, i, &info) < 0)
            break;
        row = Py_BuildValue("{s:s,s:N,s:z,s:s,s:s,s:s}", "form", info.form,
                            "letter", letter_of(info.letter), "name",
                            info.name, "arity", info.arity, "kind",
                            info.kind, "effect", info.effect);
        if (row == NULL || PyList_Append(rows, row) < 0)
            Py_CLEAR(rows);
        Py_XDECREF(row);
    }
    return rows;
}

PyObject *
pj_py_program(PyObject *Py_UNUSED(module), PyObject *name)
{
    PyObject *bytes = pj_py_bytes(name, "name"), *result = NULL;
    pj_program_info info;

    if (bytes == NULL)
        return NULL;
    if (pj_program_get(pj_py_view(bytes), &info) < 0)
        result = Py_NewRef(Py_None);
    else
        result = Py_BuildValue("{s:s,s:s,s:z,s:s,s:s,s:s,s:N}", "name",
                               info.name, "called", info.called, "maker",
                               info.maker, "dashdash", info.dashdash, "order",
                               info.order, "traits", info.traits, "options",
                               rows_of(pj_py_view(bytes), info.row_count));
    Py_DECREF(bytes);
    return result;
}

PyObject *
pj_py_program_at(PyObject *module, PyObject *path)
{
    PyObject *bytes = pj_py_bytes(path, "path");
    pj_program_place place;
    pj_error err;
    int result;

    if (bytes == NULL)
        return NULL;
    result = pj_program_at(pj_py_view(bytes), &place, &err);
    Py_DECREF(bytes);
    if (result < 0)
        return pj_py_raise(PyModule_GetState(module), &err);
    return Py_BuildValue("(zz)", place.table, place.maker);
}

static PyObject *
name_of(const pj_item *item)
{
    if (item->kind != PJ_ITEM_OPTION)
        Py_RETURN_NONE;
    if (item->name == NULL)
        return PyUnicode_FromFormat("-%c", item->letter);
    return PyUnicode_FromFormat(item->is_word ? "%s" : item->is_pair
                                ? "%s=" : "--%s", item->name);
}

static PyObject *
list_items(const pj_item *items, size_t count)
{
    static const char *const kinds[] = {"option", "operand", "dashes"};
    PyObject *list = PyList_New(0);

    for (size_t i = 0; list != NULL && i < count; i++) {
        PyObject *item = Py_BuildValue(
            "(snNNN)", kinds[items[i].kind], (Py_ssize_t)items[i].index,
            name_of(&items[i]), pj_py_str(items[i].value),
            pj_py_str(items[i].text));

        if (item == NULL || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

PyObject *
pj_py_read_argv(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"program", "argv", "posix", NULL};
    PyObject *name, *argv, *bytes, *tuple = NULL, *result = NULL;
    pj_item *items = NULL;
    pj_str *views = NULL;
    size_t count = 0;
    pj_error err;
    int posix = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|p:_read_argv", names,
                                     &name, &argv, &posix))
        return NULL;
    bytes = pj_py_bytes(name, "program");
    if (bytes != NULL)
        tuple = pj_py_bytes_tuple(argv, "argv");
    if (tuple != NULL)
        views = pj_py_views(tuple);
    if (views == NULL)
        goto done;
    if (pj_program_read(pj_py_view(bytes), views,
                        (size_t)PyTuple_Size(tuple), posix, &items,
                        &count, &err) < 0)
        pj_py_raise(PyModule_GetState(module), &err);
    else
        result = list_items(items, count);
done:
    free(items);
    PyMem_Free(views);
    Py_XDECREF(bytes);
    Py_XDECREF(tuple);
    return result;
}
