/*
 * procjail.h: run programs on behalf of something you do not trust.
 *
 * The pattern of use
 * ------------------
 *
 *     pj_error err;
 *     pj_rules *rules = pj_rules_new();
 *     pj_builder *builder = pj_builder_new();
 *     pj_policy *policy = NULL;
 *     pj_command *command = NULL;
 *     pj_output output = {0};
 *
 *     pj_rules_set_max_positionals(rules, 2, NULL);
 *     if (pj_builder_allow_bin(builder, pj_str_of("/bin/grep"), &err) == 0
 *         && pj_builder_arg_rules(builder, pj_str_of("/bin/grep"), rules,
 *                                 &err) == 0
 *         && pj_builder_build(builder, &policy, &err) == 0
 *         && pj_policy_prepare(policy, &request, &command, &err) == 0
 *         && pj_command_run(command, NULL, &output, &err) == 0)
 *         fwrite(output.out.data, 1, output.out.len, stdout);
 *     else
 *         fprintf(stderr, "%s: %s\n", pj_code_name(err.code), err.message);
 *
 * A policy is written once; every request is checked against it; only a
 * prepared command can be started; the output says exactly what happened.
 *
 * Rules that hold for every function
 * ----------------------------------
 *
 * Errors.  A function that can fail returns 0 for success and -1 for
 * failure, and takes `pj_error *err` as its very last parameter.  It may
 * be NULL where the reason does not matter.  A failed call changes none of
 * its other arguments, with one exception: pj_process_finish and
 * pj_command_run fill their output either way.
 *
 * Fail closed.  An unknown value, an ambiguity or an error of the system
 * denies.  There is no call that turns a denial into a warning.
 *
 * Ownership.  `_new` and `_dup` return an object that the caller frees
 * with `_free`; `_unref` gives back what `_ref`, `_build` or `_prepare`
 * gave.  Freeing NULL does nothing.  Strings passed in are copied before
 * the call returns; strings handed out live as long as their object.
 *
 * Threads.  pj_policy and pj_command never change after they are made and
 * may be used from any number of threads.  pj_rules and pj_builder belong
 * to one thread at a time, and so does a pj_process; it may be another
 * thread than the one that started it, which may end before.  The library
 * installs no signal handler.  It has one thread of its own while it holds
 * deadlines (pj_process_keep_time, and pj_command_run with `interrupted`).
 * That thread blocks every signal and never calls what the caller gave.
 *
 * Forks.  From the first start on the library has handlers of
 * pthread_atfork.  A fork of the caller lets go of all commands: they stay
 * its parent's.  There pj_process_finish fails with SpawnFailed and fills
 * an empty output, pj_process_free signals and reaps nobody, and new
 * commands can be started.  A raw clone runs no handlers: its child may
 * only execute, or end.
 *
 * The end of the caller.  On Linux the kernel kills what runs when the
 * caller's process ends or executes another program.  The end of a thread
 * ends nothing.  Other systems have nothing like it.
 *
 * The host.  No call changes the caller's working directory, umask, signal
 * dispositions, signal mask (restored before the call returns) or limits.
 *
 * Text.  A pj_str is bytes with a length: no encoding is assumed, and a NUL
 * inside it is seen, and refused.
 *
 * Units.  Times are nanoseconds on the monotonic clock, sizes are bytes.
 */
#ifndef PROCJAIL_H
#define PROCJAIL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PJ_VERSION "1.0.0"

/* Everything declared below is visible in the shared library, and nothing
   else is.  */
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* The version of the library that is linked, as PJ_VERSION has it for the
   header.  A static string.  */
const char *pj_version(void);

/* ---------------------------------------------------------------- text */

/* Borrowed bytes.  `ptr` may be NULL only where `len` is 0; a pj_str whose
   `ptr` is NULL means "not given" where a parameter is optional.  */
typedef struct pj_str {
    const char *ptr;
    size_t len;
} pj_str;

/* A name and its value, for environments.  */
typedef struct pj_pair {
    pj_str name;
    pj_str value;
} pj_pair;

/* A pj_str for a NUL-terminated string, or an absent one for NULL.  */
pj_str pj_str_of(const char *text);

/* -------------------------------------------------------------- errors */

/* Every way a call can fail; procjail_codes.def says what each means.
   PJ_OK is 0 and no error.  */
typedef enum pj_code {
    PJ_OK = 0,
#define PJ_CODE(name, cls, phrase, doc) PJ_E_##name,
#include "procjail_codes.def"
#undef PJ_CODE
    PJ_CODE_COUNT
} pj_code;

