"""The command line: `streamstyle COMMAND`, and the one place where an error becomes an exit code."""

from __future__ import annotations

import codecs
import signal
import sys
from collections.abc import Sequence
from io import TextIOWrapper

import click
from click.shell_completion import CompletionItem

from streamstyle import __version__
from streamstyle.cli.cluster import cluster
from streamstyle.cli.compare import compare
from streamstyle.cli.config_command import config
from streamstyle.cli.demo import demo
from streamstyle.cli.doctor import doctor
from streamstyle.cli.errors import report_error
from streamstyle.cli.measure import measure
from streamstyle.cli.options import HELP_NAMES, DeclaredOrderGroup
from streamstyle.cli.run import run
from streamstyle.cli.runs import runs, stop
from streamstyle.cli.shots import shots
from streamstyle.cli.standard_streams import flush_stdout, open_closed_streams
from streamstyle.cli.styles import learn, styles
from streamstyle.cli.train import train
from streamstyle.cli.tui import tui
from streamstyle.cli.upscale import upscale

_COMMANDS = (
    run, tui, runs, stop, demo, styles, shots, learn, upscale, compare, measure, doctor, config, cluster, train,
)  # fmt: skip

_ASCII = {"→": "->", "…": "...", "·": "-"}
_ASCII_FALLBACK = "streamstyle.ascii"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code."""
    open_closed_streams()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    codecs.register_error(_ASCII_FALLBACK, ascii_fallback)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_ASCII_FALLBACK)  # a character that cannot be printed must not end a run
    code = _run(arguments)
    flush_stdout()
    sys.exit(code)


def exit_code(arguments: list[str]) -> int:
    """Run the command line and return its exit code; errors have been reported by then.

    Unlike `main` it leaves the signal handlers of the process as they are.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    previous = [signal.getsignal(number) for number in numbers]
    try:
        return _run(arguments)
    finally:
        for number, handler in zip(numbers, previous, strict=True):
            signal.signal(number, handler)


def _run(arguments: list[str]) -> int:
    try:
        code = cli.main(arguments, prog_name="streamstyle", standalone_mode=False, obj=arguments)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        return report_error(error, as_json="--json" in arguments, debug="--debug" in arguments)
    return code if isinstance(code, int) else 0


def ascii_fallback(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace a character that a stream's encoding lacks: ours by ASCII signs, any other by its backslash escape."""
    if isinstance(error, UnicodeEncodeError) and (sign := _ASCII.get(error.object[error.start])):
        return sign, error.start + 1
    return codecs.backslashreplace_errors(error)


@click.group(cls=DeclaredOrderGroup, context_settings={"help_option_names": HELP_NAMES, "max_content_width": 100})
@click.version_option(__version__, message="streamstyle %(version)s")
def cli() -> None:
    """Turn a whole film into a painting that moves.

    \b
    streamstyle demo                      stylise a short film that ships with streamstyle
    streamstyle run MOVIE --style wave    stylise a film in a built-in style
    streamstyle run MOVIE --style IMAGE   stylise it in the style of any image
    streamstyle tui MOVIE --style wave    the same, with preview and controls
    """


for command in _COMMANDS:
    cli.add_command(command)


def _complete_command(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of the commands that start with `incomplete`."""
    return [CompletionItem(name) for name in cli.commands if name.startswith(incomplete)]


@cli.command("help", short_help="Print the help of a command.")
@click.argument("command", nargs=-1, shell_complete=_complete_command)
def help_command(command: tuple[str, ...]) -> None:
    """Print the help of COMMAND, which `COMMAND --help` does, too; without it, the list of commands."""
    cli.main([*command, "--help"], prog_name="streamstyle", standalone_mode=False)
