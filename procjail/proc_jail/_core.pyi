"""Types of the extension module; import them from proc_jail."""

import os
from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import IntEnum
from typing import (
    Any,
    ClassVar,
    Literal,
    SupportsIndex,
    TypeAlias,
    final,
    type_check_only,
)

_Text: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]
_Seconds: TypeAlias = float | timedelta
_Signal: TypeAlias = int

__version__: str

class RiskyBinPolicy(IntEnum):
    DenyByDefault = 0
    AllowWithWarning = 1
    Disabled = 2

class InjectDoubleDash(IntEnum):
    Never = 0
    AfterFlags = 1

class RiskCategory(IntEnum):
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

@final
class ArgRules:
    def __new__(cls) -> ArgRules: ...
    def subcommand(self, cmd: _Text) -> ArgRules: ...
    def allowed_flags(self, flags: Iterable[_Text]) -> ArgRules: ...
    def max_flags(self, max: SupportsIndex) -> ArgRules: ...
    def max_positionals(self, max: SupportsIndex) -> ArgRules: ...
    def inject_double_dash(
        self, mode: InjectDoubleDash | None = None
    ) -> ArgRules: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __lt__(self, other: object, /) -> bool: ...
    def __le__(self, other: object, /) -> bool: ...
    def __gt__(self, other: object, /) -> bool: ...
    def __ge__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