/* When an error of a code happens.  */
typedef enum pj_class {
    PJ_CLASS_NONE = 0,
    PJ_CLASS_VIOLATION, /* refused; nothing was started */
    PJ_CLASS_EXEC,      /* not started, or its result is not known */
    PJ_CLASS_STOPPED,   /* started, and stopped by one of its limits */
    PJ_CLASS_SYSTEM     /* the host is out of memory or descriptors */
} pj_class;

/* What a program known to be dangerous is.  The first four have the numbers
   that the Python package has always used.  */
typedef enum pj_risk {
    PJ_RISK_NONE = -1,
    PJ_RISK_SHELL = 0,       /* sh, bash, busybox: runs command lines */
    PJ_RISK_INTERPRETER = 1, /* python, perl, awk: runs code it is given */
    PJ_RISK_SPAWNER = 2,     /* env, xargs, timeout: runs its arguments */
    PJ_RISK_PRIVILEGE = 3,   /* sudo, su, pkexec: changes who runs */
    PJ_RISK_LOADER = 4,      /* ld.so: runs any file, executable or not */
    PJ_RISK_EDITOR = 5,      /* vim, less, mc: have a shell escape */
    PJ_RISK_DEBUGGER = 6,    /* gdb, strace, perf: enter other processes */
    PJ_RISK_COMPILER = 7,    /* gcc, make, cargo: run build steps */
    PJ_RISK_CONTAINER = 8,   /* docker, bwrap, qemu: run other systems */
    PJ_RISK_REMOTE = 9,      /* ssh, nc, socat: a shell over a network */
    PJ_RISK_PACKAGE = 10,    /* apt, pip, npm: run maintainers' scripts */
    PJ_RISK_COUNT = 11
} pj_risk;

/* Room, in bytes, for one escaped value and for one message.  A value is
   cut at 128 bytes of text and then ends in "...".  */
#define PJ_VALUE_SIZE 160
#define PJ_MESSAGE_SIZE 1280

/*
 * Why a call failed.  A plain struct on the caller's stack: it owns
 * nothing, needs no clearing, and may be copied.  Fields that a code does
 * not use are 0, -1 (index, risk) or "".
 *
 * Text in it is safe to log: control characters and bytes that are not
 * UTF-8 are escaped as \xNN, long values are cut, and the value of an
 * environment variable is never there.
 */
typedef struct pj_error {
    pj_code code;
    int sys_errno;    /* errno of the call that failed, or 0 */
    const char *step; /* for SpawnFailed: what was being done; static */
    long index;       /* of the offending token in argv, from 0, or -1 */
    uint64_t max;     /* the bound that was passed */
    uint64_t got;     /* what was found instead */
    pj_risk risk;     /* for BinRiskyDenied */
    uint32_t controls; /* for SandboxUnavailable: bits 1 << PJ_CONTROL_x */
    char value[PJ_VALUE_SIZE];    /* the path, flag, name ... at fault */
    char expected[PJ_VALUE_SIZE]; /* what would have been accepted */
    char reason[PJ_VALUE_SIZE];   /* the detail, in words */
    char message[PJ_MESSAGE_SIZE]; /* one sentence: what, and what to do */
    char option[PJ_VALUE_SIZE];    /* the option, as the program reads it */
} pj_error;

/* The stable name of a code ("BinNotFound"); "Ok" for PJ_OK and "Unknown"
   for a number outside the table.  A static string.  */
const char *pj_code_name(pj_code code);

/* The class of a code; PJ_CLASS_NONE outside the table.  */
pj_class pj_code_class(pj_code code);

/* The phrase that every message of the code contains.  */
const char *pj_code_phrase(pj_code code);

/* One sentence on what an error of the code means.  */
const char *pj_code_doc(pj_code code);

/* The lower-case name of a category ("shell"); "none" for PJ_RISK_NONE.  */
const char *pj_risk_name(pj_risk risk);

/*
 * What the library would say of a file: its category, or PJ_RISK_NONE.
 * Looks at the canonical name, at hard links and copies of shells and
 * interpreters, and, for a script, at the interpreter that its first line
 * names.  `*out` is set on success.  Fails as allow_bin does for a path
 * that is not absolute or not an executable regular file.
 */
int pj_risk_of_path(pj_str path, pj_risk *out, pj_error *err);

/* ------------------------------------------------------ argument rules */

/*
 * What one program's argv may look like.  New rules allow nothing: no
 * flags, no positionals.
 *
 * How argv is read: a token that begins with `-` and is longer than that
 * is a flag, until the first `--`; everything else is a positional.  A
 * flag is matched whole: `-abc` and `--a=b` are one flag each, and must
 * stand in the list as they are.
 */
typedef struct pj_rules pj_rules;

/* Whether prepare puts a `--` before the first positional.  */
typedef enum pj_double_dash {
    PJ_DOUBLE_DASH_NEVER = 0,
    PJ_DOUBLE_DASH_AFTER_FLAGS = 1
} pj_double_dash;

