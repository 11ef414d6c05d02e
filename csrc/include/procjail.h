/*
 * procjail.h: run programs on behalf of something you do not trust.
 *
 * The pattern of use
 * ------------------
 *
 *     pj_error err;
 *     pj_str grep = pj_str_of("/bin/grep");
 *     pj_rules_options arguments = {.max_positionals = 2};
 *     pj_rules *rules = NULL;
 *     pj_program_rules of_grep = {grep, NULL};
 *     pj_policy_options options = {.bins = &grep, .bin_count = 1,
 *                                  .rules = &of_grep, .rule_count = 1};
 *     pj_policy *policy = NULL;
 *     pj_command *command = NULL;
 *     pj_output output = {0};
 *
 *     if (pj_rules_new(&arguments, &rules, &err) == 0
 *         && (of_grep.rules = rules) != NULL
 *         && pj_policy_new(&options, &policy, &err) == 0
 *         && pj_policy_prepare(policy, &request, &command, &err) == 0
 *         && pj_command_run(command, NULL, &output, &err) == 0)
 *         fwrite(output.out.data, 1, output.out.len, stdout);
 *     else
 *         fprintf(stderr, "%s: %s\n", pj_code_name(err.code), err.message);
 *
 * A policy is written once; every request is checked against it; only a
 * prepared command can be started; the output records exactly what happened.
 *
 * Rules that hold for every function
 * ----------------------------------
 *
 * Errors.  A function that can fail returns 0 on success and -1 on
 * failure, and takes `pj_error *err` as its last parameter.  `err` may be
 * NULL if the reason does not matter.  A failed call changes none of its
 * other arguments, with one exception: pj_process_finish and
 * pj_command_run fill in their output either way.
 *
 * Fail closed.  An unknown value, an ambiguity or a system error results in
 * a denial.  No call turns a denial into a warning.
 *
 * Options.  An object is described by a structure that the caller fills in;
 * a zero field selects the default.  `_new` checks the whole structure,
 * copies what it points to, and keeps no pointer of the caller's.  `_get`
 * returns the copy, which belongs to the object and lives as long as it.
 *
 * Ownership.  `_unref` drops a reference returned by `_new`, `_ref` or
 * `_prepare`; `_free` frees what `_dup` returned.  Freeing NULL is a no-op.
 *
 * Threads.  pj_value, pj_rules, pj_policy and pj_command are immutable and
 * may be used from any number of threads.  A pj_process belongs to one
 * thread at a time, which need not be the one that started it; that one may
 * already have exited.  The library installs no signal handler.  It runs one
 * thread of its own while it enforces deadlines (pj_process_keep_time, and
 * pj_command_run with `interrupted`).  That thread blocks every signal and
 * never calls the caller's functions.
 *
 * Forks.  The first start registers pthread_atfork handlers.  A fork of the
 * caller gives up all commands: they remain the parent's.  In the fork,
 * pj_process_finish fails with SpawnFailed and an empty output,
 * pj_process_free neither signals nor reaps, and new commands can be
 * started.  A raw clone runs no handlers: its child may only exec or exit.
 *
 * The end of the caller.  On Linux the kernel kills running commands when
 * the caller's process exits or executes another program.  The exit of a
 * thread kills nothing.  Other systems have no equivalent.
 *
 * The host.  No call changes the caller's working directory, umask, signal
 * dispositions, signal mask (restored before the call returns) or limits.
 *
 * Text.  A pj_str is bytes with a length: no encoding is assumed, and an
 * embedded NUL is detected and refused.
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

/* The shared library exports what is declared below, and nothing else.  */
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* The version of the linked library; PJ_VERSION is the header's.  A static
   string.  */
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

/* Every way a call can fail; procjail_codes.def explains each one.
   PJ_OK is 0 and means no error.  */
typedef enum pj_code {
    PJ_OK = 0,
#define PJ_CODE(name, cls, phrase, doc) PJ_E_##name,
#include "procjail_codes.def"
#undef PJ_CODE
    PJ_CODE_COUNT
} pj_code;

