"""Trial runs: what a few stylised frames of a film cost, of each method that its shots are stylised by."""

from __future__ import annotations

import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import av

from streamstyle.events import Event, FrameWritten, Warned
from streamstyle.pipeline import stylise_video
from streamstyle.settings import Method, Settings
from streamstyle.styles.frame_looks import FrameLooks
from streamstyle.styles.spec import StyleBlend
from streamstyle.video_info import VideoInfo

TRIAL_FRAMES = 9
TRIAL_SECONDS = 3.0, 10.0
"""The trial ends after that many frames and the shorter time, or after the longer time once it has two frames."""

_TRIAL_ITERATIONS = 30
"""Largest number of iterations per frame in a trial of the method ruder; its time is scaled up from that."""

_MAX_GOP = 250
"""Largest number of frames between two key frames, the default of the encoders."""


@dataclass(frozen=True, slots=True)
class TrialRun:
    """What a few stylised frames cost."""

    seconds: float
    """Per frame."""
    frames: int
    """Number of frames it was measured on."""
    key_bytes: float = 0
    """Per key frame."""
    bytes: float = 0
    """Per other frame."""
    warnings: tuple[str, ...] = ()
    """What was warned of before the first frame was written."""

    def video_bytes(self, frames: int, shots: int = 1) -> float:
        """Return the size of the video stream of a film."""
        keys = min(frames, max(shots, frames // _MAX_GOP))
        return keys * self.key_bytes + (frames - keys) * self.bytes


def run_trials(
    video: VideoInfo,
    suffix: str,
    blend: StyleBlend,
    settings: Settings,
    on_frame: Callable[[TrialRun], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> TrialRun:
    """Run a trial of each method, and return their mean, weighed by how much of the range each has.

    `on_frame` gets what is known so far; when `stop` is set the current trial ends with the current frame, and is the
    last.
    """
    ended = list[tuple[TrialRun, float]]()
    for part, share in _parts_to_try(video, settings):

        def report(trial: TrialRun, share: float = share) -> None:
            on_frame(_mean([*ended, (trial, share)]))

        ended.append((run_trial(part, suffix, blend, settings, report, stop), share))
        if stop is not None and stop.is_set():
            break
    return _mean(ended)


def run_trial(
    video: VideoInfo,
    suffix: str,
    blend: StyleBlend,
    settings: Settings,
    on_frame: Callable[[TrialRun], None],
    stop: threading.Event | None,
) -> TrialRun:
    """Stylise the first few frames of the range, without reading or writing the flow cache.

    `on_frame` gets the time measured so far; when `stop` is set the trial ends with the current frame.
    """
    settings = replace(settings, flow=replace(settings.flow, flow_cache=0))
    enough_frames, elapsed, warnings = threading.Event(), [0.0], list[str]()

    def observe(event: Event) -> None:
        if isinstance(event, Warned) and len(elapsed) == 1:
            warnings.append(event.message)
        if isinstance(event, FrameWritten):
            elapsed.append(event.elapsed)
            on_frame(TrialRun(_seconds_per_frame(elapsed), event.frame))
            past_shorter, past_longer = (event.elapsed > seconds for seconds in TRIAL_SECONDS)
            enough = (past_shorter and event.frame >= TRIAL_FRAMES) or (past_longer and event.frame > 1)
            if enough or (stop is not None and stop.is_set()):
                enough_frames.set()

    with tempfile.TemporaryDirectory(prefix="streamstyle-") as folder:
        output = Path(folder) / f"trial{suffix}"
        ended = stylise_video(video, output, blend, settings, observe, enough_frames)
        keys, others = _packet_sizes(Path(ended.output)) if ended.frames else ([], [])
    sizes = fmean(keys or [0]), fmean(others or keys or [0])
    return TrialRun(_seconds_per_frame(elapsed), ended.frames, *sizes, tuple(warnings))


def cap_iterations(settings: Settings) -> Settings:
    """Return the settings of a trial: for ruder, a single pass of few iterations."""
    if settings.consistency.method is not Method.ruder:
        return settings
    iterations = min(settings.consistency.iterations, _TRIAL_ITERATIONS)
    return replace(
        settings,
        consistency=replace(settings.consistency, iterations=iterations),
        ruder=replace(settings.ruder, first_iterations=iterations, passes=1),
    )


def full_to_trial_ratio(settings: Settings, shot_start_share: float) -> float:
    """Return a frame's time in a run over its time in the trial; `shot_start_share` of the frames begin a shot."""
    iterations = settings.consistency.iterations
    if settings.consistency.method is not Method.ruder:
        return 1.0
    first = max(iterations, settings.ruder.first_iterations)
    total = settings.ruder.passes * iterations + shot_start_share * (first - iterations)
    return total / min(iterations, _TRIAL_ITERATIONS)


def _seconds_per_frame(elapsed: list[float]) -> float:
    """Return the mean time of a frame without the first third, in which caches are cold and prefetched frames come."""
    frames = len(elapsed) - 1
    skipped = max(1, frames // 3) if frames > 1 else 0
    return (elapsed[-1] - elapsed[skipped]) / (frames - skipped)


def _mean(trials: Sequence[tuple[TrialRun, float]]) -> TrialRun:
    """Return the mean of trials by their weights, and what any of them warned of."""
    total = sum(share for _, share in trials)
    weighed = [(trial, share / total) for trial, share in trials]
    return TrialRun(
        sum(share * trial.seconds for trial, share in weighed),
        sum(trial.frames for trial, _ in weighed),
        sum(share * trial.key_bytes for trial, share in weighed),
        sum(share * trial.bytes for trial, share in weighed),
        tuple(dict.fromkeys(warning for trial, _ in trials for warning in trial.warnings)),
    )


def _parts_to_try(video: VideoInfo, settings: Settings) -> list[tuple[VideoInfo, float]]:
    """Return what to try, and how much of the range it stands for: of each method of a script its longest stretch."""
    if settings.script is None or len(settings.methods) == 1 or not video.duration:
        return [(_second_half(video), 1.0)]
    begin, frame = video.film_time(video.start_pts), FrameLooks.of(video, settings.script).step
    longest, seconds = dict[str, tuple[float, float]](), defaultdict[str, float](float)
    for each, start, end in settings.script.spans(begin, begin + video.duration):
        seconds[each.method] += end - start
        longest[each.method] = max(longest.get(each.method, (0.0, 0.0)), (end - start, start - begin))
    parts = list[tuple[VideoInfo, float]]()
    for method, (length, start) in longest.items():
        if length >= 2 * frame:
            end_pts = video.start_pts + round((start + length) / float(video.time_base))
            stretch = replace(video.starting_at(start), end_pts=end_pts, duration=length, frames=round(length / frame))
            parts.append((_second_half(stretch), seconds[method]))
    return parts or [(_second_half(video), 1.0)]


def _second_half(video: VideoInfo) -> VideoInfo:
    """Return the range from its middle on; all of a short one."""
    if video.duration is None or video.frames is None or video.frames < 2 * TRIAL_FRAMES:
        return video
    return video.starting_at(video.duration / 2)


def _packet_sizes(path: Path) -> tuple[list[int], list[int]]:
    """Return the bytes of the key frames and of the other frames of a film."""
    keys: list[int] = []
    others: list[int] = []
    with av.open(str(path.absolute())) as container:
        for packet in container.demux(video=0):
            if packet.size:
                (keys if packet.is_keyframe else others).append(packet.size)
    return keys, others
