/* test_sandbox.c: a sandbox as it is asked for.  */
#include "fixture.h"

static const int numbers_that_are_none[] = {-1, 1000};

/* By itself, and in a policy.  */
static int
refuses(pj_sandbox sandbox, pj_code code, pj_error *err)
{
    return pj_sandbox_check(&sandbox, NULL) < 0
        && pj_sandbox_check(&sandbox, err) < 0 && says(err, code)
        && refuses_options((pj_policy_options){.sandbox = &sandbox}, code,
                           err);
}

static int
takes(pj_sandbox sandbox)
{
    return pj_sandbox_check(&sandbox, NULL) == 0
        && pj_policy_check(&(pj_policy_options){.sandbox = &sandbox},
                           NULL) == 0;
}

/* All fields zero: what PJ_PRESET_DEFAULT has, and nothing besides.  */
static void
test_defaults(void)
{
    pj_sandbox sandbox = {0};

    CHECK(sandbox.preset == PJ_PRESET_DEFAULT && takes(sandbox));
    CHECK(sandbox.network == PJ_NETWORK_INHERIT);
    CHECK(sandbox.tree == PJ_TREE_GROUP);
    CHECK(!pj_sandbox_denies_network(&sandbox));
}

static void
test_network(void)
{
    for (int preset = 0; preset <= PJ_PRESET_STRICT; preset++) {
        pj_sandbox sandbox = {.preset = (pj_preset)preset};

        CHECK(takes(sandbox));
        CHECK(pj_sandbox_denies_network(&sandbox)
              == (preset == PJ_PRESET_STRICT));
        sandbox.network = PJ_NETWORK_DENY; /* which nobody asked for yet */
        CHECK(pj_sandbox_denies_network(&sandbox)
              == (preset == PJ_PRESET_STRICT));
        sandbox.has_network = 1;
        CHECK(takes(sandbox) && pj_sandbox_denies_network(&sandbox));
        sandbox.network = PJ_NETWORK_INHERIT;
        CHECK(!pj_sandbox_denies_network(&sandbox));
    }
}

static void
test_numbers_that_are_refused(void)
{
    pj_error err;

    for (size_t i = 0; i < COUNT(numbers_that_are_none); i++) {
        int none = numbers_that_are_none[i];

        CHECK(refuses((pj_sandbox){.preset = (pj_preset)none},
                      PJ_E_SandboxInvalid, &err));
        CHECK(refuses((pj_sandbox){.network = (pj_network)none},
                      PJ_E_SandboxInvalid, &err));
        CHECK(refuses((pj_sandbox){.has_network = 1,
                                   .network = (pj_network)none},
                      PJ_E_SandboxInvalid, &err));
        CHECK(refuses((pj_sandbox){.tree = (pj_tree)none},
                      PJ_E_SandboxInvalid, &err));
    }
    CHECK(refuses((pj_sandbox){.preset = (pj_preset)(PJ_PRESET_STRICT + 1)},
                  PJ_E_SandboxInvalid, &err));
    CHECK(refuses((pj_sandbox){.network = (pj_network)2},
                  PJ_E_SandboxInvalid, &err));
    CHECK(refuses((pj_sandbox){.tree = (pj_tree)2}, PJ_E_SandboxInvalid,
                  &err));
}

/* A bit is refused that stands for nothing that this library knows.  */
static void
test_bits(void)
{
    pj_sandbox sandbox = {0};
    pj_error err;

    for (int bit = 0; bit < 32; bit++) {
        sandbox = (pj_sandbox){.limits_set = UINT32_C(1) << bit};
        for (int limit = 0; limit < PJ_LIMIT_COUNT; limit++)
            sandbox.limits[limit] = 3;
        CHECK(bit < PJ_LIMIT_COUNT
              ? takes(sandbox)
              : refuses(sandbox, PJ_E_SandboxInvalid, &err));
        sandbox = (pj_sandbox){.best_effort = UINT32_C(1) << bit};
        CHECK(bit < PJ_CONTROL_COUNT
              ? takes(sandbox)
              : refuses(sandbox, PJ_E_SandboxInvalid, &err));
        sandbox = (pj_sandbox){.allow = UINT32_C(1) << bit};
        CHECK(bit < PJ_ALLOW_COUNT
              ? takes(sandbox)
              : refuses(sandbox, PJ_E_SandboxInvalid, &err));
    }
}

static int
takes_limit(int limit, uint64_t value)
{
    pj_sandbox sandbox = {.limits_set = UINT32_C(1) << limit};
    pj_error err;

    sandbox.limits[limit] = value;
    return takes(sandbox) || !refuses(sandbox, PJ_E_SandboxInvalid, &err);
}

static void
test_limits(void)
{
    pj_sandbox unset = {.limits = {UINT64_MAX, 1, 1, 1, 1, 1}};

    for (int limit = 0; limit < PJ_LIMIT_COUNT; limit++) {
        uint64_t least = limit == PJ_LIMIT_OPEN_FILES ? 3 : 1;

        CHECK(!takes_limit(limit, least - 1) && !takes_limit(limit, 0));
        CHECK(takes_limit(limit, least) && takes_limit(limit, INT64_MAX));
        CHECK(!takes_limit(limit, (uint64_t)INT64_MAX + 1));
        CHECK(!takes_limit(limit, UINT64_MAX));
    }
    /* What is not set says nothing.  */
    CHECK(takes(unset));
}

