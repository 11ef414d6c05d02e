/* variable.h: what is known about environment variables by name.  */
#ifndef PJ_VARIABLE_H
#define PJ_VARIABLE_H

#include "base/strings.h"

/* Names: not empty, no `=`; no NUL in names or values.  */
int pj_variable_check_name(pj_str name, pj_error *err);
int pj_variable_check_pair(pj_str name, pj_str value, pj_error *err);

/* Whether the strip table removes a variable from every environment.  */
int pj_variable_is_stripped(pj_str name, pj_str value);

/* Whether every program's dynamic loader or libc obeys it.  */
int pj_variable_loads_code(pj_str name);

#endif
