"""`streamstyle run --dry-run`: what a run would do, and what it would take."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streamstyle.cli.console import ProgressLine, print_json
from streamstyle.cli.media_args import probe_range, probe_stated_range
from streamstyle.cli.run_arguments import RunArguments
from streamstyle.cli.run_warnings import film_warnings
from streamstyle.formatting import format_bytes, format_duration, format_rough_duration, format_speed
from streamstyle.resume.signature import run_inputs, run_signature
from streamstyle.settings import Settings
from streamstyle.styles.adaptation import Adaptation, find_adapted
from streamstyle.styles.spec import StyleBlend

if TYPE_CHECKING:
    from streamstyle.estimate import Planned
    from streamstyle.media.stream_plan import StreamPlan
    from streamstyle.video_info import VideoInfo


def plan_one(film: Path, make_arguments: Callable[[Path], RunArguments], *, count: bool, as_json: bool) -> int:
    """Print what a run of a film would do and take."""
    planned = plan_film(make_arguments(film), count=count)
    if as_json:
        print_json(planned)
    else:
        click.echo("\n".join(plan_rows(planned)))
    return 0


def plan_film(arguments: RunArguments, *, count: bool) -> Planned:
    """Return what a run would do, after stylising a few frames to measure the speed; with `count`, read all of them."""
    probe = probe_range if count else probe_stated_range
    video, source = probe(arguments.movie, arguments.settings.source, arguments.sample, arguments.time_range)
    adaptation = arguments.adaptation
    blend, seconds = (arguments.blend, 0.0) if adaptation is None else _adapted_already(adaptation)
    arguments = replace(arguments, blend=blend, settings=replace(arguments.settings, source=source))
    return _plan(
        video,
        arguments.find_output(video),
        blend,
        arguments.settings,
        count=count,
        restart=arguments.restart,
        adaptation_seconds=seconds,
    )


def _adapted_already(adaptation: Adaptation) -> tuple[StyleBlend, float]:
    """Return the adapted style if it has been made; otherwise the style, and the seconds that adapting it takes.

    Raises StreamstyleError if a painting of a key frame cannot be used.
    """
    if adapted := find_adapted(adaptation):
        return adapted, 0.0
    if adaptation.keyframes:
        from streamstyle.train.adaptation import check_paintings

        check_paintings(adaptation)
    return adaptation.blend, adaptation.seconds


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
    from streamstyle.resume.checkpoints import resume_warnings
    from streamstyle.resume.earlier_run import check_own, resumable_frames

    check_output(output, run_inputs(video, blend, settings))
    check_own(output)
    signature = run_signature(video, blend, settings)
    warnings = [*film_warnings(video, output, settings.source, settings.script), *resume_warnings(video, output)]
    resumed_frames = 0
    if not restart:
        resumed_frames = resumable_frames(output, signature, warnings.append, range_is_known=count)
    line = ProgressLine(sys.stderr)
    of = f"/{video.frames}" if video.frames else ""
    on_progress = (lambda n: line.show(f"reading frame {n}{of}")) if count else None
    try:
        planned = plan(video, output, blend, settings, on_progress, resumed_frames, adaptation_seconds)
        return replace(planned, warnings=(*warnings, *planned.warnings))
    finally:
        line.clear()


def plan_rows(planned: Planned) -> list[str]:
    """Return the lines of a table."""
    output = Path(planned.output)
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
        ("time", f"about {time}, at {speed}, measured on a few of its frames{adaptation}"),
        ("disk", f"about {format_bytes(planned.bytes)}, {format_bytes(free)} free"),
        *(("warning", warning) for warning in planned.warnings),
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
