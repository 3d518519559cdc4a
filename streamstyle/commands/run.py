"""`streamstyle run`: a film goes in, a painting that moves comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamstyle.commands import completion
from streamstyle.commands.output import check_output, default_output
from streamstyle.commands.part import Span, opened_part
from streamstyle.events import Observer, Stopped, Warned
from streamstyle.settings import (
    ConsistencySettings,
    Device,
    EnlargeSettings,
    FlowSettings,
    RuderSettings,
    Settings,
    SinkSettings,
    SourceSettings,
    StyleSettings,
)
from streamstyle.styles.spec import parse_style
from streamstyle.terminal.failures import told
from streamstyle.terminal.interrupts import INTERRUPTED
from streamstyle.terminal.options import (
    GroupedCommand,
    chosen,
    debug_option,
    json_option,
    quiet_option,
    settings_options,
    under,
)
from streamstyle.terminal.values import seconds, span
from streamstyle.terminal.watch import watched

if TYPE_CHECKING:
    from streamstyle.film import Film

_FILE = click.Path(path_type=Path)
_STYLE = "A style's name (see `streamstyle styles`), any image, a .safetensors file, or a blend: wave:0.6,my.jpg:0.4"
_EPILOG = """
Any image is a style at once; `streamstyle learn IMAGE` trains a network for it alone, used from then on.
Ctrl-C once finishes the frame and leaves a playable film under a partial name; twice aborts at once. The same command
goes on where it was, also after a crash; --restart begins anew.

Exit codes: 0 done, 2 wrong usage or setting, 3 film, 4 output, 5 style, 6 device, 70 fault of the program, 130 stopped.
"""

_result, _film = under("Style and output"), under("Film")


@click.command(cls=GroupedCommand, epilog=_EPILOG, short_help="Paint a film.")
@click.argument("movie", type=_FILE)
@_result("--style", required=True, metavar="STYLE", help=_STYLE, shell_complete=completion.styles)
@_result("--output", "-o", type=_FILE, help="Default: MOVIE.STYLE.mkv beside it.")
@_result("--yes", "-y", is_flag=True, help="Replace the output if it exists.")
@_result("--restart", is_flag=True, help="Begin anew, where an earlier run was stopped and could be gone on with.")
@_film("--sample", type=seconds, metavar="TIME", help="Only so much from the film's middle, such as 10s.")
@_film("--range", "part", type=span, metavar="A-B", help="Only this part, in seconds or [HH:]MM:SS.")
@settings_options(SourceSettings, "Film")
@settings_options(StyleSettings, "Style and output")
@settings_options(EnlargeSettings, "Style and output")
@settings_options(ConsistencySettings, "Painting")
@settings_options(RuderSettings, "Painting by --method ruder")
@settings_options(Settings, "Painting")
@settings_options(FlowSettings, "Motion")
@settings_options(SinkSettings, "Encoding")
@under("Talking")("--dry-run", is_flag=True, help="Say what would be done, how long it would take; write nothing.")
@quiet_option
@json_option
@under("Talking")("--run-folder", type=_FILE, help="Where others can look on; see `streamstyle tui --attach`.")
@debug_option
def run(
    movie: Path,
    style: str,
    output: Path | None,
    yes: bool,
    restart: bool,
    sample: float | None,
    part: Span | None,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
    run_folder: Path | None,
    **values: Any,
) -> int:
    """Paint MOVIE in a style, keeping still what stands still; sound, subtitles and chapters go along."""
    settings = settings_of(values, part or (None, None))
    if dry_run:
        from streamstyle.commands.dry_run import dry_run as plan

        mix = parse_style(style)
        film, settings = _opened(movie, settings, sample, part)
        return plan(film, output or default_output(movie, mix.name), mix, settings, as_json, restart)

    from streamstyle.runs.folder import RunFolder, new_run_folder
    from streamstyle.runs.monitor import open_session

    folder = RunFolder(run_folder) if run_folder else new_run_folder(movie)
    with open_session(folder, click.get_current_context().obj or [], lambda error: told(error, debug=False)) as opened:
        mix = parse_style(style)
        film, settings = _opened(movie, settings, sample, part)
        output = output or default_output(movie, mix.name)
        check_output(output, movie, replace_it=yes, may_ask=not as_json)
        from streamstyle.pipeline import stylise_video

        to_go_on = "the same command" + (" without --restart" if restart else "")
        with watched(as_json, quiet, to_go_on) as (tell, stop):
            observe, look = opened.attach(tell, stop)
            say_what_stays_behind(film, output, observe)
            ended = stylise_video(film, output, mix, settings, observe, stop, look, restart)
    return INTERRUPTED if isinstance(ended, Stopped) else 0


def say_what_stays_behind(film: Film, output: Path, observe: Observer) -> None:
    """Say, before any work is done, which streams the output's container cannot hold as they are."""
    from streamstyle.media.carry import plan_streams

    for carried in plan_streams(film, output):
        if carried.why:
            observe(Warned(f"stream #{carried.stream.index} is {carried.way}: {carried.why}"))


def settings_of(values: Mapping[str, Any], part: Span) -> Settings:
    """Return the settings that the options mean; raises SettingsError where one cannot work."""
    return Settings(
        source=chosen(SourceSettings, values, start=part[0], end=part[1]),
        flow=chosen(FlowSettings, values),
        consistency=chosen(ConsistencySettings, values),
        ruder=chosen(RuderSettings, values),
        style=chosen(StyleSettings, values),
        enlarge=chosen(EnlargeSettings, values),
        sink=chosen(SinkSettings, values),
        device=Device(values["device"]),
    )


def _opened(movie: Path, settings: Settings, sample: float | None, part: Span | None) -> tuple[Film, Settings]:
    """Return the film, and the settings with the part of it that is asked for."""
    film, source = opened_part(movie, settings.source, sample, part)
    return film, replace(settings, source=source)
