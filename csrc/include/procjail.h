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
 * Options.  What an object is made of is a structure that the caller fills
 * in; a field that is zero has its default.  `_new` checks all of it, copies
 * what it points to, and keeps no pointer of the caller's.  `_get` gives it
 * back: it belongs to the object, and lives as long.
 *
 * Ownership.  `_unref` gives back what `_new`, `_ref` or `_prepare` gave;
 * `_free` what `_dup` gave.  Freeing NULL does nothing.
 *
 * Threads.  pj_value, pj_rules, pj_policy and pj_command never change after
 * they are made and may be used from any number of threads.  A pj_process
 * belongs to one thread at a time; it may be another thread than the one
 * that started it, which may end before.  The library
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

/* The control of a name.  Fails with SandboxInvalid when there is none.  */
int pj_control_find(pj_str name, pj_control *out, pj_error *err);

/* Where a sandbox starts from.  */
typedef enum pj_preset {
    /* What a policy has that was given no sandbox: the child cannot leave
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

/* Whether this build can ask its kernel for controls: on Linux.  Elsewhere
   a policy without a sandbox gets what there is, and rules that say
   run_nothing need one with best_effort.  */
int pj_sandbox_has_kernel(void);

/* What a sandbox refuses unless it is allowed by name.  */
typedef enum pj_allow {
    /* Setting the size of a terminal.  The kernel signals whoever works at
       it, which may be somebody outside.  */
    PJ_ALLOW_TIOCSWINSZ = 0,
    PJ_ALLOW_COUNT
} pj_allow;

/* "TIOCSWINSZ", for instance; and back, which fails with SandboxInvalid.  */
const char *pj_allow_name(pj_allow allow);
int pj_allow_find(pj_str name, pj_allow *out, pj_error *err);

typedef struct pj_sandbox {
    pj_preset preset;
    /* By pj_access.  A root is a file, or a directory with all below it, by
       its absolute path.  The first root of a kind limits that kind of access
       to roots.  EXECUTE limits reading too, since the dynamic loader runs
       what it can read.  A root for writing does not grant reading.  */
    const pj_str *roots[3];
    size_t root_count[3];
    int has_network; /* else: denied by STRICT, and inherited */
    pj_network network;
    pj_tree tree;
    uint32_t limits_set; /* bits 1 << PJ_LIMIT_x */
    uint64_t limits[PJ_LIMIT_COUNT]; /* positive; OPEN_FILES: at least 3 */
    int has_umask; /* else: the host's */
    unsigned umask;
    /* The child runs as these ids, without supplementary groups.  Needs a
       host that may change ids, or that has them already.  */
    int has_user;
    uid_t uid;
    gid_t gid;
    /* Controls that may be missing where the system lacks them, as bits
       1 << PJ_CONTROL_x.  What the system has of one is enforced all the
       same; reports list it as missing unless it was whole.  */
    uint32_t best_effort;
    uint32_t allow; /* bits 1 << PJ_ALLOW_x */
} pj_sandbox;

/* Fails with SandboxInvalid, or NulByte, for what no policy is built with.
   Whether a root is there is looked at by pj_policy_new.  */
int pj_sandbox_check(const pj_sandbox *sandbox, pj_error *err);

/* A copy that owns what it points to.  NULL when there is no memory.  */
pj_sandbox *pj_sandbox_dup(const pj_sandbox *sandbox);
void pj_sandbox_free(pj_sandbox *sandbox);

/* Whether a sandbox denies the network, by itself or by its preset.  */
int pj_sandbox_denies_network(const pj_sandbox *sandbox);

/* What was enforced on a command.  pj_command_info has what is planned,
   pj_output what held the run, with PJ_CONTROL_WATCHDOG among the missing
   where no thread could be started to hold its deadline.  */
typedef struct pj_sandbox_report {
    uint32_t enforced; /* bits 1 << PJ_CONTROL_x */
    uint32_t missing;  /* wanted, not there as a whole, and accepted */
    int landlock_abi;  /* of this kernel; 0 when it has none */
} pj_sandbox_report;

/* -------------------------------------------------------------- policy */

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

/* What happens when an output limit is reached.  */
typedef enum pj_overflow {
    PJ_OVERFLOW_STOP = 0,          /* the command is stopped */
    PJ_OVERFLOW_KEEP_HEAD = 1,     /* the rest is read and thrown away */
    PJ_OVERFLOW_KEEP_HEAD_TAIL = 2 /* the middle is: half and half are kept */
} pj_overflow;

#define PJ_TIMEOUT_MAX INT64_C(1000000000000000000)
#define PJ_OUTPUT_MAX ((uint64_t)1 << 46)
/* For a size whose zero is a default: none.  */
#define PJ_OUTPUT_NONE UINT64_MAX

/* The rules of one program.  */
typedef struct pj_program_rules {
    pj_str path; /* as given: any path that leads to the program */
    pj_rules *rules;
} pj_program_rules;

/*
 * A policy as it is asked for.  With all fields zero it allows no program,
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
    /* The environment.  Names are not empty and hold no `=`.  */
    pj_env_kind env_kind;
    const pj_pair *env_pairs; /* for PJ_ENV_FIXED */
    size_t env_pair_count;
    const pj_str *env_names; /* for PJ_ENV_ALLOWLIST */
    size_t env_name_count;
    /* The directory.  A request that names none runs in the fallback; without
       one it runs in the root, or fails with CwdForbidden where there is a
       list.  */
    pj_cwd_kind cwd_kind;
    const pj_str *cwd_dirs; /* the directory, the root, or the list */
    size_t cwd_dir_count;
    pj_str cwd_fallback; /* absent: none */
    /* From the start of the spawn until the process tree is gone; at most
       PJ_TIMEOUT_MAX.  */
    int64_t timeout_ns;
    /* Before the deadline, SIGTERM asks the tree to end; 0: never.  Less than
       the timeout.  */
    int64_t stop_grace_ns;
    /* How many bytes of output are kept, at most PJ_OUTPUT_MAX, or
       PJ_OUTPUT_NONE; and what one byte more does.  */
    uint64_t max_stdout;
    uint64_t max_stderr;
    pj_overflow overflow;
    /* How many bytes of standard input a request may bring.  */
    uint64_t max_stdin;
    /* What the kernel holds the child to, all of it required.  NULL: what the
       system offers of PJ_PRESET_DEFAULT; on Linux never without
       no_new_privs, no_core, syscall_filter, session_lock, and what the rules
       of the programs ask for.  pj_policy_missing gives what it goes
       without.  */
    const pj_sandbox *sandbox;
} pj_policy_options;

