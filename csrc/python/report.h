/* report.h: the types SandboxReport and AllowedProgram.  */
#ifndef PJ_PY_REPORT_H
#define PJ_PY_REPORT_H

#include "state.h"

/* Adds the types SandboxReport and AllowedProgram; makes one of each.  */
int pj_py_add_reports(PyObject *module, pj_state *state);
PyObject *pj_py_report(pj_state *state, const pj_sandbox_report *report);
PyObject *pj_py_allowed(pj_state *state, const pj_program_view *view);

#endif
