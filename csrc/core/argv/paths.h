/* paths.h: where a path of a request leads.  */
#ifndef PJ_PATHS_H
#define PJ_PATHS_H

#include "argv/value.h"

/* Resolves symbolic links in roots; fails with ArgRulesInvalid if one does
   not exist.  */
int pj_path_roots(const pj_value *value, pj_strv *canonical, pj_error *err);

/* A path to check once the working directory is known.  */
typedef struct pj_path_claim {
    pj_str text;    /* borrowed from the request */
    int writes;     /* may not exist yet */
    const pj_strv *roots; /* canonical; borrowed from the policy */
    long index;
    char option[PJ_VALUE_SIZE]; /* or the positional's name */
} pj_path_claim;

typedef struct pj_path_claims {
    pj_path_claim *items;
    size_t count, room;
} pj_path_claims;

/* Adds an empty claim; returns NULL if out of memory.  */
pj_path_claim *pj_path_claims_add(pj_path_claims *claims);
void pj_path_claims_clear(pj_path_claims *claims);

/* Checks all claims relative to the child's working directory.  Fails with
   ArgPathForbidden or OutOfMemory.  */
int pj_path_claims_check(const pj_path_claims *claims, pj_str directory,
                         pj_error *err);

#endif
