"""`streamstyle tui`: `streamstyle run` with previews and controls, and the only door from the CLI to the TUI."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamstyle.cli.media_args import default_output
from streamstyle.cli.options import GroupedCommand, GroupedOption, complete_run, complete_style
from streamstyle.cli.run import run
from streamstyle.errors import SettingsError
from streamstyle.runs.folder import RunFolder, list_runs
from streamstyle.runs.status import find_run
from streamstyle.styles.spec import parse_style

if TYPE_CHECKING:
    from streamstyle.runs.launcher import RunRequest

_LATEST = ""
"""Value of `--attach` without a run."""

_OMITTED = frozenset({"movie", "style", "dry_run", "as_json", "quiet", "run_folder"})
"""Parameters of `run` that are declared again here, or have no use in the TUI."""

_EPILOG = """
Without MOVIE or --style a screen asks for them. The run is a process of its own: it outlives a closed terminal, and
--attach comes back to it. Where there is no terminal to draw on, this is `streamstyle run`.

The exit code is that of the run; see `streamstyle run --help`.
"""


class RawArgsCommand(GroupedCommand):
    """A command that knows the words it was called with, to pass them on."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words, and parse them."""
        ctx.meta["words"] = tuple(args)
        return super().parse_args(ctx, args)


@click.command(cls=RawArgsCommand, epilog=_EPILOG, short_help="Paint a film before your eyes.")
@click.argument("movie", type=click.Path(path_type=Path), required=False)
@click.option(
    "--attach",
    cls=GroupedOption,
    heading="Watching",
    is_flag=False,
    flag_value=_LATEST,
    metavar="[RUN]",
    shell_complete=complete_run,
    help="Look at a run that goes on already: the youngest, or the one with this number, film or folder.",
)
@click.option(
    "--style",
    cls=GroupedOption,
    heading="Style and output",
    metavar="STYLE",
    help="As for `run`.",
    shell_complete=complete_style,
)
@click.pass_context
def tui(ctx: click.Context, /, movie: Path | None, style: str | None, attach: str | None, **values: Any) -> int:
    """Paint MOVIE and watch: preview, numbers, pause, stop. Takes every option of `streamstyle run`."""
    words: tuple[str, ...] = ctx.meta["words"]
    if attach is not None:
        return _show(_find_run(attach))
    if movie is None or style is None:
        if any(word.startswith("-") for word in words):
            raise SettingsError(
                "options are given, but not both MOVIE and --style",
                "Give both, or a film alone, or nothing: the start screen asks for the rest.",
            )
        return _show(None, movie)
    if reason := why_no_tui():
        click.echo(f"streamstyle: {reason}: painting with the progress line", err=True)
        with run.make_context("run", list(words), ctx.parent, obj=["run", *words]) as instead:
            return int(run.invoke(instead) or 0)
    return _show(_request(words, movie, style, values["output"]))


tui.params += [parameter for parameter in run.params if parameter.name not in _OMITTED]


def why_no_tui() -> str:
    """Return in a few words why no screen can be drawn here; empty where it can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        return "there is no terminal here"
    if os.environ.get("TERM", "") in ("", "dumb"):
        return "this terminal cannot draw a screen"
    if codecs.lookup(sys.stderr.encoding).name != "utf-8":  # the screen goes there
        return "this locale has no UTF-8"
    return ""


def _request(words: Sequence[str], movie: Path, style: str, output: Path | None) -> RunRequest:
    from streamstyle.runs.launcher import RunRequest

    return RunRequest(tuple(words), movie, output or default_output(movie, parse_style(style).name))


def _find_run(name: str) -> RunFolder:
    """Return the run that is meant; without a name the youngest that goes on, or else the youngest."""
    if name:
        return find_run(name)
    runs = list_runs()
    if not runs:
        raise SettingsError("there is no run to look at", "Start one: streamstyle run MOVIE --style STYLE.")
    return next((run for run in runs if run.is_alive()), runs[0])


def _show(subject: RunRequest | RunFolder | None, film: Path | None = None) -> int:
    if reason := why_no_tui():
        advice = "Give MOVIE and --style, as for `streamstyle run`." if subject is None else "Use a terminal."
        raise SettingsError(f"{reason} for `streamstyle tui` to draw on", advice)
    from streamstyle.tui.app import StreamstyleApp
    from streamstyle.tui.terminal_query import query_terminal

    terminal = query_terminal()
    app = StreamstyleApp(subject, film, graphics=terminal.graphics, light=terminal.light)
    app.run()
    return app.return_code or 0
