"""What has been heard of a run so far, folded from its events into one record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
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
from streamstyle.terminal.values import clock

_KNOWN = {
    kind.__name__: kind
    for kind in (
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
}


def event_of(told: Mapping[str, Any]) -> Event | None:
    """Return the event that a JSON object is; None for one that is not known here, or lacks what is needed."""
    kind = _KNOWN.get(str(told.get("event")).title().replace("_", ""))
    if kind is None:
        return None
    try:
        return kind(**{field.name: told[field.name] for field in fields(kind) if field.name in told})
    except TypeError:
        return None


@dataclass(frozen=True, slots=True)
class Remark:
    """A line of the log."""

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """A run as far as it has been told; each field is None until then."""

    started: Started | None = None
    shots: tuple[ShotStarted, ...] = ()
    written: FrameWritten | None = None
    surveyed: StatusSampled | None = None
    previewed: PreviewsWritten | None = None
    saved: tuple[FrameSaved, ...] = ()
    paused: bool = False
    ending: Finished | Stopped | Failed | None = None
    remarks: tuple[Remark, ...] = ()

    def told(self, event: Event) -> Story:
        """Return the story with one more event in it."""
        return replace(self, **self._news(event))

    def _news(self, event: Event) -> dict[str, Any]:
        """Return what an event changes, by field."""
        news: dict[str, Any] = {}
        match event:
            case Started():
                news = {"started": event}
                if event.resumed_frames:
                    news["remarks"] = self._with(f"going on after {event.resumed_frames} frames, painted earlier")
            case ShotStarted():
                where = f"shot {event.shot + 1} begins at {clock(event.time)}, frame {event.frame}"
                news = {"shots": (*self.shots, event), "remarks": self._with(where)}
            case FrameWritten():
                news = {"written": event}
            case StatusSampled():
                news = {"surveyed": event}
            case PreviewsWritten():
                news = {"previewed": event}
            case FrameSaved():
                kept = f"frame {event.frame}, {event.view}, saved as {event.path}"
                news = {"saved": (*self.saved, event), "remarks": self._with(kept)}
            case Paused():
                news = {"paused": True, "remarks": self._with(f"paused after frame {event.frame}")}
            case Unpaused():
                news = {"paused": False, "remarks": self._with(f"went on after frame {event.frame}")}
            case Warned():
                news = {"remarks": (*self.remarks, Remark(event.message, warning=True))}
            case Finished() | Stopped() | Failed():
                news = {"ending": event, "paused": False}
        return news

    @property
    def frames_done(self) -> int:
        """Frames that have reached the encoder, in this run or an earlier one."""
        return self.written.frame if self.written else self.earlier

    @property
    def earlier(self) -> int:
        """Frames that an earlier run has painted."""
        return self.started.resumed_frames if self.started else 0

    @property
    def frames(self) -> int | None:
        """Frames there are to do; None where that is not known."""
        return self.started.frames if self.started else None

    def _with(self, line: str) -> tuple[Remark, ...]:
        return (*self.remarks, Remark(line))


def heard(story: Story, told: Iterable[Mapping[str, Any]]) -> Story:
    """Return the story with more events in it, as JSON objects; what is not known here is passed over."""
    for each in told:
        if event := event_of(each):
            story = story.told(event)
    return story
