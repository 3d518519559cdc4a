"""Estimates what a run would do and cost in time and disk space, from a trial run of a few frames.

The film is read only where `plan` is asked to count; otherwise its length is what the container states.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf
from pathlib import Path

from streamstyle.errors import VideoError
from streamstyle.events import Event
from streamstyle.media.file_clock import ClockRepair
from streamstyle.media.reader import demux, open_at
from streamstyle.media.stream_plan import StreamAction, StreamPlan, plan_streams
from streamstyle.settings import Settings
from streamstyle.stages.decode import decode
from streamstyle.stages.shots import number_shots
from streamstyle.styles.frame_looks import FrameLooks
from streamstyle.styles.spec import StyleBlend
from streamstyle.trial import TrialRun, cap_iterations, full_to_trial_ratio, run_trials
from streamstyle.video_info import VideoInfo

_SAMPLED_SECONDS = 60.0
"""Length of the section of a long film from which the size of its copied streams is extrapolated."""

_MAX_INTERLEAVE = 10
"""Largest distance in seconds between packets of the same time in a file."""


@dataclass(frozen=True, slots=True)
class Planned(Event):
    """What a run would do; nothing has been written."""

    video: str
    output: str
    source_width: int
    source_height: int
    width: int
    height: int
    upscale: int
    """Factor from the working size to the size of the output."""
    frames: int
    """Counted if there are `cuts`; otherwise an estimate, by what the container states."""
    duration: float | None
    cuts: tuple[float, ...] | None
    """Seconds from the start of the range to the first frame of each shot but the first; None if not counted."""
    method: str
    style: str
    streams: tuple[StreamPlan, ...]
    seconds_per_frame: float
    seconds: float
    """For the frames that are not yet in the output."""
    bytes: int
    """Size of the whole output."""
    resumed_frames: int = 0
    """Frames that an earlier run has written, after which a run would continue."""
    adaptation_seconds: float = 0.0
    """Time for which the style is adapted to the film before; 0 if it is not, or has been."""
    warnings: tuple[str, ...] = ()
    """What a run would warn of before it starts, beside what becomes of the streams."""


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """What a run would take."""

    trial_frames: int
    """Frames stylised for the estimate."""
    seconds_per_frame: float
    seconds: float | None
    """None if the length of the film is unknown."""
    output_bytes: int | None
    """None before the trial has ended."""


def plan(
    video: VideoInfo,
    output: Path,
    blend: StyleBlend,
    settings: Settings,
    on_progress: Callable[[int], None] | None = None,
    resumed_frames: int = 0,
    adaptation_seconds: float = 0.0,
) -> Planned:
    """Stylise a few frames of the range, and return what a run would do and cost.

    With `on_progress` the whole range is decoded first; it gets the number of frames so far. `resumed_frames` are in
    the output already. The trial is written to a temporary folder and removed. VideoError if the number of frames is
    not known.
    """
    streams = plan_streams(video, output)
    if video.frames is None:
        raise VideoError(
            "how many frames a piped film has is not known before its end", "Leave out --dry-run, or give a file."
        )
    looks = FrameLooks.of(video, settings.looks(blend))
    frames, cuts = (video.frames, None) if on_progress is None else _count_frames(video, looks, on_progress)
    shots = 1 if cuts is None else len(cuts) + 1
    trial = run_trials(video, output.suffix, blend, cap_iterations(settings))
    seconds = trial.seconds * full_to_trial_ratio(settings, shots / max(1, frames))
    copied = _estimate_copied_bytes(video, streams) if cuts is None else copied_bytes(video, streams)
    return Planned(
        video=str(video.path),
        output=str(output),
        source_width=video.source_width,
        source_height=video.source_height,
        width=video.width,
        height=video.height,
        upscale=settings.upscale.upscale,
        frames=frames,
        duration=video.duration,
        cuts=None if cuts is None else tuple(cuts),
        method=settings.consistency.method,
        style=blend.name,
        streams=streams,
        seconds_per_frame=seconds,
        seconds=seconds * max(0, frames - resumed_frames),
        bytes=round(trial.video_bytes(frames, shots) + copied),
        resumed_frames=resumed_frames,
        adaptation_seconds=adaptation_seconds,
        warnings=trial.warnings,
    )


def _count_frames(video: VideoInfo, looks: FrameLooks, on_progress: Callable[[int], None]) -> tuple[int, list[float]]:
    """Return the number of frames, and the times of the cuts in seconds."""
    count, shot, cuts = 0, 0, []
    for frame in number_shots(decode(video), looks_break=looks.breaks):
        count += 1
        if frame.shot != shot:
            shot = frame.shot
            cuts.append(float((frame.pts - video.start_pts) * video.time_base))
        on_progress(count)
    return count, cuts


def estimate_cost(
    video: VideoInfo,
    output: Path,
    blend: StyleBlend,
    settings: Settings,
    on_progress: Callable[[CostEstimate], None],
    stop: threading.Event,
) -> CostEstimate:
    """Stylise a few frames of the requested range and estimate time and size of all of it.

    `on_progress` gets what is known after each frame; when `stop` is set the trial ends with the current frame.
    """

    def cost(trial: TrialRun, size: float | None) -> CostEstimate:
        seconds = trial.seconds * full_to_trial_ratio(settings, 1 / max(1, video.frames or 0))
        total = None if video.frames is None else seconds * video.frames
        return CostEstimate(trial.frames, seconds, total, None if size is None else round(size))

    def report(trial: TrialRun) -> None:
        on_progress(cost(trial, None))

    trial = run_trials(video, output.suffix, blend, cap_iterations(settings), report, stop)
    if video.frames is None or stop.is_set():
        return cost(trial, None)
    return cost(trial, trial.video_bytes(video.frames) + _estimate_copied_bytes(video, plan_streams(video, output)))


def _estimate_copied_bytes(video: VideoInfo, streams: tuple[StreamPlan, ...]) -> float:
    """Return the size of the copied streams; for a long film extrapolated from a minute in its middle."""
    if video.duration is None or video.duration <= 2 * _SAMPLED_SECONDS:
        return copied_bytes(video, streams)
    minute = replace(video.starting_at(video.duration / 2), duration=_SAMPLED_SECONDS)
    return copied_bytes(minute, streams) * video.duration / _SAMPLED_SECONDS


def copied_bytes(video: VideoInfo, streams: tuple[StreamPlan, ...]) -> int:
    """Return the size of the copied streams within the range."""
    copied = {each.stream.index for each in streams if each.action is not StreamAction.left_out}
    if not copied:
        return 0
    start, total = float(video.start_pts * video.time_base), 0
    end = start + (inf if video.duration is None else video.duration)
    with open_at(video.path, None if video.joins else Fraction(start - _MAX_INTERLEAVE)) as container:
        repair = ClockRepair(video.joins)
        for packet in demux(container, *(container.streams[index] for index in sorted(copied))):
            repair.apply(packet)
            time = float(packet.pts * packet.time_base) if packet.pts is not None and packet.time_base else start
            if start <= time < end:
                total += packet.size
            elif time > end + _MAX_INTERLEAVE:
                break
    return total
