"""How outputs, policies and errors are rendered in notebooks.

Imported by the core when a notebook asks. Everything is escaped, bounded
and free of terminal sequences; values of the environment are not shown.
"""

from __future__ import annotations

import shlex
from enum import Enum
from html import escape
from typing import TYPE_CHECKING, Any

from proc_jail._core import (
    ExecError,
    Output,
    ProcJailError,
    ProcPolicy,
    Violation,
)
from proc_jail._errors import fields_of
from proc_jail._escape import clip, one_line, plain
from proc_jail._policy.model import calls_of, files_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from proc_jail._core import AllowedProgram

# Bytes of a stream, and characters of anything else, that are shown.
STREAM_LIMIT = 16384
TEXT_LIMIT = 2000
RULES_LIMIT = 10_000

# Inherited colours fit light and dark themes; a line on the left tells what
# is what.
_GREEN, _RED, _GREY = "#2da44e", "#cf222e", "#8c959f"
_BOX = "border-left:4px solid {};padding:2px 0 2px 10px;margin:4px 0"
_PRE = (
    "margin:4px 0;padding:0;background:transparent;color:inherit;"
    "white-space:pre-wrap;overflow-wrap:anywhere;max-height:30em;"
    "overflow:auto"
)
_CODE = "background:transparent;color:inherit;overflow-wrap:anywhere"


def html(shown: Output | ProcPolicy | ProcJailError) -> str:
    """Return the HTML of _repr_html_().

    >>> html(output).startswith("<div")
    True
    """
    if isinstance(shown, Output):
        return _output(shown)
    if isinstance(shown, ProcPolicy):
        return _policy(shown)
    return _error(shown)


def bundle(
    shown: Output | ProcPolicy | ProcJailError,
    include: Collection[str] | None = None,
    exclude: Collection[str] | None = None,
) -> dict[str, str]:
    """Return the representations of _repr_mimebundle_().

    >>> sorted(bundle(output))
    ['text/html', 'text/plain']
    """
    makers = {"text/plain": repr, "text/html": html}
    return {
        kind: make(shown)
        for kind, make in makers.items()
        if (include is None or kind in include)
        and (exclude is None or kind not in exclude)
    }


def _short(text: str, limit: int = TEXT_LIMIT) -> str:
    if len(text) <= limit:
        return text
    return text[:limit] + f" [{len(text) - limit} more]"


def _span(text: str, color: str = "") -> str:
    style = f' style="color:{color};font-weight:600"' if color else ""
    return f"<span{style}>{escape(text)}</span>"


def _code(text: str) -> str:
    return f'<code style="{_CODE}">{escape(_short(one_line(text)))}</code>'


def _box(color: str, parts: list[str]) -> str:
    return f'<div style="{_BOX.format(color)}">{"".join(parts)}</div>'


def _stream(name: str, data: bytes, total: int, color: str) -> str:
    """One stream; bytes that are not shown are counted."""
    if not total:
        return ""
    text, _ = clip(data, STREAM_LIMIT)
    note = f"{name}, {total} bytes"
    if total > len(data):
        note += f", {total - len(data)} of them not kept"
    return (
        f'<div title="{escape(note)}" style="{_BOX.format(color)}">'
        f'<pre style="{_PRE}">{escape(plain(text))}</pre></div>'
    )


def _streams(
    out: bytes, err: bytes, out_total: int, err_total: int
) -> list[str]:
    return [
        _stream("stdout", out, out_total, "transparent"),
        _stream("stderr", err, err_total, _RED),
    ]


def _output(output: Output) -> str:
    color = _GREEN if output.success else _RED
    status = f"exit status {output.exit_code}"
    if output.signal is not None:
        status = f"ended by signal {output.signal}"
    head = [
        "<div>",
        _code(shlex.join(output.args)),
        " ",
        _span(status, color),
        _span(f" after {output.duration:.3f} s"),
        "</div>",
    ]
    streams = _streams(
        output.stdout, output.stderr, output.stdout_total, output.stderr_total
    )
    missing = ", ".join(output.sandbox.missing)
    if missing:
        streams.append(_span(f"not enforced here: {missing}", _RED))
    return _box(color, head + streams)


def _error(error: ProcJailError) -> str:
    what = "denied" if isinstance(error, Violation) else "failed"
    code = error.code or type(error).__name__
    parts = [
        "<div>",
        _span(f"{what}: {code}", _RED),
        f" {_code(str(error))}</div>",
        _table(_rows_of(error)),
    ]
    if isinstance(error, ExecError):
        out, err = error.stdout, error.stderr
        parts += _streams(out, err, len(out), len(err))
    return _box(_RED, parts)


def _rows_of(error: ProcJailError) -> Iterator[tuple[str, str]]:
    for name, value in fields_of(error):
        text = f"{value:.3f}" if isinstance(value, float) else str(value)
        yield escape(name), _code(text)


def _table(rows: Iterator[tuple[str, str]]) -> str:
    style = "text-align:left;vertical-align:top"
    body = "".join(
        f'<tr><td style="{style};white-space:nowrap;padding-right:1em">{name}'
        f'</td><td style="{style}">{value}</td></tr>'
        for name, value in rows
    )
    return f"<table>{body}</table>" if body else ""


def _policy(policy: ProcPolicy) -> str:
    rows = (
        (escape(name.replace("_", " ")), value)
        for name, value in _settings(policy)
    )
    return _box(_GREY, [_span("ProcPolicy", _GREY), _table(rows)])


# What the numbers of settings count.
_UNITS = {
    "timeout": " s",
    "timeout_secs": " s",
    "stop_grace": " s",
    "max_stdout": " bytes",
    "max_stderr": " bytes",
    "max_stdin": " bytes",
}


def _settings(policy: ProcPolicy) -> Iterator[tuple[str, str]]:
    for program in policy.programs():
        yield "program", _program(program)
    for method, args, _ in calls_of(policy):
        if method not in ("allow_bin", "arg_rules", "build"):
            unit = _UNITS.get(method, "")
            yield method, _code(_argument_text(args) + unit)


def _program(program: AllowedProgram) -> str:
    """Its paths and files; the rules, one a line, when it is opened."""
    lines = [
        f"{method}({_argument_text(args)}{_keyword_text(kwargs)})"
        for method, args, kwargs in calls_of(program.rules)
    ]
    text = _short("\n".join(one_line(line) for line in lines), RULES_LIMIT)
    files = "; ".join(f"{may} {what}" for may, what in files_of(program))
    return (
        f"<details><summary>{_code(' '.join(program.paths))}</summary>"
        f'<pre style="{_PRE}">{escape(text)}</pre></details>{_code(files)}'
    )


def _keyword_text(kwargs: dict[str, Any]) -> str:
    return "".join(f", {name}={value!r}" for name, value in kwargs.items())


def _argument_text(args: tuple[Any, ...]) -> str:
    """Arguments as they were written; of mappings only the names."""
    return ", ".join(_value_text(arg) for arg in args if arg is not None)


def _value_text(value: object) -> str:
    if isinstance(value, dict):
        return f"names: {', '.join(value)}"
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    return repr(value)
