"""The state of a run as it follows from its events, and the figures that are computed from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from statistics import fmean
from typing import Any

from streamstyle.events import (
    Event,
    Failed,
    Finished,
    FrameSaved,
    FrameWritten,
    Paused,
    PreviewsWritten,
    ShotStarted,
    Started,
    StatusSampled,
    Stopped,
    StyleTrained,
    TrainingStep,
    Unpaused,
    Warned,
    WorkersSampled,
)
from streamstyle.formatting import format_duration

_EVENTS = (
    TrainingStep,
    StyleTrained,
    Started,
    ShotStarted,
    FrameWritten,
    StatusSampled,
    WorkersSampled,
    PreviewsWritten,
    FrameSaved,
    Paused,
    Unpaused,
    Warned,
    Finished,
    Stopped,
    Failed,
)
_EVENT_TYPES = {kind.__name__: kind for kind in _EVENTS}

_SPEED_SAMPLES = 16
"""Status samples that the current speed is the mean of: about five seconds."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A line of the log that a viewer shows."""

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class RunState:
    """The state of a run after some of its events; what has not happened yet is None or empty."""

    training: TrainingStep | None = None
    """The latest step of adapting the style to the film, before the run starts."""
    started: Started | None = None
    shots: tuple[ShotStarted, ...] = ()
    last_frame: FrameWritten | None = None
    status: StatusSampled | None = None
    workers: WorkersSampled | None = None
    """Of a cluster."""
    previews: PreviewsWritten | None = None
    saved_frames: tuple[FrameSaved, ...] = ()
    paused: bool = False
    end: Finished | Stopped | Failed | None = None
    log: tuple[LogEntry, ...] = ()

    def apply(self, event: Event) -> RunState:
        """Return the state after one more event."""
        return replace(self, **self._changes(event))

    @property
    def frames_done(self) -> int:
        """Frames that have reached the encoder, resumed ones included."""
        return self.last_frame.frame if self.last_frame else self.resumed_frames

    @property
    def resumed_frames(self) -> int:
        """Frames that an earlier run has written."""
        return self.started.resumed_frames if self.started else 0

    @property
    def frames(self) -> int | None:
        """Frames of the whole video; None if unknown."""
        return self.started.frames if self.started else None

    @property
    def fraction_done(self) -> float | None:
        """Fraction of the frames that is done, in [0, 1]; None if their number is unknown."""
        return min(1.0, self.frames_done / self.frames) if self.frames else None

    @property
    def fps(self) -> float | None:
        """Frames per second over the last seconds; None if unknown."""
        if self.status and (history := [fps for fps in self.status.fps_history[-_SPEED_SAMPLES:] if fps]):
            return fmean(history)
        if self.last_frame and self.last_frame.elapsed > 0:
            return (self.last_frame.frame - self.resumed_frames) / self.last_frame.elapsed
        return None

    @property
    def is_in_pieces(self) -> bool:
        """Whether a cluster paints: there are no figures of the process that paints, and no frame in full size."""
        return self.workers is not None and self.status is None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the run will have finished; None if unknown or paused."""
        fps = self.fps
        if self.frames is None or not fps or self.paused or self.end:
            return None
        return (self.frames - self.frames_done) / fps

    @property
    def warping_error_reduction(self) -> float | None:
        """How many times smaller the warping error of the output is than that of the per-frame stylisation."""
        errors = self.status.warping_error if self.status else {}
        output, per_frame = errors.get("output"), errors.get("per_frame")
        return per_frame / output if output and per_frame else None

    @property
    def relative_sharpness(self) -> float | None:
        """The sharpness of the output, relative to that of the per-frame stylisation."""
        sharpness = self.status.sharpness if self.status else {}
        output, per_frame = sharpness.get("output"), sharpness.get("per_frame")
        return output / per_frame if output and per_frame else None

    def _changes(self, event: Event) -> dict[str, Any]:
        """Return the fields that an event changes."""
        changes: dict[str, Any] = {}
        match event:
            case TrainingStep():
                changes = {"training": event}
            case Started():
                changes = {"started": event, "training": None}
            case ShotStarted():
                changes = {"shots": (*self.shots, event)}
            case FrameWritten():
                changes = {"last_frame": event}
            case StatusSampled():
                changes = {"status": event}
            case WorkersSampled():
                changes = {"workers": event}
            case PreviewsWritten():
                changes = {"previews": event}
            case FrameSaved():
                changes = {"saved_frames": (*self.saved_frames, event)}
            case Paused() | Unpaused():
                changes = {"paused": isinstance(event, Paused)}
            case Finished() | Stopped() | Failed():
                changes = {"end": event, "paused": False}
        if line := _log_line(event):
            changes["log"] = (*self.log, LogEntry(line, isinstance(event, Warned)))
        return changes


def _log_line(event: Event) -> str | None:
    """Return what the log says of an event; None for events that it does not mention."""
    line = None
    match event:
        case StyleTrained():
            line = f"adapted {event.style} to the film in {format_duration(event.elapsed)}"
        case Started() if event.resumed_frames:
            line = f"resumed after {event.resumed_frames} frames"
        case ShotStarted():
            line = f"shot {event.shot + 1} begins at {format_duration(event.time)}, frame {event.frame}"
        case FrameSaved():
            line = f"frame {event.frame}, {event.view}, saved as {event.path}"
        case Paused():
            line = f"paused after frame {event.frame}"
        case Unpaused():
            line = f"continued after frame {event.frame}"
        case Warned():
            line = event.message
    return line


def apply_events(state: RunState, events: Iterable[Mapping[str, Any]]) -> RunState:
    """Return the state after more events, given as JSON objects; unknown ones are ignored."""
    for event_json in events:
        if event := parse_event(event_json):
            state = state.apply(event)
    return state


def parse_event(event: Mapping[str, Any]) -> Event | None:
    """Return the event of a JSON object; None if it is unknown or lacks a field. Unknown fields are ignored."""
    kind = _EVENT_TYPES.get(str(event.get("event")).title().replace("_", ""))
    if kind is None:
        return None
    try:
        return kind(**{field.name: event[field.name] for field in fields(kind) if field.name in event})
    except TypeError:
        return None
