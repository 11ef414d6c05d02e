/* variable.h: what is known of environment variables by their names.  */
#ifndef PJ_VARIABLE_H
#define PJ_VARIABLE_H

#include "base/strings.h"

/* Names: not empty, no `=`; neither may hold a NUL.  */
int pj_variable_check_name(pj_str name, pj_error *err);
int pj_variable_check_pair(pj_str name, pj_str value, pj_error *err);

/* Whether the strip table takes a variable out of every environment.  */
int pj_variable_is_stripped(pj_str name, pj_str value);

/* Whether the dynamic loader, or libc, of every program obeys it.  */
int pj_variable_loads_code(pj_str name);

#endif
