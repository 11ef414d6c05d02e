"""Types of the extension module; import them from proc_jail."""

import os
from collections.abc import Collection, Coroutine, Iterable, Mapping
from datetime import timedelta
from enum import IntEnum
from typing import (
    Any,
    BinaryIO,
    ClassVar,
    NamedTuple,
    NoReturn,
    SupportsIndex,
    TypeAlias,
    TypeVar,
    final,
)

from typing_extensions import Unpack

from proc_jail._live.running import RunningCommand

# Mapping is invariant in its keys, so this one is a type variable.
_Name = TypeVar("_Name", str, bytes)
_Text: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]
_Input: TypeAlias = bytes | bytearray | memoryview
_Seconds: TypeAlias = float | timedelta

__version__: str

class RiskyBinPolicy(IntEnum):
    """What happens when an allowed program is a risky one."""

    DenyByDefault = 0
    AllowWithWarning = 1
    Disabled = 2

class InjectDoubleDash(IntEnum):
    """Whether `--` is put before the first positional."""

    Never = 0
    AfterFlags = 1

class RiskCategory(IntEnum):
    """The kind of a program that is known to be risky."""

    Shell = 0
    Interpreter = 1
    Spawner = 2
    Privilege = 3
    Loader = 4
    Editor = 5
    Debugger = 6
    Compiler = 7
    Container = 8
    Remote = 9
    Package = 10

class Network(IntEnum):
    """Whether a command may use the network."""

    Inherit = 0
    Deny = 1

class Tree(IntEnum):
    """What holds a command's process tree together."""

    Group = 0
    PidNamespace = 1

class Overflow(IntEnum):
    """What happens when an output limit is reached."""

    Stop = 0
    KeepHead = 1
    KeepHeadTail = 2

class SandboxReport(NamedTuple):
    """What the kernel enforces on a command.

    `enforced` and `missing` are names of controls; `missing` lists those
    that the system lacks.  `landlock_abi` is the kernel's, or 0.
    """

    enforced: tuple[str, ...]
    missing: tuple[str, ...]
    landlock_abi: int

class AllowedProgram(NamedTuple):
    """A program of a policy, and what the kernel enforces on it.

    `paths` are those that were allowed; `canonical` is where they led when
    the policy was built; `rules` are its ArgRules, and `sandbox` is the
    SandboxReport of its commands.  The roots are those of the sandbox and
    of the rules, or None if the kernel does not limit that access; what
    the program needs to start is not listed.  `runs_nothing`: it can
    execute no other program.  `table` is the id of the option table that
    its arguments are read by, which depends on whose program it is: "grep",
    "busybox_grep"; None if it has none.
    """

    paths: tuple[str, ...]
    canonical: str
    rules: ArgRules
    sandbox: SandboxReport
    read_roots: tuple[str, ...] | None
    write_roots: tuple[str, ...] | None
    execute_roots: tuple[str, ...] | None
    runs_nothing: bool
    table: str | None

