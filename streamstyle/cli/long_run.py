"""What a long run is told at its beginning: how long it will take, and which options make it shorter."""

from __future__ import annotations

from streamstyle.events import FrameWritten, Started
from streamstyle.formatting import format_rough_duration
from streamstyle.settings import Method

LONG = 3600.0
"""Seconds a run takes at least to be called long."""

CHEAP_HEIGHT = 360

_FRAMES = 20, 3
"""The speed is known after so many frames, or after the smaller number once they took `_SECONDS`."""

_SECONDS = 20.0

_FASTER = {
    Method.johnson: (),
    Method.live: (Method.johnson,),
    Method.consistent: (Method.live, Method.johnson),
    Method.ruder: (Method.live, Method.johnson),
}


class LongRunNotice:
    """Says once what a run will take, if that is long."""

    def __init__(self, started: Started, learned: float = 0.0) -> None:
        """`learned` are the seconds for which a style has been trained before."""
        self._started, self._learned = started, learned
        self._first: FrameWritten | None = None
        self._is_done = started.method not in list(Method) or started.frames is None or started.resumed_frames > 0

    def text(self, event: FrameWritten) -> str:
        """Return the notice, with the frame after which the speed is known; empty before, later and for short runs.

        The first frame, which includes the start-up, does not count. A run that is resumed has been told.
        """
        if self._is_done or self._first is None:
            self._first = event
            return ""
        frames, seconds = event.frame - self._first.frame, event.elapsed - self._first.elapsed
        enough, least = _FRAMES
        if frames < enough and not (frames >= least and seconds > _SECONDS):
            return ""
        self._is_done = True
        total = seconds / frames * (self._started.frames or 0)
        if total + self._learned <= LONG:
            return ""
        after = f", after {format_rough_duration(self._learned)} of learning" if self._learned else ""
        return f"this will take {format_rough_duration(total)}{after}; cheaper: {', '.join(self._cheaper(total))}"

    def _cheaper(self, total: float) -> list[str]:
        height = self._started.height
        options = []
        if height > CHEAP_HEIGHT:
            fewer_pixels = format_rough_duration(total * (CHEAP_HEIGHT / height) ** 2)
            options.append(f"--height {CHEAP_HEIGHT} ({fewer_pixels})")
        if faster := _FASTER[Method(self._started.method)]:
            options.append(f"--method {'|'.join(faster)}")
        return [*options, "--sample 10s for a try"]
