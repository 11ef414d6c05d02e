/* paths.h: where a path of a request leads.  */
#ifndef PJ_PATHS_H
#define PJ_PATHS_H

#include "argv/value.h"

/* Resolves roots through symbolic links; what is not there fails with
   ArgRulesInvalid.  */
int pj_path_roots(const pj_value *value, pj_strv *canonical, pj_error *err);

/* A path that waits for the working directory to be known.  */
typedef struct pj_path_claim {
    pj_str text;    /* borrowed of the request */
    int writes;     /* may not be there yet */
    const pj_strv *roots; /* canonical; borrowed of the policy */
    long index;
    char option[PJ_VALUE_SIZE]; /* or the positional's name */
} pj_path_claim;

typedef struct pj_path_claims {
    pj_path_claim *items;
    size_t count, room;
} pj_path_claims;

/* Adds an empty one; NULL when there is no memory.  */
pj_path_claim *pj_path_claims_add(pj_path_claims *claims);
void pj_path_claims_clear(pj_path_claims *claims);

/* Checks all of them from the directory that the child will be in.  Fails
   with ArgPathForbidden or OutOfMemory.  */
int pj_path_claims_check(const pj_path_claims *claims, pj_str directory,
                         pj_error *err);

#endif
