"""The command line: `streamstyle COMMAND`, and the one place where an error becomes an exit code."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Sequence
from io import TextIOWrapper

import click

from streamstyle import __version__
from streamstyle.cli.compare import compare
from streamstyle.cli.demo import demo
from streamstyle.cli.doctor import doctor
from streamstyle.cli.errors import report_error
from streamstyle.cli.measure import measure
from streamstyle.cli.run import run, upscale
from streamstyle.cli.runs import runs, stop
from streamstyle.cli.styles import learn, styles
from streamstyle.cli.train import train
from streamstyle.cli.tui import tui

_ASCII = {"→": "->", "…": "...", "·": "-"}


class OrderedGroup(click.Group):
    """A group that lists its commands as they were added, the first one first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names."""
        return list(self.commands)


@click.group(cls=OrderedGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="streamstyle %(version)s")
def cli() -> None:
    """Turn a whole film into a painting that moves.

    \b
    streamstyle demo                        paints a small film that ships
    streamstyle run MOVIE --style wave      paints yours, in a built-in style
    streamstyle run MOVIE --style IMAGE     in the style of any picture
    streamstyle tui MOVIE --style wave      the same, to watch and to steer
    """


for command in (run, tui, runs, stop, demo, styles, learn, upscale, compare, measure, doctor, train):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    codecs.register_error("streamstyle.plainly", ascii_fallback)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="streamstyle.plainly")  # what cannot be shown stops nothing
    sys.exit(exit_code(arguments))


def ascii_fallback(error: UnicodeError) -> tuple[str | bytes, int]:
    """Write what a terminal's character set lacks: our own arrows and dots in ASCII, all else by its number."""
    if isinstance(error, UnicodeEncodeError) and (ours := _ASCII.get(error.object[error.start])):
        return ours, error.start + 1
    return codecs.backslashreplace_errors(error)


def exit_code(arguments: list[str]) -> int:
    """Run the command line and return its exit code; what goes wrong has been said by then."""
    try:
        code = cli.main(arguments, prog_name="streamstyle", standalone_mode=False, obj=arguments)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        return report_error(error, as_json="--json" in arguments, debug="--debug" in arguments)
    return code if isinstance(code, int) else 0