@final
class Sandbox:
    """What the kernel enforces on a command while it runs.

    With Sandbox() the command cannot leave its session; signal, trace, read or
    command other processes; write to files of the kernel; or use system calls
    that no tool needs.  A policy that names no sandbox gets as much of this as
    the system has; a sandbox that is named is required.  Every method returns
    a changed copy.

    >>> Sandbox().network(Network.Deny)
    Sandbox().network(Network.Deny)
    """

    def __new__(cls) -> Sandbox: ...
    @classmethod
    def compat(cls) -> Sandbox:
        """Return a Sandbox of process hygiene only, which every command gets.

        A session of its own, no new privileges, no core dump, no descriptors, and
        the end of its process group with the host.

        >>> builder = ProcPolicyBuilder().sandbox(Sandbox.compat())
        """
    @classmethod
    def strict(cls) -> Sandbox:
        """Return a Sandbox that takes away everything that is not declared.

        No network; nothing readable but the roots and what the program needs to
        start; nothing writable or executable but the roots; no capabilities.

        >>> sandbox = Sandbox.strict().read('/srv/docs')
        """
    def read(self, *roots: _Text) -> Sandbox:
        """Return a copy that limits reading to these roots.

        What the program needs to start remains readable.  Each root (str, bytes or
        PathLike, absolute) is a file, or a directory with everything below it.
        Calls add up.  Raises SandboxInvalid; build() raises it for a root that
        does not exist.

        >>> sandbox = Sandbox().read('/srv/docs', '/etc/hosts')
        """
    def write(self, *roots: _Text) -> Sandbox:
        """Return a copy that limits writing and creating files to these roots.

        Modes, owners, times and attributes of files cannot be changed anywhere:
        the kernel cannot limit that by place.  A root for writing does not grant
        reading.  Calls add up.  Raises SandboxInvalid.

        >>> sandbox = Sandbox().write('/srv/out')
        """
    def execute(self, *roots: _Text) -> Sandbox:
        """Return a copy that limits execution to the program and these roots.

        Reading is limited to roots too, since the dynamic loader runs what it can
        read.  Calls add up.  Raises SandboxInvalid.

        >>> sandbox = Sandbox().execute('/usr/bin')
        """
    def network(self, network: Network) -> Sandbox:
        """Return a copy with Network.Deny or Network.Inherit (the default).

        Deny leaves no sockets but connected pairs of streams.

        >>> sandbox = Sandbox().network(Network.Deny)
        """
    def tree(self, tree: Tree) -> Sandbox:
        """Return a copy with Tree.Group (the default) or Tree.PidNamespace.

        In a namespace the tree has an init of its own, so programs may start
        sessions and daemons (gpg, tmux, start_new_session), which end with the
        command.  build() raises SandboxUnavailable where the system forbids it.

        >>> sandbox = Sandbox().tree(Tree.PidNamespace)
        """
    def max_memory(self, max: SupportsIndex) -> Sandbox:
        """Return a copy that limits memory to `max` bytes (int, positive).

        Where a cgroup is delegated the limit is that of the whole tree
        (Output.sandbox then has 'tree_totals').  Elsewhere it is the address space
        of each process, without memory files and System V segments; programs that
        reserve more than they use (node, Java, Go, WebAssembly, sanitizers) need
        max_data() instead.  Raises SandboxInvalid.

        >>> sandbox = Sandbox().max_memory(256 * 2**20)
        """
    def max_data(self, max: SupportsIndex) -> Sandbox:
        """Return a copy that limits each process to `max` bytes of data of its own.

        Counts the memory that a process may write to, and not what it reserves
        or maps from files.  Raises SandboxInvalid.

        >>> sandbox = Sandbox().max_data(256 * 2**20)
        """
    def max_processes(self, max: SupportsIndex) -> Sandbox:
        """Return a copy that limits the number of processes to `max` (int, positive).

        Where a cgroup is delegated the limit is that of the whole tree
        (Output.sandbox then has 'tree_totals'); elsewhere it counts all processes
        of the user id, and root is exempt.

        >>> sandbox = Sandbox().max_processes(64)
        """
    def max_file_size(self, max: SupportsIndex) -> Sandbox:
        """Return a copy that limits each file written to `max` bytes.

        >>> sandbox = Sandbox().max_file_size(2**20)
        """
    def max_open_files(self, max: SupportsIndex) -> Sandbox:
        """Return a copy that limits each process to `max` descriptors (at least 3).

        >>> sandbox = Sandbox().max_open_files(64)
        """
    def max_cpu_seconds(self, max: SupportsIndex) -> Sandbox:
        """Return a copy that limits each process to `max` seconds of processor time.

        A forked process starts again from zero.

        >>> sandbox = Sandbox().max_cpu_seconds(10)
        """
    def umask(self, mask: int) -> Sandbox:
        """Return a copy that gives the command this umask (int, 0 to 0o777).

        >>> sandbox = Sandbox().umask(0o077)
        """
    def user(self, uid: int, gid: int) -> Sandbox:
        """Return a copy that runs as these ids, without supplementary groups.

        build() raises SandboxUnavailable for a host that may not change ids.

        >>> sandbox = Sandbox().user(65534, 65534)
        """
    def allow(self, *names: str) -> Sandbox:
        """Return a copy that allows something that is refused by default.

        The only name is 'TIOCSWINSZ': setting the size of a terminal, which
        pseudo-terminals need, and which signals the processes at the terminal.
        Raises SandboxInvalid for another name.

        >>> sandbox = Sandbox().allow('TIOCSWINSZ')
        """
    def best_effort(self, *controls: str) -> Sandbox:
        """Return a copy that accepts that the system lacks these controls.

        Names are those of Output.sandbox, which lists what was missing.  The part
        of a control that the system has is enforced.  Raises SandboxInvalid for
        an unknown name.

        >>> sandbox = Sandbox().best_effort('host_signals')
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

class _Value:
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Int(_Value):
    """A decimal number from `min` to `max` (int, inclusive; None: no limit).

    >>> rules = ArgRules().option('-m', '--max-count', Int(1, 1000))
    """

    def __new__(
        cls, min: int | None = None, max: int | None = None
    ) -> Int: ...
    @property
    def min(self) -> int | None: ...
    @property
    def max(self) -> int | None: ...

@final
class Choice(_Value):
    """One of the given words (str).

    >>> color = Choice('always', 'never')
    >>> rules = ArgRules().option('--color', color)
    """

    def __new__(cls, *values: _Text) -> Choice: ...
    @property
    def values(self) -> tuple[str, ...]: ...

@final
class Text(_Value):
    """Any text of at most `max_length` bytes.

    >>> rules = ArgRules().positional('pattern', Text(max_length=200))
    """

    def __new__(cls, max_length: SupportsIndex = 4096) -> Text: ...
    @property
    def max_length(self) -> int: ...

@final
class Pattern(_Value):
    """Text that a POSIX extended regular expression matches as a whole.

    Raises ValueTypeInvalid for an invalid expression, for back-references, for
    a backslash before a letter that C libraries read differently, such as d,
    and for repeats that nest more than four deep or exceed 1000 characters.
    With musl and on macOS a part repeats at most 255 times.  Characters are
    those of UTF-8, whatever the locale; a system without C.UTF-8 matches ASCII
    only.

    >>> rules = ArgRules().option('-n', Pattern('[0-9]+,[0-9]+p'))
    """

    def __new__(
        cls, pattern: _Text, max_length: SupportsIndex = 4096
    ) -> Pattern: ...
    @property
    def pattern(self) -> str: ...
    @property
    def max_length(self) -> int: ...

@final
class ReadPath(_Value):
    """An existing file below one of `roots` (absolute paths), links followed.

    Relative paths start at the command's working directory.  The kernel lets
    the command read these roots and no other files of the user.  '-' means
    standard input, unless a file has that name.

    >>> rules = ArgRules().positional('files', ReadPath('/srv'), max=20)
    """

    def __new__(cls, *roots: _Text) -> ReadPath: ...
    @property
    def roots(self) -> tuple[str, ...]: ...

@final
class WritePath(_Value):
    """A file, existing or not, below one of `roots` (absolute paths).

    The kernel lets the command write below these roots only.

    >>> rules = ArgRules().option('-o', '--output', WritePath('/srv/out'))
    """

    def __new__(cls, *roots: _Text) -> WritePath: ...
    @property
    def roots(self) -> tuple[str, ...]: ...

@final
class HostName(_Value):
    """A host name or an IPv4 address.

    >>> rules = ArgRules().positional('host', HostName())
    """

    def __new__(cls) -> HostName: ...

@final
class Url(_Value):
    """A URL with one of the given schemes and hosts.

    `schemes` (lower case) defaults to https.  `hosts` defaults to every host;
    '*.example.com' means every host below it.  A URL with a user name,
    brackets or braces is refused.

    >>> rules = ArgRules().positional('url', Url(hosts=['example.com']))
    """

    def __new__(
        cls,
        schemes: Iterable[_Text] | None = None,
        hosts: Iterable[_Text] | None = None,
    ) -> Url: ...
    @property
    def schemes(self) -> tuple[str, ...]: ...
    @property
    def hosts(self) -> tuple[str, ...] | None: ...

@final
class GitRef(_Value):
    """A branch, tag, commit, or range of them; no file (HEAD:file), no search.

    >>> rules = ArgRules().positional('revision', GitRef(), min=0)
    """

    def __new__(cls) -> GitRef: ...

@final
class ArgRules:
    """The rules for one program's arguments.

    New rules allow no flag and no positional.  Every method returns a changed
    copy; the old rules remain as they are.

    >>> ArgRules().allowed_flags(['-n']).max_flags(1).max_positionals(2)
    ArgRules().allowed_flags(['-n']).max_flags(1).max_positionals(2)
    """

    def __new__(cls) -> ArgRules: ...
    def subcommand(
        self, cmd: _Text, rules: ArgRules | None = None
    ) -> ArgRules:
        """Return a copy that requires the first positional to be `cmd` (str).

        It must precede any `--` and does not count for max_positionals.  With
        `rules` (ArgRules that declare by type), the arguments after it have rules
        of their own, and further calls allow further subcommands.  Raises
        ArgRulesInvalid when `cmd` is empty or begins with '-'.

        >>> rules = ArgRules().subcommand('status').max_positionals(1)
        """
    def flag(self, *names: _Text) -> ArgRules:
        """Return a copy that allows an option without a value (names: str).

        All its spellings are allowed, any number of times.  Raises ArgRulesInvalid
        for a name that is not an option, and for rules that list tokens
        (allowed_flags).

        >>> rules = ArgRules().flag('-n', '--line-number')
        """
    def option(
        self,
        *names_and_value: Unpack[
            tuple[_Text, Unpack[tuple[_Text, ...]], _Value]
        ],
        optional: bool = False,
        repeat: SupportsIndex | None = 1,
    ) -> ArgRules:
        """Return a copy that allows an option with a value.

        Names (str) come first, the type of the value last.  `optional`: the value
        may be left out.  `repeat`: how often it may be given (None: no limit).
        Raises ArgRulesInvalid for a name that is not an option.

        >>> rules = ArgRules().option('-m', '--max-count', Int(1, 1000))
        """
    def positional(
        self,
        name: _Text,
        value: _Value,
        min: SupportsIndex = 1,
        max: SupportsIndex | None = 1,
        unless: Iterable[_Text] = (),
    ) -> ArgRules:
        """Return a copy that takes `min` to `max` positionals of a type, in order.

        A `max` of None means no limit.  With one of the options `unless` there are
        none of them.  Raises ArgRulesInvalid for impossible numbers.

        >>> rules = ArgRules().positional('files', ReadPath('/srv'), max=20)
        """
    def require(self, *names: _Text) -> ArgRules:
        """Return a copy that requires at least one of these options.

        >>> rules = ArgRules().flag('-t').flag('-x').require('-t', '-x')
        """
    def exclusive(self, *names: _Text) -> ArgRules:
        """Return a copy that allows at most one of these options.

        >>> rules = ArgRules().flag('-t').flag('-x').exclusive('-t', '-x')
        """
    def force(self, *argv: _Text) -> ArgRules:
        """Return a copy that puts these arguments before the request's own.

        They are options of the program, complete with their values, and are not
        checked against the rules.  build() raises ArgRulesInvalid for others.

        >>> diff = ArgRules().force('--no-ext-diff')
        >>> rules = ArgRules().subcommand('diff', diff)
        """
    def force_env(self, env: Mapping[_Name, _Text]) -> ArgRules:
        """Return a copy whose program always gets this environment (a mapping).

        For hardening; neither the policy nor the table of stripped names applies.
        It holds for the whole program, so rules of a subcommand cannot have it.
        Raises EnvForbidden for names that make every program load code (LD_*).

        >>> rules = ArgRules().force_env({'GIT_CONFIG_NOSYSTEM': '1'})
        """
    def run_nothing(self) -> ArgRules:
        """Return a copy whose program the kernel prevents from executing others.

        build() raises ArgRulesInvalid for a script, and SandboxUnavailable if
        the kernel has no such control.

        >>> rules = ArgRules().run_nothing()
        """
    def may_read(self, *roots: _Text) -> ArgRules:
        """Return a copy whose program the kernel lets read these roots too.

        For files that the program opens by itself; arguments cannot name them.

        >>> path = ReadPath('/srv')
        >>> rules = ArgRules().positional('path', path).may_read('/etc/passwd')
        """
    def may_write(self, *roots: _Text) -> ArgRules:
        """Return a copy whose program the kernel lets write below these roots too.

        For temporary files; arguments cannot name them.

        >>> path = ReadPath('/srv')
        >>> rules = ArgRules().positional('path', path).may_write('/tmp')
        """
    def allowed_flags(self, flags: Iterable[_Text]) -> ArgRules:
        """Return a copy that allows exactly these flags (an iterable of str).

        A flag is matched as a whole token: '-n', '--color=never', '-abc'.
        Replaces an earlier list.  Raises ArgRulesInvalid for a word that is not
        a flag.

        >>> rules = ArgRules().allowed_flags(['-n', '-i']).max_flags(2)
        """
    def max_flags(self, max: SupportsIndex) -> ArgRules:
        """Return a copy that allows at most `max` (int, default 0) flags.

        Raises LimitInvalid when it is negative.

        >>> rules = ArgRules().allowed_flags(['-n']).max_flags(1)
        """
    def max_positionals(self, max: SupportsIndex) -> ArgRules:
        """Return a copy that allows at most `max` (int, default 0) positionals.

        Raises LimitInvalid when it is negative.

        >>> rules = ArgRules().max_positionals(10)
        """
    def inject_double_dash(
        self, mode: InjectDoubleDash | None = None
    ) -> ArgRules:
        """Return a copy that puts `--` before the first positional, or does not.

        `mode` is an InjectDoubleDash; None means AfterFlags, which refuses a flag
        after a positional.  Raises ArgRulesInvalid for another number; build()
        raises it for a program that does not honour `--`.

        >>> rules = ArgRules().max_positionals(1).inject_double_dash()
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class ProcPolicyBuilder:
    """Settings from which a policy is built: which programs may run, and how.

    A new builder allows nothing.  Every method returns a changed copy; the
    old builder remains usable.

    >>> builder = ProcPolicyBuilder().allow_bin('/usr/bin/wc').timeout(5)
    """

    def __new__(cls) -> ProcPolicyBuilder: ...
    def allow_bin(self, path: _Text) -> ProcPolicyBuilder:
        """Return a copy that allows the program at `path` (str, bytes or PathLike).

        The path must be absolute; build() resolves it.  Raises BinNotAbsolute.

        >>> builder = ProcPolicyBuilder().allow_bin('/usr/bin/grep')
        """
    def arg_rules(self, path: _Text, rules: ArgRules) -> ProcPolicyBuilder:
        """Return a copy that gives the program at `path` its ArgRules.

        Every allowed program needs exactly one set of rules; build() checks this.

        >>> builder = ProcPolicyBuilder().arg_rules('/usr/bin/grep', ArgRules())
        """
    def risky_bin_policy(self, policy: RiskyBinPolicy) -> ProcPolicyBuilder:
        """Return a copy that treats risky programs as `policy` (RiskyBinPolicy) says.

        The default is DenyByDefault.  With AllowWithWarning, prepare() emits a
        RiskyBinaryWarning.  Raises LimitInvalid for another number.

        >>> warn = RiskyBinPolicy.AllowWithWarning
        >>> builder = ProcPolicyBuilder().risky_bin_policy(warn)
        """
    def allow_risky_binaries(self) -> ProcPolicyBuilder:
        """Return a copy that allows risky programs (shells, interpreters, ...).

        Equivalent to risky_bin_policy(RiskyBinPolicy.Disabled).  Such a program
        runs whatever it is told to; argument rules cannot limit that.

        >>> builder = ProcPolicyBuilder().allow_risky_binaries()
        """
    def env_empty(self) -> ProcPolicyBuilder:
        """Return a copy whose commands get an empty environment (the default).

        >>> builder = ProcPolicyBuilder().env_empty()
        """
    def env_locale_only(self) -> ProcPolicyBuilder:
        """Return a copy whose commands get LANG and LC_ALL, both C.UTF-8.

        >>> builder = ProcPolicyBuilder().env_locale_only()
        """
    def env_fixed(self, env: Mapping[_Name, _Text]) -> ProcPolicyBuilder:
        """Return a copy whose commands get exactly `env` (a mapping of str to str).

        Requests cannot change it.  Variables of the strip table are left out; the
        prepared command lists them.  Raises EnvForbidden for a name that is empty
        or contains '='.

        >>> builder = ProcPolicyBuilder().env_fixed({'LANG': 'C.UTF-8'})
        """
    def env_allowlist(self, keys: Iterable[_Text]) -> ProcPolicyBuilder:
        """Return a copy that passes a request's variables named in `keys`.

        Values come from the request, never from the host.  Raises EnvForbidden
        for a name that is empty or contains '='.

        >>> builder = ProcPolicyBuilder().env_allowlist(['TZ'])
        """
    def cwd(self, path: _Text) -> ProcPolicyBuilder:
        """Return a copy whose commands run in `path` (absolute; default '/tmp').

        Requests cannot change it.  Raises CwdForbidden for a relative path;
        prepare() raises it when the directory does not exist.

        >>> builder = ProcPolicyBuilder().cwd('/srv/docs')
        """
    def cwd_jailed(
        self, root: _Text, default: _Text | None = None
    ) -> ProcPolicyBuilder:
        """Return a copy that lets requests choose a directory at or below `root`.

        Links are resolved first.  A request that names none runs in `default`,
        or in `root`.  Raises CwdForbidden for a relative path.

        >>> builder = ProcPolicyBuilder().cwd_jailed('/srv', default='/srv/docs')
        """
    def cwd_allowlist(
        self, dirs: Iterable[_Text], default: _Text | None = None
    ) -> ProcPolicyBuilder:
        """Return a copy that lets requests choose one of the directories `dirs`.

        A request that names none runs in `default`, and is refused without one.
        Raises CwdForbidden for a relative path.

        >>> builder = ProcPolicyBuilder().cwd_allowlist(['/srv/a', '/srv/b'])
        """
    def timeout_secs(self, secs: _Seconds) -> ProcPolicyBuilder:
        """An alias of timeout(), the name of proc_jail 0.3.

        >>> builder = ProcPolicyBuilder().timeout_secs(5)
        """
    def timeout(self, secs: _Seconds) -> ProcPolicyBuilder:
        """Return a copy that stops commands after `secs` seconds (default 30).

        An int, float or timedelta, greater than 0 and at most 1e9.  It covers the
        time from the start of the spawn until the whole process tree is gone.
        Raises LimitInvalid.

        >>> builder = ProcPolicyBuilder().timeout(2.5)
        """
    def max_stdout(self, max: SupportsIndex) -> ProcPolicyBuilder:
        """Return a copy that keeps at most `max` bytes of stdout (default 10 MiB).

        Exactly `max` bytes are allowed; one more stops the command.  Raises
        LimitInvalid when `max` is negative.

        >>> builder = ProcPolicyBuilder().max_stdout(1024)
        """
    def max_stderr(self, max: SupportsIndex) -> ProcPolicyBuilder:
        """Return a copy that keeps at most `max` bytes of stderr (default 1 MiB).

        Exactly `max` bytes are allowed; one more stops the command.  Raises
        LimitInvalid when `max` is negative.

        >>> builder = ProcPolicyBuilder().max_stderr(1024)
        """
    def max_stdin(self, max: SupportsIndex) -> ProcPolicyBuilder:
        """Return a copy that accepts at most `max` bytes of standard input.

        The default is 0: a request with standard input is refused.  Raises
        LimitInvalid when `max` is negative.

        >>> builder = ProcPolicyBuilder().max_stdin(65536)
        """
    def on_overflow(self, overflow: Overflow) -> ProcPolicyBuilder:
        """Return a copy that treats too much output as `overflow` (Overflow) says.

        Stop (the default) stops the command.  KeepHead keeps the first bytes,
        KeepHeadTail the first and the last; the command continues, and the Output
        has the total.  Raises LimitInvalid for another number.

        >>> builder = ProcPolicyBuilder().on_overflow(Overflow.KeepHeadTail)
        """
    def stop_grace(self, secs: _Seconds) -> ProcPolicyBuilder:
        """Return a copy that sends SIGTERM `secs` seconds before the deadline.

        An int, float or timedelta, less than the timeout; 0 sends none.  A command
        that ends during this time still raises Timeout; SIGKILL follows at the
        deadline.  Raises LimitInvalid.

        >>> builder = ProcPolicyBuilder().timeout(10).stop_grace(1)
        """
    def sandbox(self, sandbox: Sandbox) -> ProcPolicyBuilder:
        """Return a copy whose commands run inside `sandbox` (Sandbox).

        All of it is required: build() raises SandboxUnavailable for controls that
        the system lacks, and SandboxInvalid for a root that does not exist.
        Without this call a policy gets as much of Sandbox() as the system has.

        >>> sandbox = Sandbox.strict().read('/srv/docs')
        >>> builder = ProcPolicyBuilder().sandbox(sandbox)
        """
    def profile(
        self,
        name: str,
        read: Iterable[str | os.PathLike[str]] = (),
        write: Iterable[str | os.PathLike[str]] = (),
        path: str | os.PathLike[str] | None = None,
        hosts: Iterable[str] = (),
    ) -> ProcPolicyBuilder:
        """Return a copy that allows a known program with rules made for it.

        `name` is the name of the program, found in the system's directories or at
        `path`.  `read` and `write` are absolute directories that its arguments may
        name and the kernel lets it reach.  `hosts` is for programs that use the
        network.  docs/profiles.md lists all profiles.  Raises LookupError for an
        unknown name, and ArgRulesInvalid for a program of that name that is of
        another maker than the profile is for.

        >>> builder = ProcPolicyBuilder().profile('grep', read=['/srv/docs'])
        """
    def checks_only(self) -> ProcPolicyBuilder:
        """Return a copy whose policy checks requests, and runs nothing.

        It can be built on a system that lacks what its sandbox requires: to test
        a policy where it is written.  prepare() and check() answer as everywhere;
        spawning raises SpawnFailed.  programs() tells what this system would
        enforce and what is missing.

        >>> policy = ProcPolicyBuilder().checks_only().build()
        """
    def build(self) -> ProcPolicy:
        """Check the settings, resolve and pin every program, return the ProcPolicy.

        Raises a Violation (a ValueError) that names what is wrong: a Bin code for
        a path that is not an executable file; ArgRulesRequired, ArgRulesUnused,
        ArgRulesDuplicate or ArgRulesInvalid for the rules; SandboxUnavailable or
        SandboxInvalid for the sandbox.  Emits a SandboxWarning, once, when no
        sandbox was named and the system lacks a part of the default.

        >>> policy = ProcPolicyBuilder().build()
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class ProcRequest:
    """What the untrusted side asks for: a program and its arguments.

    `bin` is an absolute path; `argv` does not include it.  Strings are str,
    bytes or os.PathLike, encoded as by os.fsencode().

    >>> request = ProcRequest('/usr/bin/grep', ['-n', 'pattern', 'file.txt'])
    """

    def __new__(
        cls,
        bin: _Text,
        argv: Iterable[_Text],
        env: Mapping[_Name, _Text] | None = None,
        cwd: _Text | None = None,
    ) -> ProcRequest: ...
    def with_cwd(self, cwd: _Text) -> ProcRequest:
        """Return a copy that asks for the working directory `cwd` (str or PathLike).

        The policy decides whether it is granted.

        >>> ProcRequest('/usr/bin/ls', []).with_cwd('/srv').cwd
        '/srv'
        """
    def with_env(self, env: Mapping[_Name, _Text]) -> ProcRequest:
        """Return a copy that offers the variables `env` (a mapping), and no others.

        The policy decides which of them are passed.

        >>> ProcRequest('/usr/bin/date', []).with_env({'TZ': 'UTC'}).env
        {'TZ': 'UTC'}
        """
    def with_env_var(self, key: _Text, value: _Text) -> ProcRequest:
        """Return a copy that offers one more variable.

        >>> ProcRequest('/usr/bin/date', []).with_env_var('TZ', 'UTC').env
        {'TZ': 'UTC'}
        """
    def with_stdin(
        self,
        source: _Input | str | os.PathLike[str] | BinaryIO,
    ) -> ProcRequest:
        """Return a copy with standard input: bytes, a path, or a binary file.

        A str or PathLike is the path of a file of the application.  Files are
        read now, a file object from its current position to its end.  The policy
        limits the size with max_stdin().  Raises OSError or TypeError.

        >>> ProcRequest('/usr/bin/wc', ['-c']).with_stdin(b'abc').stdin
        b'abc'
        """
    @property
    def stdin(self) -> bytes | None:
        """The standard input (bytes), or None."""
    @property
    def bin(self) -> str:
        """The path of the program, as given (str)."""
    @property
    def argv(self) -> list[str]:
        """The arguments, without the program."""
    @property
    def env(self) -> dict[str, str]:
        """The variables that are offered (a copy)."""
    @property
    def cwd(self) -> str | None:
        """The directory that is asked for, or None."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class ProcPolicy:
    """An immutable policy, returned by ProcPolicyBuilder.build() or from_file().

    May be used from any thread.  A pickle holds its description; loading it
    resolves and pins the programs again.
    """

    def prepare(self, request: ProcRequest) -> PreparedCommand:
        """Check `request` (ProcRequest) and return the PreparedCommand.

        Starts nothing.  Raises a Violation (a ValueError) whose code and fields
        tell what was refused and what would be accepted.

        >>> request = ProcRequest('/usr/bin/grep', ['x', 'file.txt'])
        >>> command = policy.prepare(request)
        """
    def check(self, request: ProcRequest) -> Violation | None:
        """Return the Violation that prepare() would raise for `request`, or None.

        >>> policy.check(ProcRequest('/bin/sh', ['-c', 'id'])).code
        'BinNotAllowed'
        """
    def run(
        self,
        bin: _Text,
        argv: Iterable[_Text] = (),
        env: Mapping[_Name, _Text] | None = None,
        cwd: _Text | None = None,
    ) -> Output:
        """Prepare a request and spawn it at once; return the Output.

        Takes the arguments of ProcRequest.  Raises what prepare() and spawn_sync()
        raise.  An exit status other than 0 is not an error: see Output.check().

        >>> policy.run('/usr/bin/grep', ['-n', 'x', 'file.txt']).stdout_string()
        '1:x\\n'
        """
    @classmethod
    def from_file(
        cls,
        path: str | bytes | os.PathLike[str],
        *,
        checks_only: bool = False,
    ) -> ProcPolicy:
        """Return the policy of a .toml or .json file (str, bytes or PathLike).

        The file must belong to this user or to root, and be writable by nobody
        else.  Raises PolicyFileError, with line and column, for an unknown entry
        and for an example that does not come out as stated; SandboxUnavailable
        when the system lacks what the file asks for, unless it is for
        checks_only(), which runs nothing.  docs/policy-files.md describes all
        entries.

        >>> policy = ProcPolicy.from_file('policy.toml')
        """
    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], *, checks_only: bool = False
    ) -> ProcPolicy:
        """Return the policy of a mapping with the entries of a policy file.

        Raises PolicyFileError (`key` is the entry) or SandboxUnavailable, the
        latter unless it is for checks_only().

        >>> policy = ProcPolicy.from_dict({'version': 1, 'timeout': '5s'})
        """
    def programs(self) -> tuple[AllowedProgram, ...]:
        """Return a tuple with an AllowedProgram for each program.

        Each holds the paths, the rules, and what the kernel enforces on this
        system: the controls, and the roots of the sandbox and of the rules
        together.  Paths to the same file are one program, except that each name
        of a multi-call program is one.  The result is what build() found; no
        file is looked at again.

        >>> [program.canonical for program in policy.programs()]
        ['/usr/bin/grep', '/usr/bin/wc']
        """
    def to_dict(self) -> dict[str, Any]:
        """Return a dict of which from_dict() makes the same policy.

        It contains the values of a fixed environment.  Profiles are written out
        as rules; examples are not kept.

        >>> copy = ProcPolicy.from_dict(policy.to_dict())
        """
    def _repr_html_(self) -> str: ...
    def _repr_mimebundle_(
        self,
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
    ) -> dict[str, str]: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class PreparedCommand:
    """A checked command, returned by ProcPolicy.prepare().

    Immutable; it may be spawned any number of times and from any thread.  It
    holds the program and the directory open, so that what was checked is
    what runs.
    """

    def spawn_sync(self) -> Output:
        """Run the command, wait for its end, and return the Output.

        Processes that it leaves behind are killed.  Raises StoppedError (Timeout,
        StdoutLimitExceeded, StderrLimitExceeded), which has the output so far;
        SpawnFailed when the command cannot be started; and BinChanged when the
        file is not the one that was checked.  An exit status other than 0 is not
        an error.  Ctrl-C kills the command before KeyboardInterrupt is raised.

        >>> output = command.spawn_sync()
        """
    def spawn(self) -> Coroutine[Any, Any, Output]:
        """Return a coroutine that does what spawn_sync() does, on an event loop.

        Runs on asyncio, and on trio when anyio is installed.  Cancelling it kills
        and reaps the tree first.

        >>> output = await command.spawn()
        """
    def start(self) -> RunningCommand:
        """Start the command and return it as a RunningCommand.

        It is a context manager for `with` and `async with`: on exit the command is
        killed, if it still runs, and reaped.  Iterating yields stdout in chunks.
        The deadline applies even when nothing waits for the command.  Raises
        SpawnFailed or BinChanged.

        >>> with command.start() as running:
        ...     output = running.wait()
        """
    def wrap_with(
        self, program: _Text, args_before: Iterable[_Text]
    ) -> PreparedCommand:
        """Return a copy that runs as `program args_before... path argv...`.

        For the application, not for the request: `args_before` is not checked.
        `path` is the name that was allowed.  `program` is absolute, and is pinned
        and verified like any program.  A second wrapper replaces the first.
        Raises the Bin violations.

        >>> nice = command.wrap_with('/usr/bin/nice', ['-n', '10'])
        """
    def with_launch_env(self, key: _Text, value: _Text) -> PreparedCommand:
        """Return a copy with one more variable, set after the environment policy.

        For the application, not for the request: the strip table does not apply.
        Raises EnvForbidden for a name that is empty or contains '='.

        >>> utc = command.with_launch_env('TZ', 'UTC')
        """
    @property
    def bin(self) -> str:
        """The canonical path of the program."""
    @property
    def argv(self) -> list[str]:
        """The arguments, with `--` where it is injected."""
    @property
    def cwd(self) -> str:
        """The working directory."""
    @property
    def env(self) -> dict[str, str]:
        """The whole environment (a copy)."""
    @property
    def stripped_env(self) -> list[str]:
        """The names of variables that were offered and are not passed."""
    @property
    def launch_program(self) -> str:
        """What is executed: the program, or its wrapper."""
    @property
    def launch_args(self) -> list[str]:
        """The arguments passed to launch_program."""
    @property
    def program(self) -> AllowedProgram:
        """Which program of the policy it is (AllowedProgram)."""
    @property
    def sandbox(self) -> SandboxReport:
        """What the kernel will enforce, and what is missing (SandboxReport)."""
    def __reduce__(self) -> NoReturn: ...

