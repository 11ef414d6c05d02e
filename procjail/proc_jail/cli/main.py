"""The command line: proc-jail, or python -m proc_jail.

Built with argparse, because the package has no dependencies and its command
line is small; completion, which argparse lacks, is made from its parser.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from proc_jail._core import ProcJailError, __version__
from proc_jail._errors import PolicyFileError
from proc_jail._live.signals import Ended, ignore_signals, signals_raise
from proc_jail.cli.check import check
from proc_jail.cli.doctor import doctor
from proc_jail.cli.explain import explain
from proc_jail.cli.listing import lint, profiles
from proc_jail.cli.outcome import (
    FAILED,
    INVALID,
    OK,
    PIPE_CLOSED,
    RUN_FAILED,
    USAGE,
    complain,
)
from proc_jail.cli.request import load
from proc_jail.cli.run import run
from proc_jail.cli.streams import drop_stdout, fill_streams

EPILOG = """\
exit status of run: the program's own; 128+N if signal N ended it; 124 stopped
by a limit; 125 proc-jail failed, or the policy is invalid; 126 denied.
exit status of the others: 0 success, or allowed; 1 failed, or lint found an
error; 2 wrong usage; 3 denied; 4 the policy file is invalid.
"""


class Parser(argparse.ArgumentParser):
    """Wrong usage of `run` must not look like an exit status of a program."""

    usage_status = USAGE

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(self.usage_status, f"{self.prog}: {message}\n")


Subparsers = Any


def make_parser() -> Parser:
    parser = Parser(
        prog="proc-jail",
        description="Run programs under a policy, without a shell.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(
        dest="name", metavar="COMMAND", required=True
    )
    added = _with_command(commands, "run", "run a program", run)
    added.usage_status = RUN_FAILED
    _with_command(
        commands, "check", "print, as JSON, whether a program may run", check
    )
    _with_command(commands, "explain", "show what each check says", explain)
    added = _with_policy(commands, "lint", "look for holes in a policy", lint)
    added.add_argument("--json", action="store_true", help="print JSON")
    added = _add(
        commands, "doctor", "show what this system can enforce", doctor
    )
    added.add_argument("--json", action="store_true", help="print JSON")
    added = _add(commands, "profiles", "list the profiles", profiles)
    added.add_argument("profile", nargs="?", help="show only this one")
    added.add_argument("--json", action="store_true", help="print JSON")
    _add(commands, "schema", "print the JSON Schema of policies", _schema)
    added = _with_policy(
        commands, "mcp", "offer the programs to an MCP client", _mcp
    )
    added.add_argument("--name", default="proc_jail", help="server name")
    added = _add(
        commands, "completion", "print a script for a shell", _completion
    )
    added.add_argument("shell", choices=["bash", "zsh"])
    return parser


def _add(
    commands: Subparsers,
    name: str,
    text: str,
    action: Callable[[argparse.Namespace], int],
    **more: Any,
) -> Parser:
    parser: Parser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".", **more
    )
    parser.set_defaults(action=action, parser=parser)
    return parser


def _with_policy(
    commands: Subparsers,
    name: str,
    text: str,
    action: Callable[[argparse.Namespace], int],
    **more: Any,
) -> Parser:
    parser = _add(commands, name, text, action, **more)
    parser.add_argument("policy", metavar="POLICY", help="a policy file")
    return parser


def _with_command(
    commands: Subparsers,
    name: str,
    text: str,
    action: Callable[[argparse.Namespace], int],
) -> Parser:
    """Remove what follows `--`, before argparse sees the rest."""
    usage = f"proc-jail {name} [OPTIONS] POLICY -- BIN [ARG ...]"
    parser = _with_policy(commands, name, text, action, usage=usage)
    parser.add_argument(
        "--cwd", metavar="DIR", help="the directory to ask for"
    )
    parser.add_argument(
        "--env",
        metavar="K=V",
        action="append",
        default=[],
        type=_pair,
        help="a variable to ask for; may be repeated",
    )
    parser.add_argument(
        "--stdin", metavar="FILE", help="standard input; - for proc-jail's"
    )
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"not NAME=VALUE: {name!r}")
    return name, value


# These import modules that are rarely needed, or need an extra.


def _schema(args: argparse.Namespace) -> int:
    from proc_jail._policy.files.schema import schema_text

    sys.stdout.write(schema_text())
    return OK


def _mcp(args: argparse.Namespace) -> int:
    """Import the server late: its SDK is an extra."""
    policy = load(args)
    try:
        from proc_jail.tools.mcp import main as serve
    except ModuleNotFoundError as error:
        complain(
            f"{error.name} is missing; the MCP server needs its SDK: "
            "pip install 'proc_jail[mcp]'"
        )
        return FAILED
    return serve(policy, name=args.name)


def _completion(args: argparse.Namespace) -> int:
    from proc_jail.cli.completion import script
    from proc_jail.profiles import PROFILES

    words = {"profile": sorted(PROFILES)}
    sys.stdout.write(script(make_parser(), args.shell, words))
    return OK


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments up to `--`; what follows is the command."""
    end = argv.index("--") if "--" in argv else len(argv)
    args, unknown = make_parser().parse_known_args(argv[:end])
    args.command = list(argv[end + 1 :])
    if unknown:
        args.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    takes_command = hasattr(args, "env")
    if takes_command and not args.command:
        args.parser.error("write -- and the program after the policy")
    if end < len(argv) and not takes_command:
        args.parser.error("this command runs no program")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    fill_streams()
    try:
        with signals_raise():
            return _act(sys.argv[1:] if argv is None else argv)
    except BrokenPipeError:
        drop_stdout()
        return PIPE_CLOSED
    except Ended as ended:
        ignore_signals()
        drop_stdout()
        return ended.status


def _act(argv: Sequence[str]) -> int:
    is_run = False
    try:
        try:
            args = parse(argv)
            is_run = args.name == "run"
            status: int = args.action(args)
        finally:
            # This includes the output of --help and --version.
            sys.stdout.flush()
    except PolicyFileError as error:
        complain(str(error))
        return RUN_FAILED if is_run else INVALID
    except BrokenPipeError:
        raise
    except (ProcJailError, OSError) as error:
        code = getattr(error, "code", None)
        complain(f"{code}: {error}" if code else str(error))
        if not isinstance(error, ProcJailError):
            drop_stdout()  # it may be what failed
        return RUN_FAILED if is_run else FAILED
    return status