/* When errors of a code occur.  */
typedef enum pj_class {
    PJ_CLASS_NONE = 0,
    PJ_CLASS_VIOLATION, /* refused; nothing was started */
    PJ_CLASS_EXEC,      /* not started, or its result is unknown */
    PJ_CLASS_STOPPED,   /* started, and stopped by one of its limits */
    PJ_CLASS_SYSTEM     /* the host is out of memory or descriptors */
} pj_class;

/* The kinds of programs known to be dangerous.  The first four have the
   numbers that the Python package has always used.  */
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

/* Space, in bytes, for one escaped value and for one message.  A value is
   truncated at 128 bytes of text and then ends in "...".  */
#define PJ_VALUE_SIZE 160
#define PJ_MESSAGE_SIZE 1280

/*
 * Why a call failed.  A plain struct on the caller's stack: it owns
 * nothing, needs no clearing, and may be copied.  Fields that a code does
 * not use are 0, -1 (index, risk) or "".
 *
 * Its text is safe to log: control characters and bytes that are not UTF-8
 * are escaped as \xNN, long values are truncated, and values of environment
 * variables are never included.
 */
typedef struct pj_error {
    pj_code code;
    int sys_errno;    /* errno of the call that failed, or 0 */
    const char *step; /* for SpawnFailed: what was being done; static */
    long index;       /* of the offending token in argv, from 0, or -1 */
    uint64_t max;     /* the bound that was exceeded */
    uint64_t got;     /* the actual amount */
    pj_risk risk;     /* for BinRiskyDenied */
    uint32_t controls; /* for SandboxUnavailable: bits 1 << PJ_CONTROL_x */
    char value[PJ_VALUE_SIZE];    /* the path, flag, name ... at fault */
    char expected[PJ_VALUE_SIZE]; /* what would have been accepted */
    char reason[PJ_VALUE_SIZE];   /* the detail, in words */
    char message[PJ_MESSAGE_SIZE]; /* one sentence: what, and what to do */
    char option[PJ_VALUE_SIZE];    /* the option, as the program reads it */
} pj_error;

/* The stable name of a code ("BinNotFound"); "Ok" for PJ_OK and "Unknown"
   for a number that is not in the table.  A static string.  */
const char *pj_code_name(pj_code code);

/* The class of a code; PJ_CLASS_NONE if it is not in the table.  */
pj_class pj_code_class(pj_code code);

/* The phrase that every message of the code contains.  */
const char *pj_code_phrase(pj_code code);

/* One sentence on what an error of the code means.  */
const char *pj_code_doc(pj_code code);

/* The lower-case name of a category ("shell"); "none" for PJ_RISK_NONE.  */
const char *pj_risk_name(pj_risk risk);

/*
 * The library's classification of a file: its category, or PJ_RISK_NONE.
 * Checks the canonical name, hard links to and copies of shells and
 * interpreters, and, for a script, the interpreter named on its first line.
 * `*out` is set on success.  Fails as allow_bin does for a path that is not
 * absolute or not an executable regular file.
 */
int pj_risk_of_path(pj_str path, pj_risk *out, pj_error *err);

/* ------------------------------------------------------ argument rules */

typedef enum pj_access {
    PJ_ACCESS_READ = 0,
    PJ_ACCESS_WRITE = 1,
    PJ_ACCESS_EXECUTE = 2
} pj_access;

#include "procjail_args.h"

/* ------------------------------------------------------------- sandbox */

/*
 * What the kernel enforces on the running child.  A sandbox is a plan: it
 * is compiled when the policy is built, and applied between clone and exec.
 * It cannot be undone by any request or program, and children inherit it.
 */

/* The controls, as bits 1 << PJ_CONTROL_x of a mask.  */
typedef enum pj_control {
#define PJ_CONTROL(id, name, needs) PJ_CONTROL_##id,
#include "procjail_controls.def"
#undef PJ_CONTROL
    PJ_CONTROL_COUNT
} pj_control;