@final
class Output:
    """What a command wrote, and how it ended.

    Returned by PreparedCommand.spawn_sync() and ProcPolicy.run().
    """

    @property
    def stdout(self) -> bytes:
        """What was written to stdout (bytes)."""
    @property
    def stderr(self) -> bytes:
        """What was written to stderr (bytes)."""
    @property
    def args(self) -> list[str]:
        """The program that was launched, and its arguments."""
    @property
    def exit_code(self) -> int | None:
        """The exit status, or None when a signal ended the command."""
    @property
    def returncode(self) -> int:
        """The exit status, or the signal as a negative number."""
    @property
    def signal(self) -> int | None:
        """The signal that ended the command, or None."""
    @property
    def success(self) -> bool:
        """Whether the exit status was 0."""
    @property
    def duration(self) -> float:
        """Seconds (float) from the start of the spawn until all is reaped."""
    @property
    def sandbox(self) -> SandboxReport:
        """What the kernel enforced, and what was missing (SandboxReport)."""
    @property
    def stdout_total(self) -> int:
        """The number of bytes written to stdout, kept or not."""
    @property
    def stderr_total(self) -> int:
        """The number of bytes written to stderr, kept or not."""
    @property
    def stdout_truncated(self) -> bool:
        """Whether stdout lacks bytes that were written."""
    @property
    def stderr_truncated(self) -> bool:
        """Whether stderr lacks bytes that were written."""
    def stdout_string(self) -> str:
        """Return stdout as str; bytes that are not UTF-8 become U+FFFD.

        >>> lines = output.stdout_string().splitlines()
        """
    def stderr_string(self) -> str:
        """Return stderr as str; bytes that are not UTF-8 become U+FFFD.

        >>> lines = output.stderr_string().splitlines()
        """
    def check(self) -> Output:
        """Return the output itself if the command succeeded.

        Otherwise raises NonZeroExit, which has stdout and stderr.

        >>> text = policy.run('/usr/bin/wc', ['file.txt']).check().stdout
        """
    def _repr_html_(self) -> str: ...
    def _repr_mimebundle_(
        self,
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
    ) -> dict[str, str]: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

