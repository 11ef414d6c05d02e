"""Events of every command: one log record, and calls of watchers.

The core calls denied() and ended() once the host has imported logging, or
somebody watches; before that, nothing here is imported. Neither values of
the environment nor arguments nor output are part of a record.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from proc_jail._core import Output, ProcJailError, Violation
from proc_jail._escape import one_line

if TYPE_CHECKING:
    from proc_jail._core import PreparedCommand, ProcRequest

logger = logging.getLogger("proc_jail")
# Nothing is printed unless the host configures logging.
if not any(isinstance(h, logging.NullHandler) for h in logger.handlers):
    logger.addHandler(logging.NullHandler())


class Watcher(Protocol):
    """Called at the end of every command that was to be started."""

    def __call__(
        self,
        command: PreparedCommand,
        result: Output | BaseException,
        pid: int,
    ) -> None: ...


# Called at the end of each command; proc_jail.otel adds one.
watchers: list[Watcher] = []


def outcome_of(result: Output | BaseException) -> str:
    """Success, NonZeroExit, the code of an error, or an exception's name."""
    if isinstance(result, Output):
        return "Success" if result.success else "NonZeroExit"
    code = result.code if isinstance(result, ProcJailError) else None
    return code or type(result).__name__


def denied(request: ProcRequest, error: BaseException) -> None:
    """A request was refused."""
    if isinstance(error, Violation) and logger.isEnabledFor(logging.WARNING):
        logger.warning(
            "%s denied: %s",
            one_line(request.bin),
            str(error),
            extra=_fields(request.bin, len(request.argv), error, 0),
            stacklevel=2,
        )


def ended(
    command: PreparedCommand, result: Output | BaseException, pid: int
) -> None:
    """A command ended, or could not be started."""
    for watcher in tuple(watchers):
        watcher(command, result, pid)
    refused = isinstance(result, Violation)
    level = logging.WARNING if refused else logging.INFO
    if logger.isEnabledFor(level):
        logger.log(
            level,
            "%s %s",
            one_line(command.bin),
            _end_of(result),
            extra=_fields(command.bin, len(command.argv), result, pid),
            stacklevel=2,
        )


def _end_of(result: Output | BaseException) -> str:
    if isinstance(result, Violation):
        return f"denied: {result}"
    if not isinstance(result, Output):
        return f"ended by {outcome_of(result)}"
    how = f"status {result.exit_code}"
    if result.signal is not None:
        how = f"signal {result.signal}"
    return f"ended with {how} after {result.duration:.3f} s"


def _fields(
    program: str, argc: int, result: Output | BaseException, pid: int
) -> dict[str, Any]:
    """The structure of a record; attributes of its LogRecord."""
    output = result if isinstance(result, Output) else None
    return {
        "bin": program,
        "argc": argc,
        "pid": pid or None,
        "outcome": outcome_of(result),
        "exit_code": None if output is None else output.exit_code,
        "signal": None if output is None else output.signal,
        "duration": getattr(
            result, "elapsed" if output is None else "duration", None
        ),
    }
