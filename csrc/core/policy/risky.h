/* risky.h: programs whose purpose is to run other programs.  */
#ifndef PJ_RISKY_H
#define PJ_RISKY_H

#include "policy/binary.h"

/* By name alone: the category of a base name, versions and cross-compiler
   prefixes seen through.  */
pj_risk pj_risk_of_name(pj_str name);

/* Of a pinned file that is called by `name`: both names, and whether it is
   a hard link to, or a copy of, a shell or interpreter under another one.
   A multi-call file is what it is called by.  */
pj_risk pj_risk_of_pin(const pj_pin *pin, pj_str name);

/* Whether the file behind a canonical name takes its task from the name it
   is called by (busybox, coreutils).  */
int pj_is_multicall(pj_str canonical);

#endif