def risk_of(path: _Text) -> RiskCategory | None:
    """Return the RiskCategory of the program at `path`, or None.

    Considers the canonical name, links to and copies of shells and
    interpreters, and the interpreter that a script names.  Raises the Bin
    violations for a path that is not an executable file.

    >>> risk_of('/bin/sh')
    <RiskCategory.Shell: 0>
    """

class RiskyBinaryWarning(UserWarning):
    """A risky program was allowed, as the policy says it may be."""

class SandboxWarning(RuntimeWarning):
    """The system lacks a part of the default sandbox.

    Emitted once in an interpreter, by build() of a policy that names no
    sandbox.  Output.sandbox.missing lists what was missing.
    """

class ProcJailError(Exception):
    """The base class of all errors of proc_jail.

    `code` is the stable name of the error.
    """

    code: ClassVar[str | None]
    def _repr_html_(self) -> str: ...
    def _repr_mimebundle_(
        self,
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
    ) -> dict[str, str]: ...

class Violation(ProcJailError, ValueError):
    """A policy or a request was refused; nothing was started.

    The offending value is in one of the fields path, flag, key and value.
    """

    path: str | None
    flag: str | None
    key: str | None
    value: str | None
    max: int | None
    got: int | str | None
    expected: str | None
    reason: str | None
    index: int | None
    option: str | None
    category: RiskCategory | None
    control: str | None
    controls: tuple[str, ...] | None
    needs: str | None
    found: str | None

