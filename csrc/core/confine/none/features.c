/* features.c: what remains on systems without known kernel rules.  */
#include "confine/features.h"

#include <string.h>
#include <unistd.h>

#include "system/plan.h"

int
pj_sandbox_has_kernel(void)
{
    return 0;
}

int
pj_features_withdraw(pj_features *features, const pj_child_report *report)
{
    (void)features, (void)report;
    return 0;
}

void
pj_features_ask(pj_features *out)
{
    memset(out, 0, sizeof *out);
    pj_features_describe(out);
}

void
pj_features_ask_namespace(pj_features *out)
{
    (void)out;
}

int
pj_features_changes_ids(void)
{
    return geteuid() == 0;
}

int
pj_features_may_become(uid_t uid, gid_t gid)
{
    return geteuid() == 0 || pj_features_has_ids(uid, gid);
}

int
pj_features_is_lesser_root(void)
{
    return 0;
}