/* The stable name of a control, and what it needs from the system; "unknown"
   if it is not in the table.  Static strings.  */
const char *pj_control_name(pj_control control);
const char *pj_control_needs(pj_control control);

/* Looks up a control by name.  Fails with SandboxInvalid if there is
   none.  */
int pj_control_find(pj_str name, pj_control *out, pj_error *err);

/* The settings that a sandbox starts from.  */
typedef enum pj_preset {
    /* Used by a policy without a sandbox: the child cannot leave its
       session, signal, trace or read processes outside, write to the
       kernel's files, or use system calls that no tool needs.  Otherwise it
       can read, write and use the network with its user's permissions.  */
    PJ_PRESET_DEFAULT = 0,
    /* Process hygiene only: no new privileges, no core dump, and its
       process group is killed when the caller's process ends.  */
    PJ_PRESET_COMPAT = 1,
    /* No network, no capabilities; only the roots and what the program
       needs to start are readable, only the roots writable or
       executable.  */
    PJ_PRESET_STRICT = 2
} pj_preset;

typedef enum pj_network {
    PJ_NETWORK_INHERIT = 0, /* as the host */
    PJ_NETWORK_DENY = 1     /* no sockets except stream pairs */
} pj_network;

typedef enum pj_tree {
    PJ_TREE_GROUP = 0,        /* one process group, which cannot be left */
    PJ_TREE_PID_NAMESPACE = 1 /* a process-id namespace with an init */
} pj_tree;

/* Limits.  MEMORY and PROCESSES apply to the whole tree if a cgroup can be
   created for it (the control "tree_totals", which is always best effort).
   Otherwise, like all other limits, they apply to each process separately,
   and PROCESSES counts all processes of the user, as the kernel does.  */
typedef enum pj_limit {
    PJ_LIMIT_MEMORY = 0, /* bytes; address space if there is no cgroup */
    PJ_LIMIT_PROCESSES,
    PJ_LIMIT_FILE_SIZE, /* bytes */
    PJ_LIMIT_OPEN_FILES,
    PJ_LIMIT_CPU_SECONDS,
    PJ_LIMIT_DATA, /* bytes of writable memory, not mere reservations */
    PJ_LIMIT_COUNT
} pj_limit;

/* Whether this build can ask its kernel for controls, as on Linux.
   Elsewhere a policy without a sandbox gets what is available, and rules
   with run_nothing need a sandbox with best_effort.  */
int pj_sandbox_has_kernel(void);

/* Operations that a sandbox refuses unless they are allowed by name.  */
typedef enum pj_allow {
    /* Setting the size of a terminal.  The kernel signals its foreground
       process group, which may be outside.  */
    PJ_ALLOW_TIOCSWINSZ = 0,
    PJ_ALLOW_COUNT
} pj_allow;

/* The name of a value, such as "TIOCSWINSZ"; and the reverse, which fails
   with SandboxInvalid.  */
const char *pj_allow_name(pj_allow allow);
int pj_allow_find(pj_str name, pj_allow *out, pj_error *err);

typedef struct pj_sandbox {
    pj_preset preset;
    /* Indexed by pj_access.  A root is the absolute path of a file, or of a
       directory with everything below it.  The first root of a kind limits
       that kind of access to roots.  EXECUTE limits reading too, since the
       dynamic loader runs what it can read.  A root for writing does not
       grant reading.  */
    const pj_str *roots[3];
    size_t root_count[3];
    int has_network; /* else: denied by STRICT, and inherited */
    pj_network network;
    pj_tree tree;
    uint32_t limits_set; /* bits 1 << PJ_LIMIT_x */
    uint64_t limits[PJ_LIMIT_COUNT]; /* positive; OPEN_FILES: at least 3 */
    int has_umask; /* else: the host's */
    unsigned umask;
    /* The child runs with these ids and no supplementary groups.  The host
       must be permitted to change ids, or already have these.  */
    int has_user;
    uid_t uid;
    gid_t gid;
    /* Controls that the system may lack, as bits 1 << PJ_CONTROL_x.  Any
       part of one that the system has is still enforced; reports list the
       control as missing unless it is complete.  */
    uint32_t best_effort;
    uint32_t allow; /* bits 1 << PJ_ALLOW_x */
} pj_sandbox;