class ExecError(ProcJailError, RuntimeError):
    """A command could not be started, was stopped, or its result is not known.

    Carries bin, argv, stdout and stderr (bytes until then), elapsed (seconds) and limit.
    """

    bin: str | None
    argv: list[str] | None
    stdout: bytes
    stderr: bytes
    elapsed: float | None
    limit: float | None
    errno: int | None
    step: str | None
    returncode: int | None

class StoppedError(ExecError):
    """A command was stopped by its timeout or an output limit.

    Its stdout and stderr hold the bytes until then.
    """

class BinNotAbsolute(Violation):
    """A program path does not begin with '/'."""

class BinNotFound(Violation):
    """No file is at the program path."""

class BinCanonicalizeFailed(Violation):
    """The program path cannot be resolved (a link loop, a directory without search permission, a name too long)."""

class BinNotAllowed(Violation):
    """The program is not in the policy's allow-list."""

class BinRiskyDenied(Violation):
    """The program's purpose is to run other code."""

class BinIsDirectory(Violation):
    """The program path names a directory."""

class BinNotRegularFile(Violation):
    """The program path names a device, pipe or socket."""

class BinNotExecutable(Violation):
    """The file is not executable by this user."""

class BinChanged(Violation):
    """The file is no longer the one that was checked."""

