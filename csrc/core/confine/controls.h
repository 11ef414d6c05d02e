/* controls.h: which controls a sandbox has on this system.  */
#ifndef PJ_CONTROLS_H
#define PJ_CONTROLS_H

#include "confine/confine.h"
#include "confine/features.h"

#define PJ_BIT(control) (UINT32_C(1) << PJ_CONTROL_##control)

/* What is being compiled.  */
typedef struct pj_draft {
    const pj_sandbox *sandbox;
    const pj_policy_options *policy;
    const pj_reach *reach; /* or NULL */
    pj_features features;
    uint32_t wanted; /* controls */
    pj_confinement *out;
} pj_draft;

int pj_draft_wants(const pj_draft *draft, uint32_t controls);
int pj_draft_enforces(const pj_draft *draft, uint32_t controls);

/* Whether a control is wanted that is useless if the command can take over a
   process outside.  */
int pj_draft_leans_on_host(const pj_draft *draft);

/* The sandbox of a policy, its own or the default.  */
const pj_sandbox *pj_controls_sandbox(const pj_policy_options *policy);

/* The controls that only a sandbox's roots ask for.  */
uint32_t pj_controls_of_files(const pj_sandbox *sandbox);

/* All that the sandbox and a program's rules (or NULL) ask for.  */
uint32_t pj_controls_wanted(const pj_sandbox *sandbox,
                            const pj_reach *reach);

/* Decides which wanted controls are enforced and which are missing, in the
   report of `out`, or fails with SandboxUnavailable.  May add to what is
   wanted when one control replaces another.  */
int pj_controls_settle(pj_draft *draft, pj_error *err);

/* Describes missing controls that were accepted because no sandbox was
   named; `why` is filled in like the error.  */
void pj_controls_tell(uint32_t missing, pj_error *why);

#endif
