"""`streamstyle upscale`: a finished film, at two to four times the size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamstyle.commands.output import check_output
from streamstyle.commands.part import Bounds, probe_range
from streamstyle.commands.run import warn_dropped_streams
from streamstyle.events import Stopped
from streamstyle.settings import MAX_UPSCALE, Device, UpscaleSettings, EncoderSettings, SourceSettings
from streamstyle.terminal.interrupts import EXIT_INTERRUPTED
from streamstyle.terminal.options import (
    FILE,
    GroupedCommand,
    settings_from,
    console_options,
    device_option,
    output_options,
    settings_options,
    time_range_options,
    grouped_option,
)
from streamstyle.terminal.watch import resume_hint, report_to

if TYPE_CHECKING:
    from streamstyle.film import VideoInfo

_UPSCALE_FACTOR = click.IntRange(2, MAX_UPSCALE)


@click.command(cls=GroupedCommand, short_help="Upscale a film that has been stylised.")
@click.argument("movie", type=FILE)
@grouped_option("Upscaling")(
    "--factor", type=_UPSCALE_FACTOR, default=2, metavar="N", help="Times as wide and high.  [default: 2]"
)
@output_options("Upscaling", "Default: MOVIE.HEIGHTp.mkv beside the film.", restart=True)
@time_range_options("Upscaling")
@device_option("Upscaling")
@settings_options(EncoderSettings, "Encoding")
@console_options
def upscale(
    movie: Path,
    factor: int,
    output: Path | None,
    yes: bool,
    restart: bool,
    sample: float | None,
    part: Bounds | None,
    device: str,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> int:
    """Upscale MOVIE, a stylised film, with a network trained on brush strokes.

    Sound, subtitles, chapters and metadata are copied. The same command resumes a run that was stopped or killed.
    """
    settings, encoding = UpscaleSettings(factor), settings_from(EncoderSettings, values)
    film, _ = probe_range(movie, SourceSettings(), sample, part)
    output = output or _upscaled_output(film, factor)
    check_output(output, movie, replace=yes, can_ask=not as_json)
    from streamstyle.pipeline import upscale_video

    with report_to(as_json, quiet, resume_hint(restart)) as (observe, stop):
        warn_dropped_streams(film, output, observe)
        ended = upscale_video(film, output, settings, encoding, Device(device), observe, stop, restart)
    return EXIT_INTERRUPTED if isinstance(ended, Stopped) else 0


def _upscaled_output(film: VideoInfo, factor: int) -> Path:
    """Return `MOVIE.HEIGHTp.mkv` beside the film."""
    return film.path.with_name(f"{film.path.stem}.{factor * film.height}p.mkv")