/* NULL when there is no memory.  */
pj_rules *pj_rules_new(void);
pj_rules *pj_rules_dup(const pj_rules *rules);
void pj_rules_free(pj_rules *rules);

/* The first positional must be `word`, and stand before any `--`.  It does
   not count against max_positionals.  An absent pj_str takes the demand
   back.  Fails with NulByte, ArgRulesInvalid (empty, or begins with `-`)
   or OutOfMemory.  */
int pj_rules_set_subcommand(pj_rules *rules, pj_str word, pj_error *err);

/* Replaces the list of flags that may appear.  Every entry must begin with
   `-` and be neither `-` nor `--`, or the call fails with
   ArgRulesInvalid.  */
int pj_rules_set_allowed_flags(pj_rules *rules, const pj_str *flags,
                               size_t count, pj_error *err);

/* How many tokens may be flags, and how many positionals.  Fail with
   ArgRulesInvalid for typed rules (procjail_args.h).  */
int pj_rules_set_max_flags(pj_rules *rules, size_t max, pj_error *err);
int pj_rules_set_max_positionals(pj_rules *rules, size_t max,
                                 pj_error *err);

/* With AFTER_FLAGS, `--` goes before the first positional (after a pinned
   subcommand and its flags), unless the request brought its own, and a
   flag after a positional is refused because it would become one.  For a
   program whose option table is known, a flag that takes a value keeps it
   before the `--`.  Fails with ArgRulesInvalid for an unknown mode.  */
int pj_rules_set_double_dash(pj_rules *rules, pj_double_dash mode,
                             pj_error *err);

/* A view of the rules, for showing and storing them.  Valid until the
   rules are changed or freed.  */
typedef struct pj_rules_info {
    pj_str subcommand; /* absent when none is pinned */
    const pj_str *flags;
    size_t flag_count;
    size_t max_flags;
    size_t max_positionals;
    pj_double_dash double_dash;
    /* Of typed rules.  */
    const struct pj_declared *declared;
    size_t declared_count;
    const pj_str *forced;
    size_t forced_count;
    const pj_pair *forced_env;
    size_t forced_env_count;
    const pj_str *roots[2]; /* PJ_ACCESS_READ, PJ_ACCESS_WRITE */
    size_t root_count[2];
    int run_nothing;
} pj_rules_info;

void pj_rules_get(const pj_rules *rules, pj_rules_info *out);

typedef enum pj_access {
    PJ_ACCESS_READ = 0,
    PJ_ACCESS_WRITE = 1,
    PJ_ACCESS_EXECUTE = 2
} pj_access;

#include "procjail_args.h"

/* ------------------------------------------------------------- sandbox */

/*
 * What the kernel holds the child to, once it runs.  A sandbox is a plan:
 * it is compiled when the policy is built, and applied between clone and
 * exec.  What is applied stays: no request and no program can take it
 * back, and children inherit it.
 */
typedef struct pj_sandbox pj_sandbox;

/* The controls, as bits 1 << PJ_CONTROL_x of a mask.  */
typedef enum pj_control {
#define PJ_CONTROL(id, name, needs) PJ_CONTROL_##id,
#include "procjail_controls.def"
#undef PJ_CONTROL
    PJ_CONTROL_COUNT
} pj_control;

/* The stable name of a control, and what it needs of the system; "unknown"
   outside the table.  Static strings.  */
const char *pj_control_name(pj_control control);
const char *pj_control_needs(pj_control control);

/* The control of a name; -1 when there is none.  */
int pj_control_find(pj_str name, pj_control *out);

/* Where a sandbox starts from.  */
typedef enum pj_preset {
    /* What a builder has that was given no sandbox: the child cannot leave
       its session, signal, trace or read processes outside, write to files
       of the kernel, or use system calls that no tool needs.  Apart from
       that it can read, write and use the network as its user may.  */
    PJ_PRESET_DEFAULT = 0,
    /* Process hygiene only: no new privileges, no core dump, and the end
       of its process group with the caller's process.  */
    PJ_PRESET_COMPAT = 1,
    /* No network, nothing readable but what the program needs to start and
       the roots, nothing writable or executable but the roots, no
       capabilities.  */
    PJ_PRESET_STRICT = 2
} pj_preset;

typedef enum pj_network {
    PJ_NETWORK_INHERIT = 0, /* what the host may */
    PJ_NETWORK_DENY = 1     /* no socket of any kind but stream pairs */
} pj_network;

typedef enum pj_tree {
    PJ_TREE_GROUP = 0,        /* one process group, which nobody leaves */
    PJ_TREE_PID_NAMESPACE = 1 /* a process-id namespace with an init */
} pj_tree;

