/* display.c: how objects are displayed in notebooks: by one of the package's
   modules, which is imported on first use.  */
#include "display.h"
#include "package.h"

static const char shower[] = "proc_jail._display";

PyObject *
pj_py_html(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return pj_py_package_method(shower, "html", self, NULL, NULL);
}

PyObject *
pj_py_bundle(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return pj_py_package_method(shower, "bundle", self, args, kwargs);
}

static PyMethodDef shown_methods[] = {
    {"_repr_html_", pj_py_html, METH_NOARGS, NULL},
    {"_repr_mimebundle_", (PyCFunction)(void (*)(void))pj_py_bundle,
     METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};

int
pj_py_add_display(PyObject *type)
{
    for (PyMethodDef *method = shown_methods; method->ml_name != NULL;
         method++) {
        PyObject *bound = PyDescr_NewMethod((PyTypeObject *)type, method);
        int failed = bound == NULL
            || PyObject_SetAttrString(type, method->ml_name, bound) < 0;

        Py_XDECREF(bound);
        if (failed)
            return -1;
    }
    return 0;
}
