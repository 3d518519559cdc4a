"""`streamstyle upscale` upscales a stylised film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from streamstyle.cli.config import ConfiguredCommand, config_options
from streamstyle.cli.console import report_to, resume_hint
from streamstyle.cli.media_args import TimeRange, confirm_output, probe_range
from streamstyle.cli.options import (
    FILE,
    console_options,
    device_option,
    grouped_option,
    output_options,
    settings_options,
    threads_option,
    time_range_options,
)
from streamstyle.cli.run_warnings import film_warnings, stream_warnings
from streamstyle.errors import EXIT_INTERRUPTED
from streamstyle.events import Stopped, Warned
from streamstyle.option_values import settings_from
from streamstyle.settings import MAX_UPSCALE, Device, EncoderSettings, Settings, SourceSettings, UpscaleSettings

_UPSCALE_FACTOR = click.IntRange(2, MAX_UPSCALE)


@click.command(cls=ConfiguredCommand, short_help="Upscale a stylised film.")
@click.argument("movie", type=FILE)
@grouped_option("Upscaling")(
    "--factor", type=_UPSCALE_FACTOR, default=2, show_default=True, metavar="N", help="Factor of width and height."
)
@device_option("Upscaling")
@threads_option("Upscaling")
@time_range_options("Input")
@output_options(
    "Output", "Output file; its suffix selects the container. Default: MOVIE.HEIGHTp.mkv beside MOVIE.", restart=True
)
@settings_options(EncoderSettings, "Output")
@config_options
@console_options
def upscale(
    movie: Path,
    factor: int,
    output: Path | None,
    yes: bool,
    restart: bool,
    sample: float | None,
    time_range: TimeRange | None,
    device: str,
    threads: int,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> int:
    """Upscale MOVIE, a stylised film, with a network trained on brush strokes.

    Sound, subtitles, chapters and metadata are copied. The same command resumes a run that was stopped or killed.
    """
    settings, encoder = UpscaleSettings(factor), settings_from(EncoderSettings, values)
    machine = Settings(device=Device(device), threads=threads)
    video, source = probe_range(movie, SourceSettings(), sample, time_range)
    output = output or movie.with_name(f"{movie.stem}.{factor * video.height}p.mkv")
    confirm_output(output, [movie], replace=yes, can_ask=not as_json)
    from streamstyle.pipeline import upscale_video

    with report_to(as_json, quiet, resume_hint(restart)) as (observe, stop):
        for warning in (*stream_warnings(video, output), *film_warnings(video, output, source)):
            observe(Warned(warning))
        end = upscale_video(video, output, settings, encoder, machine.device, observe, stop, restart, machine.threads)
    return EXIT_INTERRUPTED if isinstance(end, Stopped) else 0