/* Limits.  MEMORY and PROCESSES hold for the whole tree where a cgroup can
   be made for it (the control "tree_totals", which is always best effort).
   Elsewhere, as all others, they hold for each process by itself, and
   PROCESSES counts all processes of the user, as the kernel does.  */
typedef enum pj_limit {
    PJ_LIMIT_MEMORY = 0, /* bytes; of address space, without a cgroup */
    PJ_LIMIT_PROCESSES,
    PJ_LIMIT_FILE_SIZE, /* bytes */
    PJ_LIMIT_OPEN_FILES,
    PJ_LIMIT_CPU_SECONDS,
    PJ_LIMIT_DATA, /* bytes that are written to; not what is only reserved */
    PJ_LIMIT_COUNT
} pj_limit;

/* NULL when there is no memory, or for an unknown preset.  */
pj_sandbox *pj_sandbox_new(pj_preset preset);
pj_sandbox *pj_sandbox_dup(const pj_sandbox *sandbox);
void pj_sandbox_free(pj_sandbox *sandbox);

/* Whether this build can ask its kernel for controls: on Linux.  Elsewhere
   a policy without a sandbox gets what there is, and rules that say
   run_nothing need one with best_effort.  */
int pj_sandbox_has_kernel(void);

/* Adds a root: a file, or a directory with all below it.  The first root
   of a kind limits that kind of access to roots.  EXECUTE limits reading
   too, since the dynamic loader runs what it can read.  A root for writing
   does not grant reading.  Fails with SandboxInvalid for a path that is not
   absolute; build fails so when it is not there.  */
int pj_sandbox_add_root(pj_sandbox *sandbox, pj_access access, pj_str path,
                        pj_error *err);

/* These fail with SandboxInvalid for a number outside the enum or range. */
int pj_sandbox_set_network(pj_sandbox *sandbox, pj_network network,
                           pj_error *err);
int pj_sandbox_set_tree(pj_sandbox *sandbox, pj_tree tree, pj_error *err);
int pj_sandbox_set_limit(pj_sandbox *sandbox, pj_limit limit,
                         uint64_t value, pj_error *err);
int pj_sandbox_set_umask(pj_sandbox *sandbox, unsigned mask, pj_error *err);

/* The child runs as these ids, without supplementary groups.  Needs a host
   that may change ids, or that has them already.  */
int pj_sandbox_set_user(pj_sandbox *sandbox, uid_t uid, gid_t gid,
                        pj_error *err);

/* Accepts that a control, by its stable name, is missing where the system
   lacks it.  What the system has of it is enforced all the same; reports
   list it as missing unless it was whole.  */
int pj_sandbox_best_effort(pj_sandbox *sandbox, pj_str control,
                           pj_error *err);

/* What a sandbox refuses unless it is allowed by name.  */
typedef enum pj_allow {
    /* Setting the size of a terminal.  The kernel signals whoever works at
       it, which may be somebody outside.  */
    PJ_ALLOW_TIOCSWINSZ = 0,
    PJ_ALLOW_COUNT
} pj_allow;

/* "TIOCSWINSZ", for instance.  */
const char *pj_allow_name(pj_allow allow);

/* Allows one of them.  Fails with SandboxInvalid for another name.  */
int pj_sandbox_allow(pj_sandbox *sandbox, pj_str name, pj_error *err);

/* A view of a sandbox.  Valid until it is changed or freed.  */
typedef struct pj_sandbox_info {
    pj_preset preset;
    const pj_str *roots[3]; /* by pj_access */
    size_t root_count[3];
    pj_network network;
    pj_tree tree;
    uint32_t limits_set; /* bits 1 << PJ_LIMIT_x */
    uint64_t limits[PJ_LIMIT_COUNT];
    int umask; /* -1: the host's */
    int has_user;
    uid_t uid;
    gid_t gid;
    uint32_t best_effort; /* bits 1 << PJ_CONTROL_x */
    uint32_t allow;       /* bits 1 << PJ_ALLOW_x */
} pj_sandbox_info;

void pj_sandbox_get(const pj_sandbox *sandbox, pj_sandbox_info *out);

/* What was enforced on a command.  pj_command_info has what is planned,
   pj_output what held the run, with PJ_CONTROL_WATCHDOG among the missing
   where no thread could be started to hold its deadline.  */
typedef struct pj_sandbox_report {
    uint32_t enforced; /* bits 1 << PJ_CONTROL_x */
    uint32_t missing;  /* wanted, not there as a whole, and accepted */
    int landlock_abi;  /* of this kernel; 0 when it has none */
} pj_sandbox_report;

/* ------------------------------------------------------------- builder */