class ArgRulesRequired(Violation):
    """An allowed program has no argument rules."""

class ArgRulesUnused(Violation):
    """Argument rules name a program that is not allowed."""

class ArgRulesDuplicate(Violation):
    """A program was given argument rules twice."""

class ArgRulesInvalid(Violation):
    """Argument rules are contradictory or cannot be enforced."""

class ArgSubcommandMismatch(Violation):
    """The first positional is not the pinned subcommand."""

class ArgFlagNotAllowed(Violation):
    """A flag is not in the list of allowed ones."""

class ArgTooManyFlags(Violation):
    """The request has more flags than max_flags."""

class ArgTooManyPositionals(Violation):
    """The request has more positionals than max_positionals."""

class ArgFlagAfterPositional(Violation):
    """A flag is where the injected '--' would make it a positional."""

class ArgValueInvalid(Violation):
    """The value of an option is missing or could be read as an option."""

class EnvForbidden(Violation):
    """An environment name is empty or contains '='."""

class CwdForbidden(Violation):
    """The policy does not allow the working directory, or it is not one."""

class NulByte(Violation):
    """A string contains a NUL byte, which no program can be given."""

class LimitInvalid(Violation):
    """A limit is out of range."""

class SpawnFailed(ExecError):
    """The command could not be started; errno and step say why and where."""

