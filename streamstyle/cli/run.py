"""`streamstyle run`: a film goes in, a painting that moves comes out."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamstyle.cli.console import ProgressLine, print_json, report_to, resume_hint
from streamstyle.cli.errors import to_failed
from streamstyle.cli.media_args import Bounds, check_output, default_output, probe_range
from streamstyle.cli.options import (
    FILE,
    GroupedCommand,
    console_options,
    device_option,
    grouped_option,
    output_options,
    settings_options,
    time_range_options,
)
from streamstyle.cli.run_arguments import run_options, settings_from_options
from streamstyle.errors import EXIT_INTERRUPTED
from streamstyle.events import Observer, Stopped, Warned
from streamstyle.formatting import format_bytes, format_duration, format_speed
from streamstyle.option_values import settings_from
from streamstyle.settings import MAX_UPSCALE, Device, EncoderSettings, Settings, SourceSettings, UpscaleSettings
from streamstyle.styles.spec import StyleBlend, parse_style

if TYPE_CHECKING:
    from streamstyle.estimate import Planned
    from streamstyle.media.stream_plan import StreamPlan
    from streamstyle.video_info import VideoInfo

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
    from streamstyle.media.stream_plan import plan_streams

    for carried in plan_streams(film, output):
        if carried.reason:
            observe(Warned(f"stream #{carried.stream.index} is {carried.action}: {carried.reason}"))


def _probe_range(
    movie: Path, settings: Settings, sample: float | None, part: Bounds | None
) -> tuple[VideoInfo, Settings]:
    """Return the film, and the settings with the part of it that is asked for."""
    film, source = probe_range(movie, settings.source, sample, part)
    return film, replace(settings, source=source)


def print_plan(
    film: VideoInfo, output: Path, mix: StyleBlend, settings: Settings, as_json: bool, restart: bool
) -> None:
    """Print what a run would do; write nothing."""
    from streamstyle.estimate import plan
    from streamstyle.media.output_file import check_output
    from streamstyle.resume.checkpoint import find_checkpoint
    from streamstyle.resume.signature import run_signature

    check_output(output, film.path)
    checkpoint = None if restart else find_checkpoint(output, film.path, run_signature(film, mix, settings))
    resumed_frames = checkpoint.resume_point.frames if checkpoint else 0
    line = ProgressLine(sys.stderr)
    of = f"/{film.frames}" if film.frames else ""
    try:
        planned = plan(film, output, mix, settings, lambda n: line.show(f"reading frame {n}{of}"), resumed_frames)
    finally:
        line.clear()
    if as_json:
        print_json(planned)
    else:
        click.echo("\n".join(_plan_rows(planned, output)))


def _plan_rows(planned: Planned, output: Path) -> list[str]:
    length = f", {format_duration(planned.duration)}" if planned.duration is not None else ""
    cuts = f", cuts at {', '.join(format_duration(cut) for cut in planned.cuts)}" if planned.cuts else ""
    free = shutil.disk_usage(output.parent).free
    speed = format_speed(1, planned.seconds_per_frame)
    rows = [
        ("film", planned.video),
        ("output", planned.output + (" (exists; -y replaces it)" if output.exists() else "")),
        ("size", _size_text(planned)),
        ("frames", f"{planned.frames}{length}{_resumed_text(planned)}"),
        ("shots", f"{len(planned.cuts) + 1}{cuts}"),
        ("style", f"{planned.style}, method {planned.method}"),
        *(_stream_text(carried) for carried in planned.streams),
        ("time", f"about {format_duration(planned.seconds)}, at {speed}, measured on frames from the middle"),
        ("disk", f"about {format_bytes(planned.bytes)}, {format_bytes(free)} free"),
    ]
    return [f"{name:<11}{text}" for name, text in rows]


def _resumed_text(planned: Planned) -> str:
    return f", resuming after frame {planned.resumed_frames}" if planned.resumed_frames else ""


def _size_text(planned: Planned) -> str:
    painted = f"{planned.source_width}x{planned.source_height} → {planned.width}x{planned.height}"
    times = planned.upscale
    return painted if times == 1 else f"{painted}, upscaled to {times * planned.width}x{times * planned.height}"


def _stream_text(carried: StreamPlan) -> tuple[str, str]:
    stream = carried.stream
    about = " ".join(part for part in (stream.codec, stream.language, stream.title) if part and part != "und")
    return stream.kind, f"#{stream.index} {about}: {carried.action}" + (f", {carried.reason}" if carried.reason else "")


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
