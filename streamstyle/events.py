"""What the core says of a run: small facts, in the past tense, that serialise to JSON."""

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
        """The event's name on the wire: `frame_written` for `FrameWritten`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def as_json(self) -> dict[str, Any]:
        """One JSON object: the schema, the event's name and its fields."""
        return {"schema": SCHEMA, "event": self.name, **asdict(self)}

    def as_line(self) -> str:
        """The same as text, without its end of line."""
        return json.dumps(self.finite(), allow_nan=False)

    def finite(self) -> Any:
        """The same object; what is no number to JSON, such as NaN, is None there."""
        return _finite(self.as_json())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True, slots=True)
class Started(Event):
    """Everything is open and the first frame is on its way."""

    film: str
    output: str
    width: int
    height: int
    frames: int | None
    frame_rate: str | None
    """Exact fraction, such as `25/1` or `30000/1001`."""
    duration: float | None
    method: str
    style: str
    device: str
    earlier: int = 0
    """Frames that an earlier run has painted, after which this one goes on."""
    upscale: int = 1
    """Times that the output is as wide and as high as `width` and `height`, the size that is painted at."""

    @property
    def size(self) -> str:
        """The size in words: `640x360`, or `640x360 → 1280x720` where that is enlarged."""
        return " → ".join(f"{times * self.width}x{times * self.height}" for times in sorted({1, self.upscale}))


@dataclass(frozen=True, slots=True)
class ShotStarted(Event):
    """A cut: nothing after it looks back across it."""

    shot: int
    frame: int
    time: float
    """Seconds by the film's own clock, which may begin anywhere in a transport stream."""


@dataclass(frozen=True, slots=True)
class FrameWritten(Event):
    """A frame has reached the encoder."""

    frame: int
    """Frames of the film so far, those of an earlier run among them."""
    frames: int | None
    time: float
    """Seconds by the film's own clock, which may begin anywhere in a transport stream."""
    elapsed: float
    """Seconds since `Started`."""


@dataclass(frozen=True, slots=True)
class Surveyed(Event):
    """How the run stands; said two to four times a second at the most."""

    frame: int
    paused: bool
    queues: dict[str, tuple[int, int]]
    """By what waits in it, `decoded` or `flowed`: how many frames do, and for how many there is room."""
    stages: dict[str, float]
    """Seconds a frame lately, by what they were spent on: `waiting` for flow or frames, `stylise`, `consistency`,
    or `optimise` and `sweep`, `enlarge`, `encode`, and `watching`, which is previews and this."""
    bottleneck: str
    """What everything else waits for: `decode`, `flow`, or one of the stages."""
    paces: tuple[float, ...]
    """Frames a second, of the last minute of surveys, the latest last."""
    losses: dict[str, float]
    """Terms of the objective of the frame at hand, weighted; empty where nothing is optimised."""
    warping_error: dict[str, float]
    """Mean so far, on every eighth pixel, of what is `painted` and of the frames painted alone, `naive`; empty where
    there is no flow."""
    memory: int
    """Bytes of main memory this process holds."""
    cpu: float
    """Per cent of one core that it uses."""
    gpu_memory: int | None
    """Bytes it holds on the GPU; None where it uses none."""
    written: int
    """Bytes of the film so far."""


@dataclass(frozen=True, slots=True)
class Previewed(Event):
    """There are small pictures of a frame to look at."""

    frame: int
    time: float
    """Seconds by the film's own clock."""
    pictures: dict[str, str]
    """By view, the path of a JPEG that is replaced by the next."""


@dataclass(frozen=True, slots=True)
class Saved(Event):
    """A view of a frame has been kept, in full size."""

    frame: int
    view: str
    path: str


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """The run waits until it is told to go on."""

    frame: int


@dataclass(frozen=True, slots=True)
class Resumed(Event):
    """The run goes on."""

    frame: int


@dataclass(frozen=True, slots=True)
class Learned(Event):
    """A training step of a style that was not in the library yet."""

    step: int
    steps: int
    loss: float
    elapsed: float


@dataclass(frozen=True, slots=True)
class StyleLearned(Event):
    """A style has been learned and its weights are kept."""

    style: str
    image: str
    path: str
    elapsed: float


@dataclass(frozen=True, slots=True)
class LearningStopped(Event):
    """Learning ended early on request; the next time it goes on from there."""

    style: str
    step: int


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """Something is not as asked for, and the work goes on."""

    message: str


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The whole film is published under its final name."""

    output: str
    frames: int
    shots: int
    elapsed: float
    flows_computed: int
    flows_cached: int
    earlier: int = 0
    """Of the frames, those that an earlier run has painted."""


@dataclass(frozen=True, slots=True)
class Stopped(Event):
    """The run ended early on request; what was finished is a playable film at `output`."""

    output: str
    frames: int
    elapsed: float
    earlier: int = 0
    """Of the frames, those that an earlier run has painted."""
    kept: int = 0
    """Frames after which the same command goes on; fewer than `frames` where it has to do some again."""


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """The work cannot be done; the process ends with `exit_code`."""

    problem: str
    next_step: str
    exit_code: int


FLEETING = (FrameWritten, Surveyed, Previewed, Learned)
"""Events that are overtaken by the next of their kind."""

Observer = Callable[[Event], None]
