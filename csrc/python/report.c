/* report.c: SandboxReport and AllowedProgram, which describe a sandbox and a
   policy's programs.  */
#include "report.h"
#include "convert.h"
#include "describe.h"
#include "state.h"

static int
add_record(PyObject *module, PyObject **slot, const char *name,
           const char *fields, const char *doc)
{
    return pj_py_add_made(module, slot, "collections", "namedtuple",
                          Py_BuildValue("(ss)", name, fields), doc);
}

int
pj_py_add_reports(PyObject *module, pj_state *state)
{
    if (add_record(module, &state->report_type, "SandboxReport",
                   "enforced missing landlock_abi",
                   "What the kernel enforces on a command.\n\n"
                   "`enforced` and `missing` are names of controls; "
                   "`missing` lists those\nthat the system lacks.  "
                   "`landlock_abi` is the kernel's, or 0.") < 0)
        return -1;
    return add_record(module, &state->program_type, "AllowedProgram",
                      "paths canonical rules sandbox read_roots write_roots "
                      "execute_roots runs_nothing table",
                      "A program of a policy, and what the kernel enforces "
                      "on it.\n\n"
                      "`paths` are those that were allowed; `canonical` is "
                      "where they led when\nthe policy was built; `rules` "
                      "are its ArgRules, and `sandbox` is the\n"
                      "SandboxReport of its commands.  The roots are those "
                      "of the sandbox and\nof the rules, or None if the "
                      "kernel does not limit that access; what\nthe program "
                      "needs to start is not listed.  `runs_nothing`: it can\n"
                      "execute no other program.  `table` is the id of the "
                      "option table that\nits arguments are read by, which "
                      "depends on whose program it is: \"grep\",\n"
                      "\"busybox_grep\"; None if it has none.");
}

PyObject *
pj_py_report(pj_state *state, const pj_sandbox_report *report)
{
    return PyObject_CallFunction(state->report_type, "NNi",
                                 pj_py_control_names(report->enforced),
                                 pj_py_control_names(report->missing),
                                 report->landlock_abi);
}

static PyObject *
roots_of(const pj_program_view *view, pj_access access)
{
    if (!view->is_limited[access])
        Py_RETURN_NONE;
    return pj_py_str_tuple(view->roots[access], view->root_count[access]);
}

PyObject *
pj_py_allowed(pj_state *state, const pj_program_view *view)
{
    PyObject *report = pj_py_report(state, &view->sandbox);

    if (report == NULL)
        return NULL;
    return PyObject_CallFunction(
        state->program_type, "NNNNNNNNz",
        pj_py_str_tuple(view->paths, view->path_count),
        pj_py_str(view->canonical), pj_py_rules_object(state, view->rules),
        report, roots_of(view, PJ_ACCESS_READ),
        roots_of(view, PJ_ACCESS_WRITE), roots_of(view, PJ_ACCESS_EXECUTE),
        PyBool_FromLong(view->runs_nothing), view->table);
}
