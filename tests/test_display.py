"""How outputs, policies and errors look in a notebook."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from conftest import policy_for, program, shell
from hosts import on_linux, reap_orphans
from proc_jail import (
    ArgRules,
    ExecError,
    NonZeroExit,
    Output,
    Overflow,
    ProcJailError,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    Text,
    Timeout,
)

ECHO = program("echo")
HOSTILE = (
    "</pre></code></div><script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"
    "&lt;\"'><style>*{display:none}</style><a href=javascript:alert(1)>x</a>"
)
TAGS = {
    "div",
    "span",
    "code",
    "pre",
    "table",
    "tr",
    "td",
    "details",
    "summary",
    "br",
}


class Page(HTMLParser):
    """The tags, attributes and text of a page, balanced or not."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def page(shown: Any) -> Page:
    html = shown._repr_html_()
    assert isinstance(html, str)
    return Page(html)


def run(code: str, *args: str, **limits: Any) -> Output | ProcJailError:
    def change(builder: ProcPolicyBuilder) -> ProcPolicyBuilder:
        for name, value in limits.items():
            builder = getattr(builder, name)(value)
        return builder

    try:
        return shell(change).run("/bin/sh", ["-c", code, "sh", *args])
    except ExecError as error:
        return error.with_traceback(None)


def refused(*argv: str) -> ProcJailError:
    found = policy_for(ECHO, ArgRules().max_positionals(1)).check(
        ProcRequest(ECHO, list(argv))
    )
    assert found is not None
    return found


def hostile() -> list[Any]:
    """One of everything that can be shown, with markup wherever it fits."""
    rules = ArgRules().flag("-n").force_env({"N": HOSTILE})
    rules = rules.positional(HOSTILE, Text())
    return [
        run('printf "%s\\n" "$1"; printf %s "$1" >&2', HOSTILE),
        run('printf %s "$1"; exec sleep 9', HOSTILE, timeout=0.2),
        refused("a", HOSTILE),
        refused(HOSTILE, HOSTILE),
        refused("-" + HOSTILE),
        policy_for(ECHO, rules, lambda b: b.env_fixed({"N": HOSTILE})),
        policy_for(
            ECHO,
            ArgRules().allowed_flags(["-" + HOSTILE]),
            lambda b: b.env_allowlist([HOSTILE.replace("=", "")]),
        ),
    ]


def test_nothing_that_is_shown_is_markup() -> None:
    for shown in hostile():
        found = page(shown)
        assert found.tags <= TAGS
        assert found.attributes <= {"style", "title"}


def test_an_output() -> None:
    output = run("echo out; echo err >&2; exit 3")
    text = page(output).text
    assert "-c 'echo out; echo err >&2; exit 3'" in text
    assert "exit status 3" in text
    assert "out\n" in text
    assert "err\n" in text
    assert re.search(r"after \d+\.\d{3} s", text)
    assert "ended by signal 9" in page(run("kill -9 $$")).text


def test_an_error_with_what_there_was() -> None:
    error = run("echo before; exec sleep 9", timeout=0.2)
    assert isinstance(error, Timeout)
    text = page(error).text
    assert "failed: Timeout" in text
    assert "before\n" in text
    assert "limit0.200" in text


def test_a_denial_and_its_fields() -> None:
    text = page(refused("a", "b")).text
    assert "denied: ArgTooManyPositionals" in text
    assert "max1" in text
    assert "valueb" in text


def test_an_exit_that_was_checked() -> None:
    output = run("echo gone; exit 2")
    assert isinstance(output, Output)
    with pytest.raises(NonZeroExit) as caught:
        output.check()
    text = page(caught.value).text
    assert "failed: NonZeroExit" in text
    assert "gone\n" in text


@on_linux
def test_a_policy() -> None:
    policy = ProcPolicyBuilder().profile("cat", read=["/etc"]).build()
    text = page(policy).text
    assert "/usr/bin/cat" in text
    assert "flag('-A', '--show-all')" in text
    assert "timeout30 s" in text
    assert "max stdout10485760 bytes" in text
    assert "build" not in text
    assert "may read /etc; may write nothing" in text
    risky = page(shell()).text
    assert "RiskyBinPolicy.Disabled" in risky
    assert "may read whatever its user may" in risky


@pytest.mark.parametrize("secret", ["hunter2"])
def test_no_value_of_an_environment(secret: str) -> None:
    policy = policy_for(
        ECHO,
        ArgRules().positional("x", Text()).force_env({"FORCED": secret}),
        lambda b: b.env_fixed({"NAME": secret}),
    )
    text = policy_html(policy)
    assert secret not in text
    assert "names: NAME" in text
    assert "names: FORCED" in text
    command = policy.prepare(ProcRequest(ECHO, ["a"]))
    assert secret not in page(command.spawn_sync()).text


def policy_html(policy: ProcPolicy) -> str:
    return str(policy._repr_html_())


def test_terminal_sequences_are_stripped() -> None:
    output = run(r"printf '\033[31mred\033[0m\r\n\033]0;t\007\001x\n'")
    text = page(output).text
    assert "red\n\\x01x\n" in text
    assert "\x1b" not in text.replace("\\033", "")