/*
 * A policy in the making.  A new builder allows no program, denies risky
 * ones, gives the child an empty environment, runs it in /tmp, and stops
 * it after 30 s, 10 MiB of standard output or 1 MiB of standard error.
 *
 * Setters check their own value at once; what needs the file system or the
 * other settings is checked by pj_builder_build.  A setter that is called
 * again replaces what was set; allow_bin and arg_rules add.
 */
typedef struct pj_builder pj_builder;

/* What happens when an allowed program is a risky one.  */
typedef enum pj_risky_policy {
    PJ_RISKY_DENY = 0,     /* prepare fails with BinRiskyDenied */
    PJ_RISKY_WARN = 1,     /* allowed; pj_command_info has the category */
    PJ_RISKY_DISABLED = 2  /* allowed, like any other program */
} pj_risky_policy;

/* Where the child's environment comes from.  Under every kind, the strip
   table removes variables that make programs run or load other code.  */
typedef enum pj_env_kind {
    PJ_ENV_EMPTY = 0,     /* no variable at all */
    PJ_ENV_LOCALE = 1,    /* LANG and LC_ALL, both C.UTF-8 */
    PJ_ENV_FIXED = 2,     /* the policy's pairs; the request has no say */
    PJ_ENV_ALLOWLIST = 3  /* the request's pairs whose names are listed */
} pj_env_kind;

/* Where the child runs.  */
typedef enum pj_cwd_kind {
    PJ_CWD_FIXED = 0,    /* one directory; the request has no say */
    PJ_CWD_JAILED = 1,   /* the request's choice, at or below a root */
    PJ_CWD_ALLOWLIST = 2 /* the request's choice among listed ones */
} pj_cwd_kind;

pj_builder *pj_builder_new(void);
pj_builder *pj_builder_dup(const pj_builder *builder);
void pj_builder_free(pj_builder *builder);

/* Allows the program at an absolute path.  The path is resolved by build.
   Fails with BinNotAbsolute, NulByte or OutOfMemory.  */
int pj_builder_allow_bin(pj_builder *builder, pj_str path, pj_error *err);

/* Gives the rules for an allowed program; `rules` is copied.  Every
   allowed program needs exactly one set of rules, or build fails with
   ArgRulesRequired, ArgRulesDuplicate or ArgRulesUnused.  */
int pj_builder_arg_rules(pj_builder *builder, pj_str path,
                         const pj_rules *rules, pj_error *err);

/* Fails with LimitInvalid for a number that is no pj_risky_policy.  */
int pj_builder_risky(pj_builder *builder, pj_risky_policy policy,
                     pj_error *err);

/* The environment of the child; the last call counts.  Names must not be
   empty or hold `=` (EnvForbidden), nothing may hold a NUL (NulByte).  */
void pj_builder_env_empty(pj_builder *builder);
void pj_builder_env_locale(pj_builder *builder);
int pj_builder_env_fixed(pj_builder *builder, const pj_pair *pairs,
                         size_t count, pj_error *err);
int pj_builder_env_allowlist(pj_builder *builder, const pj_str *names,
                             size_t count, pj_error *err);

/* The working directory; the last call counts.  `fallback` is used when a
   request names none; without it such a request runs in the root, or fails
   with CwdForbidden where there is a list.  Paths must be absolute
   (CwdForbidden).  */
int pj_builder_cwd_fixed(pj_builder *builder, pj_str path, pj_error *err);
int pj_builder_cwd_jailed(pj_builder *builder, pj_str root, pj_str fallback,
                          pj_error *err);
int pj_builder_cwd_allowlist(pj_builder *builder, const pj_str *dirs,
                             size_t count, pj_str fallback, pj_error *err);

/* Nanoseconds from the start of the spawn until the process tree is gone;
   1 to PJ_TIMEOUT_MAX, or LimitInvalid.  */
#define PJ_TIMEOUT_MAX INT64_C(1000000000000000000)
int pj_builder_timeout(pj_builder *builder, int64_t nanoseconds,
                       pj_error *err);

/* How many bytes of output are kept; one byte more stops the command.
   0 to PJ_OUTPUT_MAX, or LimitInvalid.  */
#define PJ_OUTPUT_MAX ((uint64_t)1 << 46)
int pj_builder_max_stdout(pj_builder *builder, uint64_t max, pj_error *err);
int pj_builder_max_stderr(pj_builder *builder, uint64_t max, pj_error *err);

/* What the kernel holds the child to; `sandbox` is copied, and all of it is
   required.  A builder that was given none has PJ_PRESET_DEFAULT as far as
   the system offers it: on Linux never without no_new_privs, no_core,
   syscall_filter, session_lock, and what the rules of the programs ask for.
   pj_policy_missing gives what it goes without.  */
