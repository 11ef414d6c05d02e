/* command.h: the type PreparedCommand.  */
#ifndef PJ_PY_COMMAND_H
#define PJ_PY_COMMAND_H

#include "state.h"

typedef struct {
    PyObject_HEAD
    pj_command *command;
} CommandObject;

extern PyType_Spec pj_command_spec;

/* Wraps a command, stealing the reference.  */
PyObject *pj_py_command(pj_state *state, pj_command *command);
PyObject *pj_py_spawn(pj_state *state, pj_command *command);

#endif