/* Fails with SandboxInvalid or NulByte for a sandbox that no policy accepts.
   Whether a root exists is checked by pj_policy_new.  */
int pj_sandbox_check(const pj_sandbox *sandbox, pj_error *err);

/* A copy that owns what it points to.  NULL if out of memory.  */
pj_sandbox *pj_sandbox_dup(const pj_sandbox *sandbox);
void pj_sandbox_free(pj_sandbox *sandbox);

/* Whether a sandbox denies the network, by itself or by its preset.  */
int pj_sandbox_denies_network(const pj_sandbox *sandbox);

/* The controls of a command.  pj_command_info has the planned ones and
   pj_output those enforced on the run, with PJ_CONTROL_WATCHDOG missing if
   no thread could be started to enforce the deadline.  */
typedef struct pj_sandbox_report {
    uint32_t enforced; /* bits 1 << PJ_CONTROL_x */
    uint32_t missing;  /* wanted, incomplete or absent, and accepted */
    int landlock_abi;  /* of this kernel; 0 if it has none */
} pj_sandbox_report;

/* -------------------------------------------------------------- policy */

/* What happens when an allowed program is a risky one.  */
typedef enum pj_risky_policy {
    PJ_RISKY_DENY = 0,     /* prepare fails with BinRiskyDenied */
    PJ_RISKY_WARN = 1,     /* allowed; pj_command_info has the category */
    PJ_RISKY_DISABLED = 2  /* allowed, like any other program */
} pj_risky_policy;

/* Where the child's environment comes from.  For every kind, the strip
   table removes variables that make programs run or load other code.  */