def test_what_is_long_is_cut() -> None:
    flood = run("yes", on_overflow=Overflow.KeepHead, timeout=0.3)
    assert isinstance(flood, Timeout)
    large = run("yes | head -c 3000000")
    many = run("exit 0", *["x" * 1000] * 18)
    for shown in (flood, large, many):
        assert len(shown._repr_html_()) < 60_000
    assert "bytes left out]" in page(large).text
    rules = ArgRules().allowed_flags([f"-{n}" for n in range(50_000)])
    assert len(policy_html(policy_for(ECHO, rules))) < 40_000


def test_what_was_not_kept_is_told() -> None:
    output = run(
        "yes | head -c 1000", max_stdout=10, on_overflow=Overflow.KeepHead
    )
    html = output._repr_html_()
    assert "stdout, 1000 bytes, 990 of them not kept" in html


def test_mime_bundles() -> None:
    for shown in (run("echo x"), refused("a", "b"), shell()):
        bundle = shown._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "text/html"}
        assert bundle["text/plain"] == repr(shown)
        assert bundle["text/html"] == page_html(shown)
        some = shown._repr_mimebundle_(include={"text/html"}, exclude=None)
        assert set(some) == {"text/html"}
        rest = shown._repr_mimebundle_(None, ["text/html"])
        assert set(rest) == {"text/plain"}
        call: Any = shown._repr_mimebundle_
        with pytest.raises(TypeError):
            call(1, 2, 3)


def page_html(shown: Any) -> str:
    return str(shown._repr_html_())


def test_classes_themselves_are_not_shown() -> None:
    with pytest.raises(TypeError):
        ProcJailError._repr_html_()  # type: ignore[call-arg]


@pytest.fixture
def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found is not None:
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("the gate has to have a browser: install chromium")
    pytest.skip("no browser: install chromium")


# What a page notes about itself once it has been laid out: its elements, its
# title, its text, how far it goes beyond the window, and the boxes of what is
# shown that have no height, or stand on the one before.
SCRIPT = """<script>onload = () => {
    const boxes = [...document.querySelectorAll("body > div")]
        .map(e => e.getBoundingClientRect());
    const note = {
        tags: [...document.querySelectorAll("*")].map(e => e.tagName),
        title: document.title,
        text: document.body.innerText,
        beyond: document.documentElement.scrollWidth - innerWidth,
        boxes: boxes.length,
        flat: boxes.filter((b, i) => b.height < 10
            || (i > 0 && b.top < boxes[i - 1].bottom)).length,
    };
    document.body.setAttribute("data-seen", JSON.stringify(note));
}</script>"""


def look(browser: str, folder: Path, shown: list[Any]) -> dict[str, Any]:
    """Lay a page of these out in a browser; return what it noted."""
    file = folder / "page.html"
    file.write_text(
        "<!DOCTYPE html><html><head><meta charset='utf-8'><title>safe</title>"
        f"{SCRIPT}</head><body>{''.join(map(page_html, shown))}</body></html>"
    )
    done = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--window-size=800,600",
            f"--user-data-dir={folder / 'profile'}",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        # Whatever this process preloads is not for a browser.
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    reap_orphans()
    seen: dict[str, Any] = json.loads(Seen(done.stdout).value)
    return seen


def test_markup_does_nothing_in_a_browser(
    browser: str, tmp_path: Path
) -> None:
    seen = look(browser, tmp_path, hostile())
    page_tags = {"HTML", "HEAD", "META", "TITLE", "SCRIPT", "BODY", "TBODY"}
    assert set(seen["tags"]) <= {tag.upper() for tag in TAGS} | page_tags
    assert seen["tags"].count("SCRIPT") == 1
    assert seen["title"] == "safe"
    assert HOSTILE in seen["text"]


def test_all_of_it_is_seen_in_a_browser(browser: str, tmp_path: Path) -> None:
    """A policy, an output, a denial: text where it belongs, none hidden."""
    wide = "x" * 3000
    shown = [
        policy_for(ECHO, ArgRules().allowed_flags(["-" + wide])),
        run(r"printf 'a <b> \303\244\n'; echo late >&2; exit 3"),
        run('printf %s "$1"', wide),
        refused("a", "b"),
        refused("-" + wide),
    ]
    seen = look(browser, tmp_path, shown)
    lines = [line.strip() for line in seen["text"].splitlines()]
    for line in (
        "ProcPolicy",
        "timeout\t30 s",
        "a <b> \u00e4",
        "late",
        wide,
        "max\t1",
    ):
        assert line in lines, line
    assert any("exit status 3 after" in line for line in lines)
    assert any(
        line.startswith("denied: ArgTooManyPositionals") for line in lines
    )
    assert (seen["boxes"], seen["flat"]) == (len(shown), 0)
    assert seen["beyond"] <= 0


class Seen(HTMLParser):
    """What the page's own script noted."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.value = ""
        self.feed(html)

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        if tag == "body":
            self.value = dict(attrs).get("data-seen") or ""
