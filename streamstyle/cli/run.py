"""`streamstyle run` stylises a film, `streamstyle upscale` upscales a stylised one; `run --dry-run` estimates."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamstyle.cli.config import ConfiguredCommand, config_options
from streamstyle.cli.console import ProgressLine, print_json, report_to, resume_hint
from streamstyle.cli.errors import to_failed
from streamstyle.cli.media_args import (
    TimeRange,
    confirm_output,
    default_output,
    probe_range,
    probe_stated_range,
    require_free_stdout,
)
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
from streamstyle.cli.purposes import suffix_for
from streamstyle.cli.run_arguments import run_options, settings_from_options
from streamstyle.errors import EXIT_INTERRUPTED, SettingsError
from streamstyle.events import Observer, Stopped, Warned
from streamstyle.formatting import format_bytes, format_duration, format_rough_duration, format_speed
from streamstyle.option_values import settings_from
from streamstyle.resume.signature import run_inputs, run_signature
from streamstyle.settings import (
    MAX_UPSCALE,
    ClusterSettings,
    Device,
    Distribute,
    EncoderSettings,
    Settings,
    SourceSettings,
    UpscaleSettings,
)
from streamstyle.styles.spec import StyleBlend, parse_style

if TYPE_CHECKING:
    from streamstyle.estimate import Planned
    from streamstyle.media.stream_plan import StreamPlan
    from streamstyle.pipeline import FlowAhead
    from streamstyle.video_info import VideoInfo

_RUN_EPILOG = """
Any image can be used as a style at once; `streamstyle learn IMAGE` trains a network for it, used from then on.
Ctrl-C stops after the current frame and leaves a playable output under a partial name; a second Ctrl-C aborts at once.
The same command resumes the run, also after a crash.