typedef enum pj_env_kind {
    PJ_ENV_EMPTY = 0,     /* no variables at all */
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

/* What happens when an output limit is reached.  */
typedef enum pj_overflow {
    PJ_OVERFLOW_STOP = 0,          /* the command is stopped */
    PJ_OVERFLOW_KEEP_HEAD = 1,     /* the rest is read and discarded */
    PJ_OVERFLOW_KEEP_HEAD_TAIL = 2 /* the middle is; keeps both ends equally */
} pj_overflow;

#define PJ_TIMEOUT_MAX INT64_C(1000000000000000000)
#define PJ_OUTPUT_MAX ((uint64_t)1 << 46)
/* No bytes, for a size whose zero selects the default.  */
#define PJ_OUTPUT_NONE UINT64_MAX

/* The rules of one program.  */
typedef struct pj_program_rules {
    pj_str path; /* as given: any path that resolves to the program */
    pj_rules *rules;
} pj_program_rules;

/*
 * The definition of a policy.  With all fields zero it allows no programs,
 * denies risky ones, gives the child an empty environment, runs it in /tmp,
 * and stops it after 30 s, 10 MiB of standard output or 1 MiB of standard
 * error.
 */
typedef struct pj_policy_options {
    /* Absolute paths of the programs that are allowed.  Each needs exactly
       one set of rules.  */
    const pj_str *bins;
    size_t bin_count;
    const pj_program_rules *rules;
    size_t rule_count;
    pj_risky_policy risky;
    /* The environment.  Names are not empty and contain no `=`.  */
    pj_env_kind env_kind;
    const pj_pair *env_pairs; /* for PJ_ENV_FIXED */
    size_t env_pair_count;
    const pj_str *env_names; /* for PJ_ENV_ALLOWLIST */
    size_t env_name_count;
    /* The directory.  A request that names none runs in the fallback; if
       there is no fallback it runs in the root, or fails with CwdForbidden
       for PJ_CWD_ALLOWLIST.  */
    pj_cwd_kind cwd_kind;
    const pj_str *cwd_dirs; /* the directory, the root, or the list */
    size_t cwd_dir_count;
    pj_str cwd_fallback; /* absent: none */
    /* From the start of the spawn until the process tree is gone; at most
       PJ_TIMEOUT_MAX.  */
    int64_t timeout_ns;
    /* SIGTERM is sent to the tree this long before the deadline; 0: never.
       Less than the timeout.  */
    int64_t stop_grace_ns;
    /* How many bytes of output are kept, at most PJ_OUTPUT_MAX, or
       PJ_OUTPUT_NONE; and what happens at one byte more.  */
    uint64_t max_stdout;
    uint64_t max_stderr;
    pj_overflow overflow;
    /* How many bytes of standard input a request may supply.  */
    uint64_t max_stdin;
    /* What the kernel enforces on the child, all of it required.  NULL: what
       the system offers of PJ_PRESET_DEFAULT; on Linux never without
       no_new_privs, no_core, syscall_filter, session_lock, and what the
       programs' rules ask for.  pj_policy_missing returns what is lacking.  */
    const pj_sandbox *sandbox;
    /* The policy is for checking requests, on any system: no control is
       required of this one, and pj_process_start fails with SpawnFailed.  */
    int checks_only;
} pj_policy_options;

/* Checks what can be checked without the file system.  Fails with
   BinNotAbsolute, ArgRulesRequired if rules are NULL, LimitInvalid,
   EnvForbidden, CwdForbidden, the codes of pj_sandbox_check, or NulByte.  */
int pj_policy_check(const pj_policy_options *options, pj_error *err);

/* A copy that owns what it points to, with defaults filled in.  NULL if out
   of memory.  */
pj_policy_options *pj_policy_options_dup(const pj_policy_options *options);
void pj_policy_options_free(pj_policy_options *options);

/* An immutable, reference-counted policy, with its programs pinned: each
   is held open by a descriptor that is closed with the last reference.  */
typedef struct pj_policy pj_policy;

/*
 * Checks the options, resolves and pins every program, and compiles the
 * sandbox.  `*out` gets a policy with one reference.  Fails with the codes of
 * pj_policy_check; the Bin codes for a path that is not an executable file;
 * the ArgRules codes; SandboxInvalid for a root that does not exist;
 * SandboxUnavailable for a required control that the system lacks (nothing
 * was started); OutOfMemory or OutOfDescriptors.
 */
int pj_policy_new(const pj_policy_options *options, pj_policy **out,
                  pj_error *err);

pj_policy *pj_policy_ref(pj_policy *policy);
void pj_policy_unref(pj_policy *policy);

/* The controls that at least one program of the policy lacks, as bits
   1 << PJ_CONTROL_x.  If that is more than tree_totals, `why` (which may be
   NULL) gets the corresponding SandboxUnavailable error, except from a policy
   that only checks.  */
uint32_t pj_policy_missing(const pj_policy *policy, pj_error *why);

/* What this system offers to a sandbox, and this process of it.  Where a
   number is an errno, 0 means that there is nothing in the way: ENOSYS is a
   kernel that is too old, EOPNOTSUPP one that was booted without it, EPERM a
   filter around this process, as containers have.  */
typedef struct pj_system {
    int has_rules;        /* a system whose kernel can enforce anything */
    int landlock_abi;     /* 0: none */
    int landlock_errno;
    int seccomp_errno;
    int namespace_flags;  /* of clone, for Tree.PidNamespace; 0: none */
    int namespace_errno;
    int session_errno;    /* nothing can be started: this process is inside
                             a sandbox that locks its session */
    int changes_ids;      /* user() may name any user */
    int totals;           /* a cgroup can be made for each command */
} pj_system;

/* Fills it in.  Starts up to three children, which exit at once.  */
void pj_system_look(pj_system *out);

/* What a policy specifies for one of its programs, and what the kernel will
   enforce on it.  Valid as long as the policy.  */
typedef struct pj_program_view {
    const pj_str *paths; /* as given to allow_bin, each once */
    size_t path_count;
    pj_str canonical;      /* resolved when the policy was built */
    const char *table;     /* the id of its option table, or NULL */
    pj_rules *rules;
    pj_sandbox_report sandbox;
    /* Indexed by pj_access: whether the kernel limits the program to these
       roots, of the sandbox and its own rules, and what it needs to start.  */
    int is_limited[3];
    const pj_str *roots[3];
    size_t root_count[3];
    int runs_nothing; /* it cannot execute anything else */
} pj_program_view;

/* The programs of a policy, in the order in which they were allowed.  All
   paths that resolve to one file are one program, except that each name of a
   multi-call program is a separate one.  `i` is less than the count.  */
size_t pj_policy_program_count(const pj_policy *policy);
void pj_policy_program(const pj_policy *policy, size_t i,
                       pj_program_view *out);

/* What the policy was built from.  */
const pj_policy_options *pj_policy_get(const pj_policy *policy);

/* ------------------------------------------------------------- request */

/* What the untrusted side asks for.  Borrowed: no pointer is kept after
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
 * environment, working directory.  The first check that fails determines
 * the error.  `*out` gets a command with one reference.  Reads the file
 * system, and starts nothing.
 */
int pj_policy_prepare(pj_policy *policy, const pj_request *request,
                      pj_command **out, pj_error *err);

pj_command *pj_command_ref(pj_command *command);
void pj_command_unref(pj_command *command);

/* A view of a command.  Valid as long as the command.  */
typedef struct pj_command_info {
    pj_str bin;           /* canonical path of the validated program */
    const pj_str *argv;   /* its arguments, with any `--`, without argv[0] */
    size_t argc;
    pj_str launch;        /* what is executed: `bin`, or the wrapper */
    const pj_str *launch_args;
    size_t launch_argc;
    pj_str cwd;
    const pj_pair *env;   /* the whole environment of the child */
    size_t env_count;
    const pj_str *stripped; /* names that were offered but not passed */
    size_t stripped_count;
    pj_risk risk; /* of the program, if the policy is PJ_RISKY_WARN */
    int64_t timeout_ns;
    uint64_t max_stdout;
    uint64_t max_stderr;
    pj_sandbox_report sandbox;
} pj_command_info;

void pj_command_get(const pj_command *command, pj_command_info *out);

/* The policy's program that it runs.  Valid as long as the command.  */
void pj_command_program(const pj_command *command, pj_program_view *out);

/*
 * A copy that runs as `program args... path argv...`, where path is `bin`
 * or, for a program that was allowed under another name, that name.  For use
 * by the application, not by requests: the wrapper's arguments are not
 * checked.  The wrapper is resolved and pinned like any program, and replaces
 * any other.  Fails with the Bin codes, NulByte or OutOfMemory.
 */
int pj_command_wrap(const pj_command *command, pj_str program,
                    const pj_str *args, size_t count, pj_command **out,
                    pj_error *err);

/* A copy with one variable set after the environment policy, replacing any
   of that name.  For use by the application: the strip table does not apply.
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
    int64_t elapsed_ns; /* from the start of the spawn to the reap */
    uint64_t out_total; /* bytes that were written, kept or not */
    uint64_t err_total;
    pid_t pid; /* of the leader, which is gone; 0: never started */
    pj_sandbox_report sandbox; /* what was enforced on this run */
} pj_output;

