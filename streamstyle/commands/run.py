"""`streamstyle run`: a film goes in, a painting that moves comes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamstyle.commands.dry_run import print_plan
from streamstyle.commands.output import check_output, default_output
from streamstyle.commands.part import Bounds, probe_range
from streamstyle.commands.run_arguments import run_options, settings_from_options
from streamstyle.events import Observer, Stopped, Warned
from streamstyle.settings import Settings
from streamstyle.styles.spec import parse_style
from streamstyle.terminal.failures import to_failed
from streamstyle.terminal.interrupts import EXIT_INTERRUPTED
from streamstyle.terminal.options import GroupedCommand
from streamstyle.terminal.watch import resume_hint, report_to

if TYPE_CHECKING:
    from streamstyle.film import VideoInfo

_RUN_EPILOG = """
Any image is a style at once; `streamstyle learn IMAGE` trains a network for it alone, used from then on.
Ctrl-C finishes the current frame and leaves a playable film under a partial name; a second Ctrl-C aborts at once. The
same command resumes the run, also after a crash; --restart starts again from the first frame.

Exit codes: 0 done, 2 usage or setting, 3 film, 4 output, 5 style, 6 device, 70 internal error, 130 stopped.
"""


@click.command(cls=GroupedCommand, epilog=_RUN_EPILOG, short_help="Stylise a film.")
@run_options
def run(
    movie: Path,
    style: str,
    output: Path | None,
    yes: bool,
    restart: bool,
    sample: float | None,
    part: Bounds | None,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
    run_folder: Path | None,
    **values: Any,
) -> int:
    """Stylise MOVIE; what stands still in the scene stands still in the output.

    Sound, subtitles, chapters and metadata are copied.
    """
    settings = settings_from_options(values, part or (None, None))
    if dry_run:
        mix = parse_style(style)
        film, settings = _probe_range(movie, settings, sample, part)
        print_plan(film, output or default_output(movie, mix.name), mix, settings, as_json, restart)
        return 0

    from streamstyle.runs.folder import RunFolder, new_run_folder
    from streamstyle.runs.monitor import open_session

    folder = RunFolder(run_folder) if run_folder else new_run_folder(movie)
    with open_session(
        folder, click.get_current_context().obj or [], lambda error: to_failed(error, debug=False)
    ) as opened:
        mix = parse_style(style)
        film, settings = _probe_range(movie, settings, sample, part)
        output = output or default_output(movie, mix.name)
        check_output(output, movie, replace=yes, can_ask=not as_json)
        from streamstyle.pipeline import stylise_video

        with report_to(as_json, quiet, resume_hint(restart)) as (tell, stop):
            observe, look = opened.attach(tell, stop)
            warn_dropped_streams(film, output, observe)
            ended = stylise_video(film, output, mix, settings, observe, stop, look, restart)
    return EXIT_INTERRUPTED if isinstance(ended, Stopped) else 0


def warn_dropped_streams(film: VideoInfo, output: Path, observe: Observer) -> None:
    """Say, before any work is done, which streams the output's container cannot hold as they are."""
    from streamstyle.media.carry import plan_streams

    for carried in plan_streams(film, output):
        if carried.reason:
            observe(Warned(f"stream #{carried.stream.index} is {carried.action}: {carried.reason}"))


def _probe_range(
    movie: Path, settings: Settings, sample: float | None, part: Bounds | None
) -> tuple[VideoInfo, Settings]:
    """Return the film, and the settings with the part of it that is asked for."""
    film, source = probe_range(movie, settings.source, sample, part)
    return film, replace(settings, source=source)
