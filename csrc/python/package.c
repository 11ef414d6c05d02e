/* package.c: what C types leave to modules of the package, which are
   imported on first use.  */
#include "package.h"

PyObject *
pj_py_package(const char *module, const char *function, PyObject *args,
              PyObject *kwargs)
{
    PyObject *imported = PyImport_ImportModule(module);
    PyObject *bound = NULL, *result = NULL;

    if (imported != NULL)
        bound = PyObject_GetAttrString(imported, function);
    if (bound != NULL)
        result = PyObject_Call(bound, args, kwargs);
    Py_XDECREF(imported);
    Py_XDECREF(bound);
    return result;
}

PyObject *
pj_py_package_method(const char *module, const char *function,
                     PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *head = PyTuple_Pack(1, self);
    PyObject *all = head == NULL ? NULL
        : args == NULL ? Py_NewRef(head) : PySequence_Concat(head, args);
    PyObject *result = all == NULL ? NULL
        : pj_py_package(module, function, all, kwargs);

    Py_XDECREF(head);
    Py_XDECREF(all);
    return result;
}