class StatusLost(ExecError):
    """The command ended, but its exit status was taken by another part of the host."""

class Cancelled(ExecError):
    """The caller stopped the command."""

class NonZeroExit(ExecError):
    """Output.check() found an exit status other than 0, or a signal."""

class Timeout(StoppedError, TimeoutError):
    """The command was stopped by its deadline."""

class StdoutLimitExceeded(StoppedError):
    """The command wrote more than max_stdout bytes."""

class StderrLimitExceeded(StoppedError):
    """The command wrote more than max_stderr bytes."""

class OutOfDescriptors(ExecError):
    """The host has no file descriptor left."""

class StdinForbidden(Violation):
    """A request has more standard input than the policy allows."""

class SandboxInvalid(Violation):
    """A setting of a sandbox is invalid."""

class SandboxUnavailable(Violation):
    """This system lacks controls that the sandbox requires."""

class ValueTypeInvalid(Violation):
    """The definition of a value type is invalid."""

class ArgPathForbidden(Violation):
    """A path leads outside the roots of its type, or nowhere."""

class ArgMissing(Violation):
    """A required option or positional was not given."""

class ArgConflict(Violation):
    """Options exclude one another, or one is given too often."""

class ArgProgramUnknown(Violation):
    """No table says how the program reads its arguments."""

