/* test_risky.c: dangerous programs, by name and in disguise.  */
#include "policy/risky.h"

#include "fixture.h"
#include "base/strings.h"

struct name_case {
    const char *name;
    pj_risk risk;
};

static const struct name_case name_cases[] = {
    {"sh", PJ_RISK_SHELL},
    {"bash", PJ_RISK_SHELL},
    {"BASH", PJ_RISK_SHELL},
    {"bash.exe", PJ_RISK_SHELL},
    {"bash.EXE", PJ_RISK_SHELL},
    {"busybox", PJ_RISK_SHELL},
    {"python", PJ_RISK_INTERPRETER},
    {"python3", PJ_RISK_INTERPRETER},
    {"python3.11", PJ_RISK_INTERPRETER},
    {"python3.13t", PJ_RISK_INTERPRETER},
    {"python3.11-dbg", PJ_RISK_INTERPRETER},
    {"perl5.36.0", PJ_RISK_INTERPRETER},
    {"lua5.4", PJ_RISK_INTERPRETER},
    {"env", PJ_RISK_SPAWNER},
    {"xargs", PJ_RISK_SPAWNER},
    {"sudo", PJ_RISK_PRIVILEGE},
    {"su", PJ_RISK_PRIVILEGE},
    {"ld-linux-x86-64.so.2", PJ_RISK_LOADER},
    {"vim", PJ_RISK_EDITOR},
    {"vim.tiny", PJ_RISK_EDITOR},
    {"gdb", PJ_RISK_DEBUGGER},
    {"gcc", PJ_RISK_COMPILER},
    {"gcc-12", PJ_RISK_COMPILER},
    {"x86_64-linux-gnu-gcc", PJ_RISK_COMPILER},
    {"x86_64-linux-gnu-gcc-12", PJ_RISK_COMPILER},
    {"docker", PJ_RISK_CONTAINER},
    {"ssh", PJ_RISK_REMOTE},
    {"apt", PJ_RISK_PACKAGE},
    {"cat", PJ_RISK_NONE},
    {"grep", PJ_RISK_NONE},
    {"ls", PJ_RISK_NONE},
    {"wc", PJ_RISK_NONE},
    {"git", PJ_RISK_NONE},
    {"find", PJ_RISK_NONE},
    {"sha256sum", PJ_RISK_NONE},
    {"shuf", PJ_RISK_NONE},
    {"bashful", PJ_RISK_NONE},
    {"x", PJ_RISK_NONE},
    {"7", PJ_RISK_NONE},
    {"...", PJ_RISK_NONE},
    {".exe", PJ_RISK_NONE},
    {"-dbg", PJ_RISK_NONE},
    {"", PJ_RISK_NONE},
};

static void
test_names(void)
{
    for (size_t i = 0; i < COUNT(name_cases); i++) {
        int ok = pj_risk_of_name(S(name_cases[i].name)) == name_cases[i].risk;

        if (!ok)
            fprintf(stderr, "%s\n", name_cases[i].name);
        CHECK(ok);
    }
}

static void
test_risk_names(void)
{
    for (int risk = 0; risk < PJ_RISK_COUNT; risk++) {
        CHECK(strcmp(pj_risk_name((pj_risk)risk), "none") != 0);
        for (int other = 0; other < risk; other++)
            CHECK(strcmp(pj_risk_name((pj_risk)risk),
                         pj_risk_name((pj_risk)other)) != 0);
    }
    CHECK(strcmp(pj_risk_name(PJ_RISK_SHELL), "shell") == 0);
    CHECK(strcmp(pj_risk_name(PJ_RISK_NONE), "none") == 0);
    CHECK(strcmp(pj_risk_name(PJ_RISK_COUNT), "none") == 0);
    CHECK(strcmp(pj_risk_name((pj_risk)-7), "none") == 0);
}

/* Every row of the table is found, in the category it stands under.  */
static void
test_rows(void)
{
    static const struct name_case rows[] = {
#define PJ_RISKY(name, category) {name, PJ_RISK_##category},
#define PJ_RISKY_PREFIX(name, category)
#include "policy/risky.def"
#undef PJ_RISKY
#undef PJ_RISKY_PREFIX
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int ok = pj_risk_of_name(S(rows[i].name)) == rows[i].risk;

        for (size_t k = 0; k < i; k++)
            ok = ok && strcmp(rows[k].name, rows[i].name) != 0;
        if (!ok)
            fprintf(stderr, "%s\n", rows[i].name);
        CHECK(ok);
    }
}

