/* alias.h: executing a program by the name that was allowed.  */
#ifndef PJ_ALIAS_H
#define PJ_ALIAS_H

#include "system/plan.h"
#include "system/platform.h"

/* Lets the child execute `path`, a link to the file of the plan's exec_fd,
   by its name.  Where what was executed could not be looked at afterwards
   the plan stays as it is, and the file is executed by descriptor.  */
void pj_alias_open(pj_child_plan *plan, const char *path);
void pj_alias_close(pj_child_plan *plan);

/* Looks at what was executed, which has not run an instruction yet, and lets
   it go.  -1 with ESTALE: it is another file, and killed.  */
int pj_alias_confirm(const pj_child_plan *plan, const pj_child *child,
                     int64_t end);

#endif