int pj_builder_sandbox(pj_builder *builder, const pj_sandbox *sandbox,
                       pj_error *err);

/* How many bytes of standard input a request may bring; 0, the default,
   refuses any.  0 to PJ_OUTPUT_MAX, or LimitInvalid.  */
int pj_builder_max_stdin(pj_builder *builder, uint64_t max, pj_error *err);

/* What happens when an output limit is reached.  */
typedef enum pj_overflow {
    PJ_OVERFLOW_STOP = 0,          /* the command is stopped */
    PJ_OVERFLOW_KEEP_HEAD = 1,     /* the rest is read and thrown away */
    PJ_OVERFLOW_KEEP_HEAD_TAIL = 2 /* the middle is: half and half are kept */
} pj_overflow;

/* Fails with LimitInvalid for a number that is no pj_overflow.  */
int pj_builder_overflow(pj_builder *builder, pj_overflow overflow,
                        pj_error *err);

/* Nanoseconds before the deadline at which the tree is asked to end, by
   SIGTERM; 0, the default, for never.  Build fails with LimitInvalid when
   that is not less than the timeout.  */
int pj_builder_stop_grace(pj_builder *builder, int64_t nanoseconds,
                          pj_error *err);

/* A view of the builder, for showing and storing it.  Valid until the
   builder is changed or freed.  */
typedef struct pj_builder_info {
    const pj_str *bins;
    size_t bin_count;
    const pj_str *rule_paths; /* as given; rules[i] belongs to path i */
    const pj_rules *const *rules;
    size_t rule_count;
    pj_risky_policy risky;
    pj_env_kind env_kind;
    const pj_pair *env_pairs; /* for PJ_ENV_FIXED */
    size_t env_pair_count;
    const pj_str *env_names; /* for PJ_ENV_ALLOWLIST */
    size_t env_name_count;
    pj_cwd_kind cwd_kind;
    const pj_str *cwd_dirs; /* the directory, the root, or the list */
    size_t cwd_dir_count;
    pj_str cwd_fallback; /* absent when none was given */
    int64_t timeout_ns;
    uint64_t max_stdout;
    uint64_t max_stderr;
    const pj_sandbox *sandbox; /* NULL when none was given */
    uint64_t max_stdin;
    pj_overflow overflow;
    int64_t stop_grace_ns;
} pj_builder_info;

void pj_builder_get(const pj_builder *builder, pj_builder_info *out);

/* -------------------------------------------------------------- policy */

/* An immutable, reference-counted policy, with its programs pinned: each
   is held open by a descriptor that is closed with the last reference.  */
typedef struct pj_policy pj_policy;

/*
 * Resolves and pins every program and checks the whole.  `*out` gets a
 * policy with one reference.  The builder is unchanged and stays usable.
 * Fails with the Bin codes for a path that is no executable file, the
 * ArgRules codes, SandboxInvalid for a root that is not there,
 * SandboxUnavailable for a required control that the system lacks (nothing
 * was started), OutOfMemory or OutOfDescriptors.
 */
int pj_builder_build(const pj_builder *builder, pj_policy **out,
                     pj_error *err);

pj_policy *pj_policy_ref(pj_policy *policy);
void pj_policy_unref(pj_policy *policy);

/* The controls that some program of the policy goes without, as bits
   1 << PJ_CONTROL_x.  Where that is more than tree_totals, `why` (which may
   be NULL) gets the report that SandboxUnavailable would be.  */
uint32_t pj_policy_missing(const pj_policy *policy, pj_error *why);

/* What a policy says of one of its programs, and what the kernel will hold
   it to.  Valid as long as the policy.  */
typedef struct pj_program_view {
    const pj_str *paths; /* as given to allow_bin, each once */
    size_t path_count;
    pj_str canonical;      /* where they led when the policy was built */
    const pj_rules *rules;
    pj_sandbox_report sandbox;
    /* By pj_access: whether the kernel holds the program to these roots, of
       the sandbox and of its own rules, and to what it needs to start.  */
    int is_limited[3];
    const pj_str *roots[3];
    size_t root_count[3];
    int runs_nothing; /* nor can it execute anything else */
} pj_program_view;

/* The programs of a policy, in the order in which they were allowed.  All
   paths that lead to one file are one program, but of a multi-call program
   each name is one of its own.  `i` is below the count.  */
size_t pj_policy_program_count(const pj_policy *policy);
void pj_policy_program(const pj_policy *policy, size_t i,
                       pj_program_view *out);

/* What the policy was built from; lives as long as the policy.  */
const pj_builder *pj_policy_builder(const pj_policy *policy);

/* ------------------------------------------------------------- request */

/* What the untrusted side asks for.  Borrowed: nothing is kept after
   pj_policy_prepare returns.  argv does not include the program.  */