/* Frees what the output owns (not external memory) and zeroes it.  */
void pj_output_clear(pj_output *output);

/*
 * Where large outputs are kept.  A stream that outgrows PJ_STORAGE_MIN
 * bytes is moved into memory from `resize`, so that an embedder can have
 * it read directly into an object of its own.
 *
 * resize(ctx, stream, old, used, capacity) returns memory of `capacity`
 * bytes whose first `used` bytes are those of `old`, or NULL if out of
 * memory.  `stream` is 1 or 2; `old` is NULL on the first call for a stream.
 * It is called on the thread that runs the command.  The memory always
 * belongs to the embedder: the output points into it and sets `external`.
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
       thread.  A nonzero return kills the tree and ends the run with
       Cancelled.  It may be slow: from the first call on, the library's
       thread enforces the deadline, as with pj_process_keep_time.  */
    int (*interrupted)(void *ctx);
    void *ctx;
    /* Memory for large outputs; NULL: the library's own.  */
    const pj_storage *storage;
} pj_run_options;

/*
 * Starts the command, waits for it, kills what it leaves behind, and reaps
 * it.  Blocks for at most the policy's timeout plus the time the kernel
 * takes to kill.  Returns 0 if the leader ended by itself, whatever its
 * status.  On failure the output holds what was read so far; it must be
 * cleared in both cases.  Fails with the EXEC and STOPPED codes, and with
 * BinChanged if the file is not the one that was checked.
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

/* What the caller knows to be readable; UNKNOWN makes step check.  */
enum {
    PJ_READY_OUT = 1,
    PJ_READY_ERR = 2,
    PJ_READY_EXIT = 4,
    PJ_READY_UNKNOWN = 8
};

