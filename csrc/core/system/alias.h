/* alias.h: executing a program by the name the policy allows.  */
#ifndef PJ_ALIAS_H
#define PJ_ALIAS_H

#include "system/plan.h"
#include "system/platform.h"

/* Makes the child execute `path`, a link to the file of the plan's exec_fd,
   by name.  If the executed file could not be checked afterwards, the plan
   is left unchanged and the file is executed by descriptor.  */
void pj_alias_open(pj_child_plan *plan, const char *path);
void pj_alias_close(pj_child_plan *plan);

/* Checks what was executed, before it runs its first instruction, and
   resumes it.  -1 with ESTALE: it was another file, and was killed.  */
int pj_alias_confirm(const pj_child_plan *plan, const pj_child *child,
                     int64_t end);

#endif