static void
test_multicall(void)
{
    CHECK(pj_is_multicall(S("/bin/busybox")));
    CHECK(pj_is_multicall(S("/bin/busybox-static")));
    CHECK(pj_is_multicall(S("busybox.static")));
    CHECK(pj_is_multicall(S("/usr/bin/coreutils")));
    CHECK(!pj_is_multicall(S("/usr/bin/busyboxes")));
    CHECK(!pj_is_multicall(S("/busybox/cat")));
    CHECK(!pj_is_multicall(S("/usr/bin/cat")));
    CHECK(!pj_is_multicall(S("")));
}

static pj_risk
risk_of(const char *path)
{
    pj_risk risk = PJ_RISK_COUNT;
    pj_error err;

    if (pj_risk_of_path(S(path), &risk, &err) < 0)
        fprintf(stderr, "%s\n", err.message);
    return risk;
}

static void
run(const char *command)
{
    CHECK(system(command) == 0);
}

/* A copy, a hard link and a link of a shell are shells; so is a script
   for one.  */
static void
test_disguise(void)
{
    char dir[] = "/tmp/test_risky_XXXXXX";

    CHECK(mkdtemp(dir) != NULL && chdir(dir) == 0);
    run("cp /bin/sh harmless; ln -s /bin/sh linked; cp /bin/cat kitten");
    put_file("by_shell", "#!/bin/sh\n", 0755);
    put_file("by_env", "#! /usr/bin/env -S python3 -u\n", 0755);
    put_file("by_other", "#!/opt/none/tool x\n", 0755);
    put_file("bare", "#!", 0755);
    put_file("empty", "", 0755);
    CHECK(risk_of("/bin/sh") == PJ_RISK_SHELL);
    CHECK(risk_of("/bin/cat") == PJ_RISK_NONE);
    CHECK(chdir("/") == 0);
    static const struct name_case files[] = {
        {"harmless", PJ_RISK_SHELL},   {"linked", PJ_RISK_SHELL},
        {"kitten", PJ_RISK_NONE},      {"by_shell", PJ_RISK_SHELL},
        {"by_env", PJ_RISK_SPAWNER},   {"by_other", PJ_RISK_NONE},
        {"bare", PJ_RISK_NONE},        {"empty", PJ_RISK_NONE},
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[64];

        snprintf(path, sizeof path, "%s/%s", dir, files[i].name);
        pj_risk risk = risk_of(path);

        if (risk != files[i].risk)
            fprintf(stderr, "%s: %s\n", path, pj_risk_name(risk));
        CHECK(risk == files[i].risk);
        unlink(path);
    }
    CHECK(rmdir(dir) == 0);
}

static void
test_path_errors(void)
{
    pj_risk risk = PJ_RISK_COUNT;
    pj_error err;

    CHECK(pj_risk_of_path(S("sh"), &risk, &err) < 0);
    CHECK(says(&err, PJ_E_BinNotAbsolute));
    CHECK(pj_risk_of_path(ABSENT, &risk, &err) < 0);
    CHECK(says(&err, PJ_E_BinNotAbsolute));
    CHECK(pj_risk_of_path(S("/none/there"), &risk, &err) < 0);
    CHECK(says(&err, PJ_E_BinNotFound));
    CHECK(pj_risk_of_path(S("/tmp"), &risk, &err) < 0);
    CHECK(says(&err, PJ_E_BinIsDirectory));
    CHECK(pj_risk_of_path(S("/dev/null"), &risk, NULL) < 0);
    CHECK(pj_risk_of_path((pj_str){"/bin/sh\0x", 9}, &risk, &err) < 0);
    CHECK(says(&err, PJ_E_NulByte));
    CHECK(risk == PJ_RISK_COUNT);
}

int
main(void)
{
    test_names();
    test_risk_names();
    test_rows();
    test_multicall();
    test_disguise();
    test_path_errors();
    return CHECK_REPORT();
}
