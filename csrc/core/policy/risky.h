/* risky.h: programs whose purpose is to run other programs.  */
#ifndef PJ_RISKY_H
#define PJ_RISKY_H

#include "policy/binary.h"

/* By name alone: the category of a base name, ignoring versions and
   cross-compiler prefixes.  */
pj_risk pj_risk_of_name(pj_str name);

/* Of a pinned file called as `name`: by both names, and by whether it is a
   hard link to, or a copy of, a shell or interpreter under another name.
   A multi-call file is judged by the name it is called by.  */
pj_risk pj_risk_of_pin(const pj_pin *pin, pj_str name);

/* Whether the file with a canonical name selects its task by the name it is
   called by (busybox, coreutils).  */
int pj_is_multicall(pj_str canonical);

#endif
