"""The events of a run: small records in the past tense that serialise to JSON. Their protocol is docs/protocol.md."""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict

SCHEMA = "streamstyle.events/1"


class StopEvent(threading.Event):
    """Set to stop a run. Once that is `too_late`, the output gets its final name and the run ends in a moment."""

    too_late = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened; each field is a JSON value."""

    @property
    def name(self) -> str:
        """The event's name in JSON: `frame_written` for `FrameWritten`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def to_json(self) -> dict[str, Any]:
        """Return the schema, the event's name and its fields; a number that is not finite is None."""
        return {"schema": SCHEMA, "event": self.name, **_finite(asdict(self))}

    def to_line(self) -> str:
        """Return `to_json()` as one line of text, without a line end."""
        return json.dumps(self.to_json(), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True, slots=True)
class Started(Event):
    """Input and output are open and processing begins."""

    video: str
    """Path of the input."""
    output: str
    """Path of the output, once it is complete."""
    width: int
    """Working width in pixels; the output is `upscale` times as wide."""
    height: int
    frames: int | None
    """Frames to be written; None if the container does not say."""
    frame_rate: str | None
    """Exact fraction, such as `25/1` or `30000/1001`."""
    duration: float | None
    """Seconds."""
    method: str
    style: str
    device: str
    resumed_frames: int = 0
    """Frames that an earlier run has written, after which this one resumes."""
    upscale: int = 1
    """Factor by which the output is larger than `width` and `height`."""

    @property
    def size(self) -> str:
        """The size as text: `640x360`, or `640x360 → 1280x720` with upscaling."""
        return " → ".join(f"{times * self.width}x{times * self.height}" for times in sorted({1, self.upscale}))


@dataclass(frozen=True, slots=True)
class ShotStarted(Event):
    """The first frame of a shot has been written; no frame is carried over from the shot before."""

    shot: int
    """Index of the shot, from 0."""
    frame: int
    """Index of the frame, from 0."""
    time: float
    """Presentation time in seconds, which may start anywhere in a transport stream."""


@dataclass(frozen=True, slots=True)
class FrameWritten(Event):
    """A frame has reached the encoder."""

    frame: int
    """Frames written so far, resumed ones included."""
    frames: int | None
    time: float
    """Presentation time in seconds, which may start anywhere in a transport stream."""
    elapsed: float
    """Seconds since the start, pauses excluded."""


@dataclass(frozen=True, slots=True)
class StatusSampled(Event):
    """Speed, queues and resources of the run have been sampled; at most four times a second."""

    frame: int
    paused: bool
    queues: dict[str, tuple[int, int]]
    """By the stage that fills it, `decode` or `flow`: frames ready, and capacity in frames."""
    stages: dict[str, float]
    """Recent seconds per frame, by stage: `wait` (for flow or decoded frames), `stylise`, `consistency` (with method
    ruder `optimise` and `multi_pass`), `upscale`, `encode`, and `monitor` (previews and these samples)."""
    bottleneck: str
    """The slowest stage: `decode`, `flow`, or one of `stages`."""
    fps_history: tuple[float, ...]
    """Frames per second between consecutive samples, the latest last."""
    losses: dict[str, float]
    """Weighted terms of the current frame's objective; empty if nothing is optimised."""
    warping_error: dict[str, float]
    """Mean so far of the `output` and of the `per_frame` stylisation, on one pixel in 64; empty without flow."""
    sharpness: dict[str, float]
    """Of the same frames and pixels as the warping error, in units of [0, 1] per pixel; empty without flow."""
    memory: int
    """Resident memory of the process in bytes."""
    cpu: float
    """CPU use of the process in per cent of one core."""
    gpu_memory: int | None
    """GPU memory reserved in bytes; None without a GPU."""
    bytes_written: int
    """Size of the output so far in bytes."""
    history: dict[str, tuple[float | None, ...]] = field(default_factory=dict)
    """Of this run so far, in fewer than a hundred points of about equally many frames: the last `frame` of each, and as
    means over its frames `fps`, `steadiness` (warping error per frame divided by that of the output) and the terms of
    the objective, such as `losses.temporal`; None where there is none."""


class WorkerStatus(TypedDict):
    """What a worker of a cluster does."""

    name: str
    """Its machine and process, or its address while it has done nothing."""
    piece: int | None
    """Index of the piece of the film that it paints, from 0; None if it paints none."""
    time: float | None
    """Presentation time in seconds of the first frame of the piece."""
    frame: int
    """Frames of the piece that are done."""
    frames: int
    """Frames of the piece."""
    fps: float | None
    """Frames per second over the last half minute, painted or with their flow computed; None if unknown or idle."""


@dataclass(frozen=True, slots=True)
class WorkersSampled(Event):
    """The workers of a cluster have been sampled; at most every two seconds."""

    workers: tuple[WorkerStatus, ...]
    """By name."""


@dataclass(frozen=True, slots=True)
class PreviewsWritten(Event):
    """Preview images of a frame have been written."""

    frame: int
    time: float
    """Presentation time in seconds."""
    images: dict[str, str]
    """By view, the path of a JPEG file, which the next preview replaces."""
    width: int = 0
    """Largest width in pixels that was requested; with it a larger preview of the same frame is another event."""
    height: int = 0
    """Largest height in pixels that was requested."""


@dataclass(frozen=True, slots=True)
class FrameSaved(Event):
    """A view of a frame has been saved in full size, on request."""

    frame: int
    view: str
    path: str


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """The run is paused, after `frame` frames."""

    frame: int


@dataclass(frozen=True, slots=True)
class Unpaused(Event):
    """The run continues after a pause, after `frame` frames."""

    frame: int


@dataclass(frozen=True, slots=True)
class TrainingStep(Event):
    """A training step is done."""

    step: int
    """Steps done."""
    steps: int
    loss: float
    elapsed: float
    """Seconds since the start of this training run."""


@dataclass(frozen=True, slots=True)
class StyleTrained(Event):
    """A style has been trained and its weights are saved."""

    style: str
    image: str
    path: str
    elapsed: float


@dataclass(frozen=True, slots=True)
class TrainingStopped(Event):
    """Training ended early on request; the same command resumes it."""

    style: str
    step: int


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """Something is not as requested, and the run continues."""

    message: str


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The output is complete and has its final name."""

    output: str
    frames: int
    shots: int
    elapsed: float
    flows_computed: int
    """Pairs of frames whose flow was computed."""
    flows_cached: int
    """Pairs of frames whose flow was read from the cache."""
    resumed_frames: int = 0
    """Of `frames`, those that an earlier run has written."""


@dataclass(frozen=True, slots=True)
class Stopped(Event):
    """The run ended early on request; `output` is the path of the partial output, which is a playable video."""

    output: str
    frames: int
    elapsed: float
    resumed_frames: int = 0
    """Of `frames`, those that an earlier run has written."""
    resumable_frames: int = 0
    """Frames after which the same command resumes: fewer than `frames` if some have to be done again, 0 for none."""


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """The command failed; the process ends with `exit_code`."""

    problem: str
    next_step: str
    exit_code: int


TRANSIENT = (FrameWritten, StatusSampled, WorkersSampled, PreviewsWritten, TrainingStep)
"""Events of which only the latest of each kind matters."""

Observer = Callable[[Event], None]
