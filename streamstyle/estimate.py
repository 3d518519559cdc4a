"""What a run would do, and what it would cost in time and disk, from a few frames painted for it."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from statistics import fmean

import av

from streamstyle.events import Event, FrameWritten
from streamstyle.media.reader import seek
from streamstyle.media.stream_plan import StreamAction, StreamPlan, plan_streams
from streamstyle.pipeline import stylise_video
from streamstyle.settings import Method, Settings
from streamstyle.stages.decode import decode
from streamstyle.stages.shots import number_shots
from streamstyle.styles.spec import StyleBlend
from streamstyle.video_info import VideoInfo

TRIAL_FRAMES = 9
TRIAL_SECONDS = 3.0, 10.0
"""The trial ends after that many frames and the shorter time, or after the longer time once it has two frames."""

_MAX_INTERLEAVE = 10
"""Seconds by which streams may lie apart in a file."""

_TRIAL_ITERATIONS = 30
"""Of the method ruder, the most that a trial spends on a frame; more take so many times longer."""

_SAMPLED_SECONDS = 60.0
"""Length of the part of a long film whose copied streams stand for all of it."""

_MAX_GOP = 250
"""Frames after which an encoder starts anew at the latest, by its default."""


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
    """Times that the output is as wide and as high as that."""
    frames: int
    duration: float | None
    cuts: tuple[float, ...]
    """Seconds into the film of the first frame of each shot but the first."""
    method: str
    style: str
    streams: tuple[StreamPlan, ...]
    seconds_per_frame: float
    seconds: float
    """For the frames that are still to be painted."""
    bytes: int
    """For all of it."""
    resumed_frames: int = 0
    """Frames that an earlier run has painted, after which a run would go on."""


@dataclass(frozen=True, slots=True)
class TrialRun:
    """What a few painted frames cost."""

    seconds: float
    """A frame."""
    frames: int
    """Painted for it."""
    key_bytes: float = 0
    """A frame that the encoder starts anew with."""
    bytes: float = 0
    """Any other frame."""

    def picture_bytes(self, frames: int, shots: int = 1) -> float:
        """Return what the pictures of a film take on the disk."""
        keys = min(frames, max(shots, frames // _MAX_GOP))
        return keys * self.key_bytes + (frames - keys) * self.bytes


def plan(
    film: VideoInfo,
    output: Path,
    mix: StyleBlend,
    settings: Settings,
    on_progress: Callable[[int], None],
    earlier: int = 0,
) -> Planned:
    """Look at the whole film, paint a few frames of its middle, and say what a run would do and cost.

    `looking` is told the number of frames looked at so far; `earlier` of them are painted. The trial is written to a
    temporary folder and removed.
    """
    streams = plan_streams(film, output)
    frames, cuts = _count_frames(film, on_progress)
    cost = run_trial(film, output.suffix, mix, cap_iterations(settings))
    seconds = cost.seconds * full_to_trial_ratio(settings, (len(cuts) + 1) / max(1, frames))
    return Planned(
        video=str(film.path),
        output=str(output),
        source_width=film.source_width,
        source_height=film.source_height,
        width=film.width,
        height=film.height,
        upscale=settings.upscale.upscale,
        frames=frames,
        duration=film.duration,
        cuts=tuple(cuts),
        method=settings.consistency.method,
        style=mix.name,
        streams=streams,
        seconds_per_frame=seconds,
        seconds=seconds * max(0, frames - earlier),
        bytes=round(cost.picture_bytes(frames, len(cuts) + 1) + copied_bytes(film, streams)),
        resumed_frames=earlier,
    )


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


def estimate_cost(
    film: VideoInfo,
    output: Path,
    mix: StyleBlend,
    settings: Settings,
    on_progress: Callable[[CostEstimate], None],
    stop: threading.Event,
) -> CostEstimate:
    """Stylise a few frames of the requested range and estimate time and size of all of it.

    `on_progress` gets what is known after each frame; when `stop` is set the trial ends with the current frame.
    """

    def cost(trial: TrialRun, size: float | None) -> CostEstimate:
        seconds = trial.seconds * full_to_trial_ratio(settings, 1 / max(1, film.frames or 0))
        whole = None if film.frames is None else seconds * film.frames
        return CostEstimate(trial.frames, seconds, whole, None if size is None else round(size))

    trial = run_trial(
        film, output.suffix, mix, cap_iterations(settings), lambda known: on_progress(cost(known, None)), stop
    )
    if film.frames is None or stop.is_set():
        return cost(trial, None)
    return cost(trial, trial.picture_bytes(film.frames) + _estimate_copied_bytes(film, output))


def _estimate_copied_bytes(film: VideoInfo, output: Path) -> float:
    """Return the bytes of the copied streams; for a long film extrapolated from a minute in its middle."""
    streams = plan_streams(film, output)
    if film.duration is None or film.duration <= 2 * _SAMPLED_SECONDS:
        return copied_bytes(film, streams)
    middle = film.start_pts + round(film.duration / 2 / float(film.time_base))
    minute = replace(film, start_pts=middle, duration=_SAMPLED_SECONDS)
    return copied_bytes(minute, streams) * film.duration / _SAMPLED_SECONDS


def _count_frames(film: VideoInfo, on_progress: Callable[[int], None]) -> tuple[int, list[float]]:
    """Return the frames there are, and the times of the cuts."""
    count, shot, cuts = 0, 0, []
    for frame in number_shots(decode(film)):
        count += 1
        if frame.shot != shot:
            shot = frame.shot
            cuts.append(float((frame.pts - film.start_pts) * film.time_base))
        on_progress(count)
    return count, cuts


def cap_iterations(settings: Settings) -> Settings:
    """Return settings for a trial, which cannot take half an hour."""
    if settings.consistency.method is not Method.ruder:
        return settings
    fewer = min(settings.consistency.iterations, _TRIAL_ITERATIONS)
    return replace(
        settings,
        consistency=replace(settings.consistency, iterations=fewer),
        ruder=replace(settings.ruder, first_iterations=fewer, passes=1),
    )


def full_to_trial_ratio(settings: Settings, shot_start_share: float) -> float:
    """Return how many times longer a frame takes than in the trial, where a share of `firsts` begins a shot."""
    iterations = settings.consistency.iterations
    if settings.consistency.method is not Method.ruder:
        return 1.0
    first = max(iterations, settings.ruder.first_iterations)
    return (settings.ruder.passes * iterations + shot_start_share * (first - iterations)) / min(
        iterations, _TRIAL_ITERATIONS
    )


def run_trial(
    film: VideoInfo,
    suffix: str,
    mix: StyleBlend,
    settings: Settings,
    on_frame: Callable[[TrialRun], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> TrialRun:
    """Paint a few frames from the middle of the film; the flow between them is neither read from the cache nor kept.

    `told` hears of every frame what is known by then of the time. When `stop` is set the trial ends with its frame.
    """
    settings = replace(settings, flow=replace(settings.flow, flow_cache=0))
    enough_seen, elapsed = threading.Event(), [0.0]

    def observe(event: Event) -> None:
        if isinstance(event, FrameWritten):
            elapsed.append(event.elapsed)
            on_frame(TrialRun(_seconds_per_frame(elapsed), event.frame))
            least, most = (event.elapsed > seconds for seconds in TRIAL_SECONDS)
            enough = (least and event.frame >= TRIAL_FRAMES) or (most and event.frame > 1)
            if enough or (stop is not None and stop.is_set()):
                enough_seen.set()

    with tempfile.TemporaryDirectory(prefix="streamstyle-") as folder:
        output = Path(folder) / f"trial{suffix}"
        ended = stylise_video(_second_half(film), output, mix, settings, observe, enough_seen)
        keys, others = _packet_sizes(Path(ended.output)) if ended.frames else ([], [])
    return TrialRun(_seconds_per_frame(elapsed), ended.frames, fmean(keys or [0]), fmean(others or keys or [0]))


def _seconds_per_frame(elapsed: list[float]) -> float:
    """Return the mean time of a frame, the first third left out: then all is warm, and what is read ahead has been."""
    frames = len(elapsed) - 1
    cold = max(1, frames // 3) if frames > 1 else 0
    return (elapsed[-1] - elapsed[cold]) / (frames - cold)


def _second_half(film: VideoInfo) -> VideoInfo:
    """Return the film from its middle on; the whole of it where it is short."""
    if film.duration is None or film.frames is None or film.frames < 2 * TRIAL_FRAMES:
        return film
    return replace(film, start_pts=film.start_pts + round(film.duration / 2 / float(film.time_base)))


def _packet_sizes(path: Path) -> tuple[list[int], list[int]]:
    """Return the bytes of the key frames and of the other frames of a film."""
    keys: list[int] = []
    others: list[int] = []
    with av.open(str(path.absolute())) as container:
        for packet in container.demux(video=0):
            if packet.size:
                (keys if packet.is_keyframe else others).append(packet.size)
    return keys, others


def copied_bytes(film: VideoInfo, streams: tuple[StreamPlan, ...]) -> int:
    """Return the bytes of what goes along with the picture, within the processed part."""
    along = {carried.stream.index for carried in streams if carried.action is not StreamAction.left_out}
    if not along:
        return 0
    begin, total = float(film.start_pts * film.time_base), 0
    end = begin + (inf if film.duration is None else film.duration)
    with av.open(str(film.path.absolute())) as container:
        seek(container, round((begin - _MAX_INTERLEAVE) * av.time_base))
        for packet in container.demux([container.streams[index] for index in sorted(along)]):
            time = float(packet.pts * packet.time_base) if packet.pts is not None and packet.time_base else begin
            if begin <= time < end:
                total += packet.size
            elif time > end + _MAX_INTERLEAVE:
                break
    return total