/* Checks what can be checked without the file system.  Fails with
   BinNotAbsolute, ArgRulesRequired for rules that are NULL, LimitInvalid,
   EnvForbidden, CwdForbidden, the codes of pj_sandbox_check, or NulByte.  */
int pj_policy_check(const pj_policy_options *options, pj_error *err);

/* A copy that owns what it points to, with each default in its place.  NULL
   when there is no memory.  */
pj_policy_options *pj_policy_options_dup(const pj_policy_options *options);
void pj_policy_options_free(pj_policy_options *options);

/* An immutable, reference-counted policy, with its programs pinned: each
   is held open by a descriptor that is closed with the last reference.  */
typedef struct pj_policy pj_policy;

/*
 * Checks the options, resolves and pins every program, and compiles the
 * sandbox.  `*out` gets a policy with one reference.  Fails with the codes of
 * pj_policy_check; the Bin codes for a path that is no executable file; the
 * ArgRules codes; SandboxInvalid for a root that is not there;
 * SandboxUnavailable for a required control that the system lacks (nothing
 * was started); OutOfMemory or OutOfDescriptors.
 */
int pj_policy_new(const pj_policy_options *options, pj_policy **out,
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
    pj_rules *rules;
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

/* What the policy was built from.  */
const pj_policy_options *pj_policy_get(const pj_policy *policy);

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
