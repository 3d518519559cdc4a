"""`streamstyle run --dry-run`: what a run would do, and an estimate of its time and size."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streamstyle.formatting import format_bytes, format_duration, format_speed
from streamstyle.mix import StyleBlend
from streamstyle.settings import Settings
from streamstyle.terminal.progress import ProgressLine
from streamstyle.terminal.watch import print_json

if TYPE_CHECKING:
    from streamstyle.estimate import Planned
    from streamstyle.film import VideoInfo
    from streamstyle.media.carry import StreamPlan


def print_plan(
    film: VideoInfo, output: Path, mix: StyleBlend, settings: Settings, as_json: bool, restart: bool
) -> None:
    """Print what a run would do; write nothing."""
    from streamstyle.estimate import plan
    from streamstyle.media.output import check_output
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