def _replay(name: str, calls: list[tuple[Any, ...]], /) -> Any: ...
def _output(
    args: list[str],
    stdout: bytes,
    stderr: bytes,
    returncode: int,
    duration: float,
    sandbox: SandboxReport,
    stdout_total: int,
    stderr_total: int,
    /,
) -> Output: ...
def _request(
    bin: _Text,
    argv: Iterable[_Text],
    env: Mapping[_Name, _Text],
    cwd: _Text | None,
    stdin: bytes | None,
    /,
) -> ProcRequest: ...

@final
class _Process:
    @property
    def pid(self) -> int: ...
    def step(self) -> bool: ...
    def wait(self) -> bool: ...
    def watch(self) -> tuple[int, int, int]: ...
    def remaining(self) -> float: ...
    def take(self) -> bytes: ...
    def kill(self) -> None: ...
    def finish(self) -> Output: ...

def _start(command: PreparedCommand, /) -> _Process: ...
def _codes() -> list[tuple[str, str, str, str]]: ...
def _has_kernel() -> bool: ...
def _system() -> dict[str, Any]: ...
def _program_names() -> list[str]: ...
def _program_tables(name: _Text, /) -> list[str]: ...
def _program(name: _Text, /) -> dict[str, Any] | None: ...
def _program_at(path: _Text, /) -> tuple[str | None, str | None]: ...
def _read_argv(
    program: _Text, argv: Iterable[_Text], posix: bool = False
) -> list[tuple[str, int, str | None, str | None, str | None]]: ...