typedef struct pj_request {
    pj_str bin;
    const pj_str *argv;
    size_t argc;
    const pj_pair *env;
    size_t env_count;
    pj_str cwd; /* absent: the policy decides */
    pj_str input; /* what the program reads from its standard input */
} pj_request;

/* A validated command: immutable, reference-counted, startable any number
   of times.  Its program and directory are held open by descriptors.  */
typedef struct pj_command pj_command;

/*
 * Checks a request, in this order: absolute path, canonical path, regular
 * and executable file, allow-list, risky program, argument rules,
 * environment, working directory.  The first check that fails names the
 * error.  `*out` gets a command with one reference.  Reads the file
 * system, and starts nothing.
 */
int pj_policy_prepare(pj_policy *policy, const pj_request *request,
                      pj_command **out, pj_error *err);

pj_command *pj_command_ref(pj_command *command);
void pj_command_unref(pj_command *command);

/* A view of a command.  Valid as long as the command.  */
typedef struct pj_command_info {
    pj_str bin;           /* canonical path of the validated program */
    const pj_str *argv;   /* its arguments, `--` placed, without argv[0] */
    size_t argc;
    pj_str launch;        /* what is executed: `bin`, or the wrapper */
    const pj_str *launch_args;
    size_t launch_argc;
    pj_str cwd;
    const pj_pair *env;   /* the whole environment of the child */
    size_t env_count;
    const pj_str *stripped; /* names that were offered and not passed */
    size_t stripped_count;
    pj_risk risk; /* of the program, where the policy is PJ_RISKY_WARN */
    int64_t timeout_ns;
    uint64_t max_stdout;
    uint64_t max_stderr;
    pj_sandbox_report sandbox;
} pj_command_info;

void pj_command_get(const pj_command *command, pj_command_info *out);

/* Which program of its policy it is.  Valid as long as the command.  */
void pj_command_program(const pj_command *command, pj_program_view *out);

/*
 * A copy that runs as `program args... path argv...`, where path is `bin`
 * or, for a program that was allowed under another name, that name.  For the
 * application, not for the request: the arguments of the wrapper are not
 * checked.  The wrapper is resolved and pinned like any program; one wrapper
 * replaces another.  Fails with the Bin codes, NulByte or OutOfMemory.
 */
int pj_command_wrap(const pj_command *command, pj_str program,
                    const pj_str *args, size_t count, pj_command **out,
                    pj_error *err);

/* A copy with one variable set after the environment policy, replacing one
   of that name.  For the application: the strip table does not apply.
   Fails with EnvForbidden, NulByte or OutOfMemory.  */
int pj_command_set_env(const pj_command *command, pj_str name, pj_str value,
                       pj_command **out, pj_error *err);

/* -------------------------------------------------------------- output */

/* Bytes that a command wrote.  */
typedef struct pj_bytes {
    char *data; /* not NUL-terminated; may be NULL when len is 0 */
    size_t len;
    int external; /* the memory is the pj_storage's, not the output's */
} pj_bytes;

/* How the leader of the process tree ended.  */
typedef enum pj_end {
    PJ_END_UNKNOWN = 0, /* it never started, or its status was lost */
    PJ_END_EXITED = 1,
    PJ_END_SIGNALED = 2
} pj_end;

typedef struct pj_output {
    pj_bytes out;
    pj_bytes err;
    pj_end end;
    int exit_code;      /* 0 to 255, for PJ_END_EXITED */
    int signal;         /* for PJ_END_SIGNALED */
    int64_t elapsed_ns; /* from the start of the spawn to reaped */
    uint64_t out_total; /* bytes that were written, kept or not */
    uint64_t err_total;
    pid_t pid; /* the leader's, which is gone; 0: it was never started */
    pj_sandbox_report sandbox; /* what held this run */
} pj_output;

/* Frees what the output owns (not external memory) and zeroes it.  */
void pj_output_clear(pj_output *output);

/*
 * Where large outputs are kept.  A stream that outgrows PJ_STORAGE_MIN
 * bytes is moved into memory from `resize`, so that an embedder can have
 * it read straight into an object of its own.
 *
 * resize(ctx, stream, old, used, capacity) returns memory of `capacity`
 * bytes whose first `used` bytes are those of `old`, or NULL when there is
 * none.  `stream` is 1 or 2; `old` is NULL on the first call of a stream.
 * It is called on the thread that runs the command.  The memory belongs to
 * the embedder throughout: the output then points into it, `external` set.
 */
#define PJ_STORAGE_MIN ((size_t)256 * 1024)
typedef struct pj_storage {
    void *(*resize)(void *ctx, int stream, void *old, size_t used,
                    size_t capacity);
    void *ctx;
} pj_storage;

