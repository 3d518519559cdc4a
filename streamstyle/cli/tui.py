"""`streamstyle tui`: `streamstyle run` with previews and controls; the only module of the CLI that imports the TUI."""

from __future__ import annotations

import codecs
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from streamstyle.cli.config import ConfiguredCommand, config_path
from streamstyle.cli.media_args import probe_stated_range
from streamstyle.cli.options import FILE, complete_run, grouped_option, style_option
from streamstyle.cli.purposes import suffix_for
from streamstyle.cli.run import run
from streamstyle.cli.run_arguments import run_arguments
from streamstyle.errors import SettingsError
from streamstyle.runs.folder import RunFolder, list_runs
from streamstyle.runs.launcher import RunRequest
from streamstyle.runs.status import find_run

if TYPE_CHECKING:
    from streamstyle.tui.setup.state import SetupState

_LATEST = ""
"""Value of `--attach` without a run."""

_OMITTED = frozenset({"movies", "style", "dry_run", "count", "as_json", "quiet", "run_folder"})
"""Parameters of `run` that are declared again here, or that have no use in the TUI."""

_EPILOG = """
Without MOVIE or --style, a start screen asks for them. The run is a process of its own: it continues when the terminal
is closed, and --attach shows it again. Without a terminal that can draw a screen, this is `streamstyle run`.

The exit code is that of the run; see `streamstyle run --help`.
"""


@click.command(cls=ConfiguredCommand, epilog=_EPILOG, short_help="Stylise a film with preview and controls.")
@click.argument("movie", type=FILE, required=False)
@grouped_option("Existing run")(
    "--attach",
    is_flag=False,
    flag_value=_LATEST,
    metavar="[RUN]",
    shell_complete=complete_run,
    help="Show a run that was started earlier: the one with this number, film or folder; by default the latest.",
)
@style_option("Style")
@click.pass_context
def tui(ctx: click.Context, /, movie: Path | None, attach: str | None, style: str | None, **values: Any) -> int:
    """Stylise MOVIE with live preview, statistics, pause and stop. Takes all options of `streamstyle run`."""
    if attach is not None:
        return _open_app(find_run(attach) if attach else _latest_run())
    typed = {name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    has_style = bool(style or values["script"] or values["keyframes"])
    if movie is None or not has_style or typed == {"movie"}:
        if typed - {"movie"}:
            raise SettingsError(
                "options need both MOVIE and --style",
                "Give both; or MOVIE alone, or nothing: the start screen asks for the rest.",
            )
        return _open_app(None, movie, _initial_state(ctx))
    arguments = tuple(ctx.obj[1:])
    if reason := why_no_tui():
        click.echo(f"streamstyle: {reason}: continuing as `streamstyle run`", err=True)
        with run.make_context("run", list(arguments), ctx.parent, obj=["run", *arguments]) as run_context:
            return int(run.invoke(run_context) or 0)
    parsed = run_arguments(movie, {**values, "style": style})
    video = None
    if parsed.needs_video:
        video, _ = probe_stated_range(movie, parsed.settings.source, parsed.sample, parsed.time_range)
    return _open_app(RunRequest(arguments, movie, parsed.find_output(video)))


assert isinstance(tui, ConfiguredCommand)
tui.configured_as = run
tui.params += [parameter for parameter in run.params if parameter.name not in _OMITTED]


def why_no_tui() -> str:
    """Return why no screen can be drawn here; empty if it can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        return "there is no terminal here"
    if os.environ.get("TERM", "") in ("", "dumb"):
        return "this terminal cannot draw a screen"
    if codecs.lookup(sys.stderr.encoding).name != "utf-8":  # Textual draws on standard error
        return "this locale has no UTF-8"
    return ""


def _latest_run() -> RunFolder:
    """Return the latest active run; if there is none, the latest run."""
    runs = list_runs()
    if not runs:
        raise SettingsError("there is no run to show", "Start one: streamstyle run MOVIE --style STYLE.")
    return next((run for run in runs if run.is_alive()), runs[0])


def _initial_state(ctx: click.Context) -> SetupState:
    """Return what the start screen begins with: the defaults of the config file, which its run does not read again."""
    from streamstyle.tui.setup.initial_state import FIELDS, initial_state

    assert isinstance(ctx.command, ConfiguredCommand)
    defaults = ctx.default_map or {}
    more = ctx.command.as_arguments({name: value for name, value in defaults.items() if name not in FIELDS})
    more += ["--no-config"] if config_path().exists() else []
    return initial_state(defaults, more, suffix_for(defaults.get("purpose")).lstrip("."))


def _open_app(
    subject: RunRequest | RunFolder | None, movie: Path | None = None, initial: SetupState | None = None
) -> int:
    """Run the TUI and return its exit code; `subject` is what it shows, None for the start screen."""
    if reason := why_no_tui():
        advice = "Give MOVIE and --style, as for `streamstyle run`." if subject is None else "Use a terminal."
        raise SettingsError(f"streamstyle tui needs a terminal: {reason}", advice)
    from streamstyle.tui.app import StreamstyleApp
    from streamstyle.tui.terminal_query import query_terminal

    app = StreamstyleApp(subject, movie, terminal=query_terminal(), initial=initial)
    app.run()
    return app.return_code or 0
