"""Spans of commands, with the real SDK."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import (
    InMemorySpanExporter,
)
from opentelemetry.trace import SpanKind, StatusCode

from conftest import policy_for, program, shell
from fronts import FRONTS, Front, asking
from proc_jail import ExecError, ProcRequest, Violation, otel

ECHO = program("echo")
REAL_ECHO = os.path.realpath(ECHO)


class Traces:
    """A provider and what it exported."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    def only(self) -> ReadableSpan:
        (span,) = self.exporter.get_finished_spans()
        return span


@pytest.fixture
def traces() -> Iterator[Traces]:
    found = Traces()
    otel.instrument(found.provider)
    yield found
    otel.uninstrument()
    found.provider.shutdown()


@pytest.mark.parametrize("front", FRONTS.values(), ids=FRONTS)
def test_a_span_of_every_front(traces: Traces, front: Front) -> None:
    output = front(policy_for(ECHO), ProcRequest(ECHO, ["a", "b"]))
    span = traces.only()
    assert span.name == os.path.basename(REAL_ECHO)
    assert span.kind is SpanKind.CLIENT
    found = dict(span.attributes or {})
    assert found.pop("process.pid") != os.getpid()
    assert found == {
        "process.executable.name": os.path.basename(REAL_ECHO),
        "process.executable.path": REAL_ECHO,
        "process.exit.code": 0,
    }
    assert span.status.status_code is StatusCode.UNSET
    assert span.start_time is not None
    assert span.end_time is not None
    lasted = span.end_time - span.start_time
    assert abs(lasted - output.duration * 1e9) < 1000


def test_a_span_is_a_child_of_the_current_one(traces: Traces) -> None:
    tracer = traces.provider.get_tracer("test")
    with tracer.start_as_current_span("outer") as outer:
        policy_for(ECHO).run(ECHO)
    child = traces.exporter.get_finished_spans()[0]
    assert child.parent == outer.get_span_context()


@pytest.mark.parametrize(
    ("code", "error", "status"),
    [
        ("exit 3", "NonZeroExit", 3),
        ("kill -9 $$", "NonZeroExit", -9),
        ("sleep 100", "Timeout", None),
    ],
)
def test_failures(
    traces: Traces, code: str, error: str, status: int | None
) -> None:
    with suppress(ExecError):
        shell(lambda b: b.timeout(2)).prepare(asking(code)).spawn_sync()
    span = traces.only()
    found = span.attributes or {}
    assert found["error.type"] == error
    assert found.get("process.exit.code") == status
    assert found["process.pid"]
    assert span.status.status_code is StatusCode.ERROR


def test_arguments_only_when_asked_for(traces: Traces) -> None:
    policy_for(ECHO).run(ECHO, ["needle"])
    assert "needle" not in str(traces.only().to_json())
    traces.exporter.clear()
    otel.instrument(traces.provider, command_args=True)
    policy_for(ECHO).run(ECHO, ["needle", b"\xff"])
    found = traces.only().attributes or {}
    assert found["process.command_args"] == (REAL_ECHO, "needle", r"\udcff")


def test_never_the_environment(traces: Traces) -> None:
    otel.instrument(traces.provider, command_args=True)
    policy = policy_for(ECHO, None, lambda b: b.env_fixed({"V": "hunter2"}))
    policy.run(ECHO)
    assert "hunter2" not in str(traces.only().to_json())


def test_what_is_denied_makes_no_span(traces: Traces) -> None:
    with pytest.raises(Violation):
        policy_for(ECHO).run(ECHO, ["-x"])
    assert traces.exporter.get_finished_spans() == ()


def test_it_can_be_turned_off(traces: Traces) -> None:
    otel.uninstrument()
    policy_for(ECHO).run(ECHO)
    assert traces.exporter.get_finished_spans() == ()
    otel.uninstrument()