static void
test_roots(void)
{
    pj_error err;

    for (int access = PJ_ACCESS_READ; access <= PJ_ACCESS_EXECUTE;
         access++) {
        pj_str roots[2] = {S("/usr"), S("usr")};
        pj_sandbox sandbox = {0};

        sandbox.roots[access] = roots;
        sandbox.root_count[access] = 1;
        CHECK(takes(sandbox));
        sandbox.root_count[access] = 2;
        CHECK(refuses(sandbox, PJ_E_SandboxInvalid, &err));
        CHECK(strcmp(err.value, "usr") == 0);
        roots[1] = S("");
        CHECK(refuses(sandbox, PJ_E_SandboxInvalid, &err));
        roots[1] = ABSENT;
        CHECK(refuses(sandbox, PJ_E_SandboxInvalid, &err));
        roots[1] = (pj_str){"/usr\0", 5};
        CHECK(refuses(sandbox, PJ_E_NulByte, &err));
    }
}

static void
test_ids_and_umask(void)
{
    pj_sandbox sandbox = {.has_umask = 1};
    pj_error err;

    CHECK(takes(sandbox));
    sandbox.umask = 0777;
    CHECK(takes(sandbox));
    sandbox.umask = 01000;
    CHECK(refuses(sandbox, PJ_E_SandboxInvalid, &err));
    sandbox.has_umask = 0;
    CHECK(takes(sandbox));
    CHECK(takes((pj_sandbox){.has_user = 1, .uid = 1, .gid = 1}));
    CHECK(refuses((pj_sandbox){.has_user = 1, .uid = (uid_t)-1},
                  PJ_E_SandboxInvalid, &err));
    CHECK(refuses((pj_sandbox){.has_user = 1, .gid = (gid_t)-1},
                  PJ_E_SandboxInvalid, &err));
    CHECK(takes((pj_sandbox){.uid = (uid_t)-1}));
}

/* A copy says the same, from memory of its own.  */
static void
test_dup(void)
{
    char path[] = "/usr";
    pj_str read[2] = {S("/etc"), S(path)}, write = S("/tmp");
    pj_sandbox sandbox = {
        .preset = PJ_PRESET_STRICT, .roots = {read, &write},
        .root_count = {2, 1}, .has_network = 1, .tree = PJ_TREE_GROUP,
        .limits_set = 1 << PJ_LIMIT_DATA, .limits = {[PJ_LIMIT_DATA] = 5},
        .has_umask = 1, .umask = 022, .has_user = 1, .uid = 7, .gid = 8,
        .best_effort = 1 << PJ_CONTROL_USER, .allow = 1,
    };
    pj_sandbox *copy = pj_sandbox_dup(&sandbox);

    CHECK(copy != NULL);
    memset(path, 'x', sizeof path);
    memset(read, 0, sizeof read);
    CHECK(copy->root_count[0] == 2 && copy->root_count[1] == 1);
    CHECK(copy->root_count[2] == 0 && copy->roots[2] == NULL);
    CHECK(strcmp(copy->roots[0][1].ptr, "/usr") == 0);
    CHECK(strcmp(copy->roots[1][0].ptr, "/tmp") == 0);
    for (int access = 0; access < 3; access++)
        sandbox.roots[access] = copy->roots[access];
    CHECK(memcmp(&sandbox, copy, sizeof sandbox) == 0);
    pj_sandbox_free(copy);
    pj_sandbox_free(NULL);
}

static void
test_controls(void)
{
    pj_control control = PJ_CONTROL_COUNT;
    pj_error err;

    for (int i = 0; i < PJ_CONTROL_COUNT; i++) {
        CHECK(pj_control_find(S(pj_control_name((pj_control)i)), &control,
                              &err) == 0);
        CHECK((int)control == i);
        CHECK(strcmp(pj_control_needs(control), "unknown") != 0);
    }
    CHECK(pj_control_find(S("none"), &control, &err) < 0);
    CHECK(says(&err, PJ_E_SandboxInvalid));
    CHECK(pj_control_find(S("unknown"), &control, NULL) < 0);
    CHECK(strcmp(pj_control_name(PJ_CONTROL_COUNT), "unknown") == 0);
    CHECK(strcmp(pj_control_needs((pj_control)-1), "unknown") == 0);
}

static void
test_allows(void)
{
    pj_allow allow = PJ_ALLOW_COUNT;
    pj_error err;

    CHECK(pj_allow_find(S("TIOCSTI"), &allow, &err) < 0);
    CHECK(err.code == PJ_E_SandboxInvalid);
    CHECK(strstr(err.message, "TIOCSWINSZ") != NULL);
    CHECK(strstr(err.message, "TIOCSTI") != NULL);
    CHECK(pj_allow_find(S(""), &allow, NULL) < 0);
    CHECK(allow == PJ_ALLOW_COUNT);
    CHECK(pj_allow_find(S("TIOCSWINSZ"), &allow, &err) == 0);
    CHECK(allow == PJ_ALLOW_TIOCSWINSZ);
    CHECK(strcmp(pj_allow_name(PJ_ALLOW_TIOCSWINSZ), "TIOCSWINSZ") == 0);
    CHECK(strcmp(pj_allow_name(PJ_ALLOW_COUNT), "unknown") == 0);
}

int
main(void)
{
    test_defaults();
    test_network();
    test_numbers_that_are_refused();
    test_bits();
    test_limits();
    test_roots();
    test_ids_and_umask();
    test_dup();
    test_controls();
    test_allows();
    return CHECK_REPORT();
}