Exit codes: 0 done, 2 usage or setting, 3 film, 4 output, 5 style, 6 device, 70 internal error, 130 stopped.
"""
_UPSCALE_FACTOR = click.IntRange(2, MAX_UPSCALE)


@click.command(cls=ConfiguredCommand, epilog=_RUN_EPILOG, short_help="Stylise a film.")
@run_options
def run(
    movie: Path,
    style: str,
    adapt: float | None,
    output: Path | None,
    yes: bool,
    restart: bool,
    purpose: str | None,
    sample: float | None,
    time_range: TimeRange | None,
    dry_run: bool,
    count: bool,
    quiet: bool,
    as_json: bool,
    run_folder: Path | None,
    **values: Any,
) -> int:
    """Stylise the film MOVIE so that it does not flicker: what stands still in the scene stands still in the output.

    Sound, subtitles, chapters and metadata are copied.
    """
    settings, cluster = settings_from_options(values, time_range), settings_from(ClusterSettings, values)
    require_free_stdout(output, as_json=as_json)
    if count and not dry_run:
        raise SettingsError("--count counts the frames for --dry-run", "Give both, or leave it out.")
    if dry_run:
        blend = parse_style(style)
        output = output or default_output(movie, blend.name, suffix_for(purpose))
        video, source = (probe_range if count else probe_stated_range)(movie, settings.source, sample, time_range)
        blend, adapt = _adapted_already(movie, blend, adapt, source)
        settings = replace(settings, source=source)
        planned = _plan(video, output, blend, settings, count=count, restart=restart, adaptation_seconds=adapt or 0.0)
        if as_json:
            print_json(planned)
        else:
            click.echo("\n".join(_plan_rows(planned, output)))
        return 0

    from streamstyle.runs.folder import RunFolder, new_run_folder
    from streamstyle.runs.monitor import open_session

    folder = RunFolder(run_folder) if run_folder else new_run_folder(movie)
    folder.check_owner()
    command_line = click.get_current_context().obj or []
    with open_session(folder, command_line, lambda error: to_failed(error, debug=False)) as session:
        blend = parse_style(style)
        output = output or default_output(movie, blend.name, suffix_for(purpose))
        video, settings = _probe_range(movie, settings, sample, time_range)
        confirm_output(output, run_inputs(video, blend, settings), replace=yes, can_ask=not as_json)
        from streamstyle.pipeline import stylise_video

        with report_to(as_json, quiet, resume_hint(restart)) as (observe_console, stop):
            in_pieces = cluster.cluster is not None and cluster.distribute is Distribute.pieces
            if in_pieces:
                observe, on_poll = session.attach_head(observe_console, stop)
            else:
                observe, on_frame = session.attach(observe_console, stop)
            _warn(video, output, observe)
            if adapt is not None:
                adapted = _adapt(movie, blend, adapt, settings, observe, stop)
                if adapted is None:
                    observe(Stopped(str(output), 0, 0.0))
                    return EXIT_INTERRUPTED
                blend = adapted
            if in_pieces:
                from streamstyle.cluster.at_address import run_at_address

                end = run_at_address(video, output, blend, settings, cluster, observe, stop, on_poll, restart)
            else:
                with _flow_ahead(video, settings, cluster, observe, stop) as ahead:
                    end = stylise_video(
                        video, output, blend, settings, observe, stop, on_frame, restart, flow_ahead=ahead
                    )
    return EXIT_INTERRUPTED if isinstance(end, Stopped) else 0


@contextmanager
def _flow_ahead(
    video: VideoInfo, settings: Settings, cluster: ClusterSettings, observe: Observer, stop: threading.Event
) -> Iterator[FlowAhead | None]:
    """Yield what computes flow on the cluster; None if there is none."""
    if cluster.cluster is None:
        yield None
        return
    if not settings.needs_flow:
        raise SettingsError("--distribute flow is for runs that need flow; this one needs none", "Leave it out.")
    from streamstyle.cluster.at_address import flow_at_address

    with flow_at_address(video, settings, cluster, observe, stop) as ahead:
        yield ahead


def _adapted_already(
    movie: Path, blend: StyleBlend, seconds: float | None, source: SourceSettings
) -> tuple[StyleBlend, float | None]:
    """Return the adapted style if it has been made; otherwise the style, and the seconds that adapting it takes."""
    if seconds is None:
        return blend, None
    from streamstyle.train.adaptation import check_adaptation, find_adapted

    check_adaptation(blend, seconds)
    adapted = find_adapted(movie, source, blend, seconds)
    return (blend, seconds) if adapted is None else (adapted, None)


def _adapt(
    movie: Path, blend: StyleBlend, seconds: float, settings: Settings, observe: Observer, stop: threading.Event
) -> StyleBlend | None:
    """Return the style adapted to the film; None if the training was stopped."""
    from streamstyle.gpu.device import set_threads
    from streamstyle.train.adaptation import adapt_style, check_adaptation

    check_adaptation(blend, seconds)
    set_threads(settings.threads)
    return adapt_style(movie, settings.source, blend, seconds, settings.device, observe, stop)


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
    video, _ = probe_range(movie, SourceSettings(), sample, time_range)
    output = output or movie.with_name(f"{movie.stem}.{factor * video.height}p.mkv")
    confirm_output(output, [movie], replace=yes, can_ask=not as_json)
    from streamstyle.pipeline import upscale_video

    with report_to(as_json, quiet, resume_hint(restart)) as (observe, stop):
        _warn(video, output, observe)
        end = upscale_video(video, output, settings, encoder, machine.device, observe, stop, restart, machine.threads)
    return EXIT_INTERRUPTED if isinstance(end, Stopped) else 0


def _probe_range(
    movie: Path, settings: Settings, sample: float | None, time_range: TimeRange | None
) -> tuple[VideoInfo, Settings]:
    """Return the requested range of the video, and the settings with that range."""
    video, source = probe_range(movie, settings.source, sample, time_range)
    return video, replace(settings, source=source)


def _warn(video: VideoInfo, output: Path, observe: Observer) -> None:
    """Warn of what the output will not hold as the film does."""
    from streamstyle.media.output_warnings import output_warnings

    for warning in output_warnings(video, output):
        observe(Warned(warning))


def _plan(
    video: VideoInfo,
    output: Path,
    blend: StyleBlend,
    settings: Settings,
    *,
    count: bool,
    restart: bool,
    adaptation_seconds: float,
) -> Planned:
    """Return what a run would do, after stylising a few frames to measure the speed; with `count`, read all of them."""
    from streamstyle.estimate import plan
    from streamstyle.media.output_names import check_output
    from streamstyle.resume.earlier_run import check_own, resumable_frames

    check_output(output, run_inputs(video, blend, settings))
    check_own(output)
    signature = run_signature(video, blend, settings)
    resumed_frames = 0 if restart else resumable_frames(output, signature, range_is_known=count)
    line = ProgressLine(sys.stderr)
    of = f"/{video.frames}" if video.frames else ""
    on_progress = (lambda n: line.show(f"reading frame {n}{of}")) if count else None
    try:
        return plan(video, output, blend, settings, on_progress, resumed_frames, adaptation_seconds)
    finally:
        line.clear()


def _plan_rows(planned: Planned, output: Path) -> list[str]:
    duration = f", {format_duration(planned.duration)}" if planned.duration is not None else ""
    resumed = f", resuming after frame {planned.resumed_frames}" if planned.resumed_frames else ""
    free = shutil.disk_usage(output.parent).free
    time, speed = format_rough_duration(planned.seconds), format_speed(1, planned.seconds_per_frame)
    about = "about " if planned.cuts is None else ""
    before = planned.adaptation_seconds
    adaptation = f", after {format_rough_duration(before)} in which the style is adapted to the film" if before else ""
    rows = [
        ("film", planned.video),
        ("output", planned.output + (" (exists; -y replaces it)" if output.exists() else "")),
        ("size", _size_text(planned)),
        ("frames", f"{about}{planned.frames}{duration}{resumed}"),
        ("shots", _shots_text(planned.cuts)),
        ("style", f"{planned.style}, method {planned.method}"),
        *((plan.stream.kind, _stream_text(plan)) for plan in planned.streams),
        ("time", f"about {time}, at {speed}, measured on frames from the middle{adaptation}"),
        ("disk", f"about {format_bytes(planned.bytes)}, {format_bytes(free)} free"),
    ]
    return [f"{name:<11}{text}" for name, text in rows]


def _shots_text(cuts: tuple[float, ...] | None) -> str:
    if cuts is None:
        return "not counted; --count reads the whole film"
    return f"{len(cuts) + 1}" + (f", cuts at {', '.join(map(format_duration, cuts))}" if cuts else "")


def _size_text(planned: Planned) -> str:
    size = f"{planned.source_width}x{planned.source_height} → {planned.width}x{planned.height}"
    if planned.upscale == 1:
        return size
    return f"{size}, upscaled to {planned.upscale * planned.width}x{planned.upscale * planned.height}"


def _stream_text(plan: StreamPlan) -> str:
    stream = plan.stream
    return f"#{stream.index} {stream.label}: {plan.action}" + (f", {plan.reason}" if plan.reason else "")
