"""The state of a run, folded from its events, and the figures that follow from it."""

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
    Unpaused,
    Warned,
)
from streamstyle.formatting import format_duration

_EVENTS = (
    Started,
    ShotStarted,
    FrameWritten,
    StatusSampled,
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
"""Samples that the current speed is the mean of: some five seconds, as on the progress line of `run`."""


def parse_event(event: Mapping[str, Any]) -> Event | None:
    """Return the event of a JSON object; None for one that is not known here, or lacks a field."""
    kind = _EVENT_TYPES.get(str(event.get("event")).title().replace("_", ""))
    if kind is None:
        return None
    try:
        return kind(**{field.name: event[field.name] for field in fields(kind) if field.name in event})
    except TypeError:
        return None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A line of the log."""

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class RunState:
    """A run as far as its events tell; what has not happened yet is None or empty."""

    started: Started | None = None
    shots: tuple[ShotStarted, ...] = ()
    last_frame: FrameWritten | None = None
    status: StatusSampled | None = None
    previews: PreviewsWritten | None = None
    saved_frames: tuple[FrameSaved, ...] = ()
    paused: bool = False
    end: Finished | Stopped | Failed | None = None
    log: tuple[LogEntry, ...] = ()

    def apply(self, event: Event) -> RunState:
        """Return the state after one more event."""
        return replace(self, **self._changes(event))

    def _changes(self, event: Event) -> dict[str, Any]:
        """Return the fields that an event changes."""
        changes: dict[str, Any] = {}
        match event:
            case Started():
                changes = {"started": event}
                if event.resumed_frames:
                    changes["log"] = self._logged(f"going on after {event.resumed_frames} frames, painted earlier")
            case ShotStarted():
                where = f"shot {event.shot + 1} begins at {format_duration(event.time)}, frame {event.frame}"
                changes = {"shots": (*self.shots, event), "log": self._logged(where)}
            case FrameWritten():
                changes = {"last_frame": event}
            case StatusSampled():
                changes = {"status": event}
            case PreviewsWritten():
                changes = {"previews": event}
            case FrameSaved():
                line = f"frame {event.frame}, {event.view}, saved as {event.path}"
                changes = {"saved_frames": (*self.saved_frames, event), "log": self._logged(line)}
            case Paused():
                changes = {"paused": True, "log": self._logged(f"paused after frame {event.frame}")}
            case Unpaused():
                changes = {"paused": False, "log": self._logged(f"went on after frame {event.frame}")}
            case Warned():
                changes = {"log": (*self.log, LogEntry(event.message, warning=True))}
            case Finished() | Stopped() | Failed():
                changes = {"end": event, "paused": False}
        return changes

    def _logged(self, line: str) -> tuple[LogEntry, ...]:
        return (*self.log, LogEntry(line))

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
        """Frames of the whole video; None where that is not known."""
        return self.started.frames if self.started else None

    @property
    def fraction_done(self) -> float | None:
        """Part of the frames that is done, in [0, 1]; None where their number is not known."""
        return min(1.0, self.frames_done / self.frames) if self.frames else None

    @property
    def fps(self) -> float | None:
        """Current frames per second; None before they are known."""
        if self.status and (history := [fps for fps in self.status.fps_history[-_SPEED_SAMPLES:] if fps]):
            return fmean(history)
        if self.last_frame and self.last_frame.elapsed > 0:
            return (self.last_frame.frame - self.resumed_frames) / self.last_frame.elapsed
        return None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the run has finished; None where that is not known, as while it is paused."""
        fps = self.fps
        if self.frames is None or not fps or self.paused or self.end:
            return None
        return (self.frames - self.frames_done) / fps

    @property
    def steadiness_gain(self) -> float | None:
        """How many times smaller the warping error of the output is than that of the per-frame stylisation."""
        errors = self.status.warping_error if self.status else {}
        output, per_frame = errors.get("output"), errors.get("per_frame")
        return per_frame / output if output and per_frame else None


def apply_events(state: RunState, events: Iterable[Mapping[str, Any]]) -> RunState:
    """Return the state after more events, as JSON objects; those not known here are passed over."""
    for each in events:
        if event := parse_event(each):
            state = state.apply(event)
    return state
