"""Run programs on behalf of something you do not trust, without a shell.

The application writes a policy once. Every request is checked against it, and
only a request that passed can be spawned.

>>> from proc_jail import ArgRules, ProcPolicyBuilder, ProcRequest
>>> policy = (
...     ProcPolicyBuilder()
...     .allow_bin("/usr/bin/wc")
...     .arg_rules("/usr/bin/wc", ArgRules().max_positionals(1))
...     .build()
... )
>>> request = ProcRequest("/usr/bin/wc", ["/etc/passwd"])
>>> policy.prepare(request).spawn_sync().success
True
"""

from proc_jail._core import (
    AllowedProgram,
    ArgConflict,
    ArgFlagAfterPositional,
    ArgFlagNotAllowed,
    ArgMissing,
    ArgPathForbidden,
    ArgProgramUnknown,
    ArgRules,
    ArgRulesDuplicate,
    ArgRulesInvalid,
    ArgRulesRequired,
    ArgRulesUnused,
    ArgSubcommandMismatch,
    ArgTooManyFlags,
    ArgTooManyPositionals,
    ArgValueInvalid,
    BinCanonicalizeFailed,
    BinChanged,
    BinIsDirectory,
    BinNotAbsolute,
    BinNotAllowed,
    BinNotExecutable,
    BinNotFound,
    BinNotRegularFile,
    BinRiskyDenied,
    Cancelled,
    Choice,
    CwdForbidden,
    EnvForbidden,
    ExecError,
    GitRef,
    HostName,
    InjectDoubleDash,
    Int,
    LimitInvalid,
    Network,
    NonZeroExit,
    NulByte,
    OutOfDescriptors,
    Output,
    Overflow,
    Pattern,
    PreparedCommand,
    ProcJailError,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    ReadPath,
    RiskCategory,
    RiskyBinaryWarning,
    RiskyBinPolicy,
    Sandbox,
    SandboxInvalid,
    SandboxReport,
    SandboxUnavailable,
    SandboxWarning,
    SpawnFailed,
    StatusLost,
    StderrLimitExceeded,
    StdinForbidden,
    StdoutLimitExceeded,
    StoppedError,
    Text,
    Timeout,
    Tree,
    Url,
    ValueTypeInvalid,
    Violation,
    WritePath,
    __version__,
    risk_of,
)
from proc_jail._errors import TYPE_CHECKING, PolicyFileError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    # Tools that bundle applications find here what C or __getattr__()
    # imports on first use.
    from proc_jail import _display, _events, profiles  # noqa: F401
    from proc_jail._doctor import Diagnosis, Fact, Verdict, doctor
    from proc_jail._lint import Finding, lint
    from proc_jail._live.many import run_many
    from proc_jail._live.running import AsyncRunningCommand, RunningCommand
    from proc_jail._policy import files  # noqa: F401
else:
    _LATER = {
        "AsyncRunningCommand": "proc_jail._live.running",
        "Diagnosis": "proc_jail._doctor",
        "Fact": "proc_jail._doctor",
        "Finding": "proc_jail._lint",
        "RunningCommand": "proc_jail._live.running",
        "Verdict": "proc_jail._doctor",
        "doctor": "proc_jail._doctor",
        "lint": "proc_jail._lint",
        "run_many": "proc_jail._live.many",
    }

    def __getattr__(name):
        if name not in _LATER:
            raise AttributeError(
                f"module 'proc_jail' has no attribute {name!r}"
            )
        from importlib import import_module

        found = globals()[name] = getattr(import_module(_LATER[name]), name)
        return found

    def __dir__():
        return sorted({*globals(), *_LATER})


del TYPE_CHECKING

__all__ = [
    "AllowedProgram",
    "ArgConflict",
    "ArgFlagAfterPositional",
    "ArgFlagNotAllowed",
    "ArgMissing",
    "ArgPathForbidden",
    "ArgProgramUnknown",
    "ArgRules",
    "ArgRulesDuplicate",
    "ArgRulesInvalid",
    "ArgRulesRequired",
    "ArgRulesUnused",
    "ArgSubcommandMismatch",
    "ArgTooManyFlags",
    "ArgTooManyPositionals",
    "ArgValueInvalid",
    "AsyncRunningCommand",
    "BinCanonicalizeFailed",
    "BinChanged",
    "BinIsDirectory",
    "BinNotAbsolute",
    "BinNotAllowed",
    "BinNotExecutable",
    "BinNotFound",
    "BinNotRegularFile",
    "BinRiskyDenied",
    "Cancelled",
    "Choice",
    "CwdForbidden",
    "Diagnosis",
    "EnvForbidden",
    "ExecError",
    "Fact",
    "Finding",
    "GitRef",
    "HostName",
    "InjectDoubleDash",
    "Int",
    "LimitInvalid",
    "Network",
    "NonZeroExit",
    "NulByte",
    "OutOfDescriptors",
    "Output",
    "Overflow",
    "Pattern",
    "PolicyFileError",
    "PreparedCommand",
    "ProcJailError",
    "ProcPolicy",
    "ProcPolicyBuilder",
    "ProcRequest",
    "ReadPath",
    "RiskCategory",
    "RiskyBinPolicy",
    "RiskyBinaryWarning",
    "RunningCommand",
    "Sandbox",
    "SandboxInvalid",
    "SandboxReport",
    "SandboxUnavailable",
    "SandboxWarning",
    "SpawnFailed",
    "StatusLost",
    "StderrLimitExceeded",
    "StdinForbidden",
    "StdoutLimitExceeded",
    "StoppedError",
    "Text",
    "Timeout",
    "Tree",
    "Url",
    "ValueTypeInvalid",
    "Verdict",
    "Violation",
    "WritePath",
    "__version__",
    "doctor",
    "lint",
    "load_ipython_extension",
    "risk_of",
    "run_many",
]


def load_ipython_extension(ipython: "InteractiveShell") -> None:
    """Add the cell magic %%jail to a notebook.

    Called by `%load_ext proc_jail`.
    """
    from proc_jail._jupyter import load

    load(ipython)