/* ------------------------------------------------------------- running */

/* Options of pj_command_run; NULL for none.  */
typedef struct pj_run_options {
    /* Called about every 50 ms and after every signal, on the running
       thread.  A value other than 0 kills the tree and ends the run with
       Cancelled.  It may take its time: from the first call on the
       library's thread holds the deadline, as by pj_process_keep_time.  */
    int (*interrupted)(void *ctx);
    void *ctx;
    /* Memory for large outputs; NULL: the library's own.  */
    const pj_storage *storage;
} pj_run_options;

/*
 * Starts the command, waits for it, kills what it leaves behind, reaps.
 * Blocks until then, at most the policy's timeout plus the time the kernel
 * takes to kill.  Returns 0 when the leader ended by itself, with whatever
 * status.  On failure the output holds what was read until then; it must
 * be cleared in both cases.  Fails with the EXEC and STOPPED codes, and
 * with BinChanged when the file is not the one that was checked.
 */
int pj_command_run(pj_command *command, const pj_run_options *options,
                   pj_output *output, pj_error *err);

/*
 * A started command, for callers with an event loop of their own:
 *
 *     pj_process *process;
 *     if (pj_process_start(command, NULL, &process, &err) < 0) ...
 *     do {
 *         ... wait until a descriptor of pj_process_watch is readable, or
 *             pj_process_remaining_ns has passed ...
 *     } while (pj_process_step(process, PJ_READY_UNKNOWN) == 0);
 *     failed = pj_process_finish(process, &output, &err);
 *     pj_process_free(process);
 */
typedef struct pj_process pj_process;

/* What the caller knows to be readable; UNKNOWN makes step look.  */
enum {
    PJ_READY_OUT = 1,
    PJ_READY_ERR = 2,
    PJ_READY_EXIT = 4,
    PJ_READY_UNKNOWN = 8
};

/* Descriptors to watch for reading; -1 for one that is closed, or that
   this system does not have.  They belong to the process.  */
typedef struct pj_watch {
    int out;
    int err;
    int exit; /* becomes readable when the leader ends */
} pj_watch;

/* Checks the pinned file once more and starts it.  Returns when the
   program has been executed, or failed to be.  `storage` must outlive the
   process.  Fails with SpawnFailed, whose `step` is NULL when the child was
   killed before it could execute the program, with BinChanged, OutOfMemory
   or OutOfDescriptors.  Nothing is left then.  */
int pj_process_start(pj_command *command, const pj_storage *storage,
                     pj_process **out, pj_error *err);

void pj_process_watch(const pj_process *process, pj_watch *out);

/* Time until step has to look at the clock, 0 when that is now.  Where
   `watch.exit` is -1 although the command runs, call step at least every
   few milliseconds.  */
int64_t pj_process_remaining_ns(const pj_process *process);

/* The process id of the leader, for showing it.  Do not signal it: after
   the end it may be somebody else's.  */
pid_t pj_process_pid(const pj_process *process);

/* Sleeps in select(2) until a descriptor is readable, the clock has to be
   looked at, a signal came, or `most_ns` has passed.  Returns PJ_READY bits
   for step, 0 when nothing is readable.  */
unsigned pj_process_await(const pj_process *process, int64_t most_ns);

/* Lets the library's thread hold the deadline, and send SIGTERM when the
   grace begins, whatever the caller does or does not do meanwhile.  Without
   it the deadline holds while the process is stepped.  One thread serves
   all processes, and stays for half a second after the last of them.  Where
   it cannot be started nothing changes, and the report of the output lists
   PJ_CONTROL_WATCHDOG as missing.  Does nothing in a fork of the caller, or
   for a process that was finished.  pj_command_run does not need it.  */
void pj_process_keep_time(pj_process *process);

/* Reads what is there, looks for the end of the leader and for the
   deadline.  Returns 0 while the command runs and 1 when it is time to
   finish.  Never blocks.  */
int pj_process_step(pj_process *process, unsigned ready);

/* Takes the bytes of a stream (1 or 2) that were read and not taken yet;
   the caller frees `bytes->data`.  What was taken counts against the limit,
   and is not part of the output.  Gives no bytes when there are none.  Not
   for processes that were started with a storage.  */
void pj_process_take(pj_process *process, int stream, pj_bytes *bytes);

/* Kills the whole tree.  Finish will then fail with Cancelled, unless the
   command had ended before.  */
void pj_process_kill(pj_process *process);

/* Kills what is left, keeps the bytes already written, reaps, and fills
   the output.  Returns as pj_command_run does.  Call it once.  */
int pj_process_finish(pj_process *process, pj_output *output,
                      pj_error *err);

/* Frees the process; one that was not finished is killed and reaped.  */
void pj_process_free(pj_process *process);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
