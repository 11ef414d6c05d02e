"""OpenTelemetry spans of commands, by the conventions for CLI programs.

    from proc_jail import otel

    otel.instrument()

Every command that was started, or failed to start, becomes one span of kind
CLIENT, a child of the span that is current where its end is awaited. A request
that the policy denies makes no span. Requires the extra `otel`.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from proc_jail import _events
from proc_jail._core import Output, ProcJailError, __version__
from proc_jail._escape import encodable

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider
    from opentelemetry.util.types import AttributeValue

    from proc_jail._core import PreparedCommand

_active: list[_Spans] = []


class _Spans:
    """Makes the spans of one tracer."""

    def __init__(
        self, provider: TracerProvider | None, command_args: bool
    ) -> None:
        self._tracer = trace.get_tracer(
            "proc_jail", __version__, tracer_provider=provider
        )
        self._command_args = command_args

    def __call__(
        self,
        command: PreparedCommand,
        result: Output | BaseException,
        pid: int,
    ) -> None:
        now = time.time_ns()
        span = self._tracer.start_span(
            _name_of(command),
            kind=SpanKind.CLIENT,
            attributes=self._attributes(command, result, pid),
            start_time=now - _nanoseconds(result),
        )
        _set_status(span, result)
        span.end(now)

    def _attributes(
        self,
        command: PreparedCommand,
        result: Output | BaseException,
        pid: int,
    ) -> dict[str, AttributeValue]:
        found: dict[str, AttributeValue] = {
            "process.executable.name": _name_of(command),
            "process.executable.path": encodable(command.bin),
        }
        if pid:
            found["process.pid"] = pid
        if isinstance(result, Output):
            found["process.exit.code"] = result.returncode
        outcome = _events.outcome_of(result)
        if outcome != "Success":
            found["error.type"] = outcome
        if self._command_args:
            launched = [command.launch_program, *command.launch_args]
            found["process.command_args"] = [encodable(x) for x in launched]
        return found


def _name_of(command: PreparedCommand) -> str:
    return encodable(os.path.basename(command.bin))


def _nanoseconds(result: Output | BaseException) -> int:
    if isinstance(result, Output):
        return int(result.duration * 1e9)
    return int((getattr(result, "elapsed", None) or 0) * 1e9)


def _set_status(span: Span, result: Output | BaseException) -> None:
    """Its own errors say what is safe to log; others may say anything."""
    if isinstance(result, Output):
        if not result.success:
            span.set_status(Status(StatusCode.ERROR))
    else:
        text = str(result) if isinstance(result, ProcJailError) else None
        span.set_status(Status(StatusCode.ERROR, text))


def instrument(
    tracer_provider: TracerProvider | None = None,
    *,
    command_args: bool = False,
) -> None:
    """Make a span of every command from now on.

    The provider defaults to the global one. `command_args` adds the
    arguments, which may contain what users wrote. A second call replaces the
    first.

    >>> instrument(command_args=True)
    """
    uninstrument()
    _active.append(_Spans(tracer_provider, command_args))
    _events.watchers.append(_active[0])


def uninstrument() -> None:
    """Stop making spans.

    >>> uninstrument()
    """
    while _active:
        _events.watchers.remove(_active.pop())