/* Descriptors to watch for reading; -1 for one that is closed or not
   available on this system.  They belong to the process.  */
typedef struct pj_watch {
    int out;
    int err;
    int exit; /* becomes readable when the leader ends */
} pj_watch;

/* Checks the pinned file once more and starts it.  Returns when the
   program's exec has succeeded or failed.  `storage` must outlive the
   process.  Fails with SpawnFailed, whose `step` is NULL if the child was
   killed before it could execute the program, with BinChanged, OutOfMemory
   or OutOfDescriptors.  A failed start leaves nothing behind.  */
int pj_process_start(pj_command *command, const pj_storage *storage,
                     pj_process **out, pj_error *err);

void pj_process_watch(const pj_process *process, pj_watch *out);

/* Time until step has to check the clock; 0 if that is now.  If
   `watch.exit` is -1 while the command runs, call step at least every few
   milliseconds.  */
int64_t pj_process_remaining_ns(const pj_process *process);

/* The process id of the leader, for display.  Do not signal it: once the
   leader has ended, the id may be reused.  */
pid_t pj_process_pid(const pj_process *process);

/* Sleeps in select(2) until a descriptor is readable, the clock has to be
   checked, a signal arrives, or `most_ns` has passed.  Returns PJ_READY bits
   for step, 0 if nothing is readable.  */
unsigned pj_process_await(const pj_process *process, int64_t most_ns);

/* Makes the library's thread enforce the deadline, and send SIGTERM when
   the grace period begins, regardless of what the caller does.  Without it
   the deadline is enforced only while the process is stepped.  One thread
   serves all processes, and exits half a second after the last of them.  If
   it cannot be started nothing changes, and the output's report lists
   PJ_CONTROL_WATCHDOG as missing.  Does nothing in a fork of the caller, or
   for a finished process.  pj_command_run does not need it.  */
void pj_process_keep_time(pj_process *process);

/* Reads available output and checks for the end of the leader and the
   deadline.  Returns 0 while the command runs and 1 when it is time to
   finish.  Never blocks.  */
int pj_process_step(pj_process *process, unsigned ready);

/* Takes the bytes of a stream (1 or 2) that were read but not yet taken;
   the caller frees `bytes->data`.  Bytes taken count against the limit and
   are not part of the output.  `bytes` is empty if there are none.  Not for
   processes that were started with a storage.  */
void pj_process_take(pj_process *process, int stream, pj_bytes *bytes);

/* Kills the whole tree.  Finish will then fail with Cancelled, unless the
   command had ended before.  */
void pj_process_kill(pj_process *process);

/* Kills what is left, keeps the bytes already written, reaps, and fills in
   the output.  Returns as pj_command_run does.  Call it once.  */
int pj_process_finish(pj_process *process, pj_output *output,
                      pj_error *err);

/* Frees the process, killing and reaping it if it was not finished.  */
void pj_process_free(pj_process *process);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
