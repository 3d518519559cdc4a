"""The events of a run: small facts in the past tense that serialise to JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

SCHEMA = "streamstyle.events/1"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened."""

    @property
    def name(self) -> str:
        """The event's name in JSON: `frame_written` for `FrameWritten`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def to_json(self) -> dict[str, Any]:
        """Return the schema, the event's name and its fields; a number that is not finite is None."""
        return {"schema": SCHEMA, "event": self.name, **_finite(asdict(self))}

    def to_line(self) -> str:
        """Return the same as one line of text, without its end of line."""
        return json.dumps(self.to_json(), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True, slots=True)
class Started(Event):
    """Everything is open and the first frame is being processed."""

    video: str
    output: str
    width: int
    """Working width in pixels; the output is `upscale` times as wide."""
    height: int
    frames: int | None
    frame_rate: str | None
    """Exact fraction, such as `25/1` or `30000/1001`."""
    duration: float | None
    """Seconds."""
    method: str
    style: str
    device: str
    resumed_frames: int = 0
    """Frames that an earlier run has written, after which this one continues."""
    upscale: int = 1
    """Factor by which the output is wider and higher than `width` and `height`."""

    @property
    def size(self) -> str:
        """The size as text: `640x360`, or `640x360 → 1280x720` with upscaling."""
        return " → ".join(f"{times * self.width}x{times * self.height}" for times in sorted({1, self.upscale}))


@dataclass(frozen=True, slots=True)
class ShotStarted(Event):
    """A cut: nothing after it looks back across it."""

    shot: int
    frame: int
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
    """Seconds since `Started`, pauses excluded."""


@dataclass(frozen=True, slots=True)
class StatusSampled(Event):
    """A sample of the run's speed, queues and use of the machine; at most four a second."""

    frame: int
    paused: bool
    queues: dict[str, tuple[int, int]]
    """By the stage that fills it, `decode` or `flow`: frames ready, and the queue's capacity."""
    stages: dict[str, float]
    """Recent seconds per frame, by stage: `wait` for flow or decoded frames, `stylise`, `consistency`, or `optimise`
    and `multi_pass`, `upscale`, `encode`, and `monitor`, which is previews and these samples."""
    bottleneck: str
    """What everything else waits for: `decode`, `flow`, or one of the stages."""
    fps_history: tuple[float, ...]
    """Frames per second at each of the last samples, the latest last."""
    losses: dict[str, float]
    """Weighted terms of the current frame's objective; empty where nothing is optimised."""
    warping_error: dict[str, float]
    """Mean so far, on every eighth pixel, of the `output` and of the `per_frame` stylisation; empty without flow."""
    memory: int
    """Bytes of main memory used by the process."""
    cpu: float
    """Per cent of one core used by the process."""
    gpu_memory: int | None
    """Bytes of GPU memory; None where no GPU is used."""
    bytes_written: int
    """Size of the output so far."""


@dataclass(frozen=True, slots=True)
class PreviewsWritten(Event):
    """Small images of a frame are there to look at."""

    frame: int
    time: float
    """Presentation time in seconds."""
    images: dict[str, str]
    """By view, the path of a JPEG that the next preview replaces."""


@dataclass(frozen=True, slots=True)
class FrameSaved(Event):
    """A view of a frame has been saved in full size."""

    frame: int
    view: str
    path: str


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """The run waits until it is unpaused."""

    frame: int


@dataclass(frozen=True, slots=True)
class Unpaused(Event):
    """The run continues after a pause."""

    frame: int


@dataclass(frozen=True, slots=True)
class TrainingStep(Event):
    """A training step is done."""

    step: int
    steps: int
    loss: float
    elapsed: float


@dataclass(frozen=True, slots=True)
class StyleTrained(Event):
    """A style has been trained and its weights are saved."""

    style: str
    image: str
    path: str
    elapsed: float


@dataclass(frozen=True, slots=True)
class TrainingStopped(Event):
    """Training ended early on request; the next call resumes it."""

    style: str
    step: int


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """Something is not as asked for, and the run continues."""

    message: str


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The whole video is published under its final name."""

    output: str
    frames: int
    shots: int
    elapsed: float
    flows_computed: int
    flows_cached: int
    resumed_frames: int = 0
    """Those of `frames` that an earlier run has written."""


@dataclass(frozen=True, slots=True)
class Stopped(Event):
    """The run ended early on request; what was finished is a playable video at `output`."""

    output: str
    frames: int
    elapsed: float
    resumed_frames: int = 0
    """Those of `frames` that an earlier run has written."""
    resumable_frames: int = 0
    """Frames after which the same command resumes; fewer than `frames` where some have to be done again."""


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """The work cannot be done; the process ends with `exit_code`."""

    problem: str
    next_step: str
    exit_code: int


TRANSIENT = (FrameWritten, StatusSampled, PreviewsWritten, TrainingStep)
"""Events of which only the latest of its kind matters."""

Observer = Callable[[Event], None]
