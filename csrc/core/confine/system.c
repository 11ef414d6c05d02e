/* system.c: what this system offers, for those who ask before they build.  */
#include <string.h>
#include <unistd.h>

#include "confine/features.h"
#include "system/cgroup.h"
#include "system/platform.h"
#include "system/rehearse.h"

/* What every command needs: a session of its own.  */
static int
session_errno(void)
{
    const pj_confinement bare = {.umask = -1, .cgroup_fd = -1,
                                 .landlock_fd = -1, .init_fd = -1};
    pj_child_report report;

    if (pj_rehearse(&bare, &report) == 0
        || report.stage != PJ_STAGE_FAILED
        || report.step != PJ_STEP_SESSION)
        return 0;
    return report.number;
}

static int
has_totals(void)
{
    const pj_cgroup_limits limits = {1, 1};
    int fd = pj_cgroup_find(&limits);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

void
pj_system_look(pj_system *out)
{
    pj_features features;

    memset(out, 0, sizeof *out);
    pj_features_probe_namespace(&features);
    out->has_rules = pj_sandbox_has_kernel();
    out->landlock_abi = features.landlock_abi;
    out->landlock_errno = features.landlock_errno;
    out->seccomp_errno = features.seccomp_errno;
    out->namespace_flags = features.namespace_flags;
    out->namespace_errno = features.namespace_errno;
    out->session_errno = session_errno();
    out->changes_ids = pj_features_changes_ids();
    out->totals = has_totals();
}
