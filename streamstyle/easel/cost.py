"""What a run would take of time and disk, from a few frames painted for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from streamstyle.easel.wish import Wish
from streamstyle.estimate import Trial, bytes_alongside, lighter, times_longer, try_painting
from streamstyle.film import Film
from streamstyle.media.carry import plan_streams

_LOOKED_AT = 60.0
"""Seconds of a long film whose sound is weighed for all of it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run would take."""

    tried: int
    """Frames painted to know it."""
    seconds_per_frame: float
    seconds: float | None
    """None where the film does not say how long it is."""
    bytes: int | None
    """Of the output; None before the trial has ended."""


def cost_of(film: Film, wish: Wish, told: Callable[[Cost], None], stop: threading.Event) -> Cost:
    """Paint a few frames of the part of a film that is asked for, and say what all of it would take.

    `told` hears what is known so far; when `stop` is set the trial ends with its frame.
    """
    settings = lighter(wish.settings)
    tried = try_painting(
        film, wish.output.suffix, wish.mix, settings, lambda so_far: told(_cost(film, wish, so_far, None)), stop
    )
    size = None if film.frames is None or stop.is_set() else tried.picture_bytes(film.frames) + _alongside(film, wish)
    return _cost(film, wish, tried, size)


def _cost(film: Film, wish: Wish, tried: Trial, size: float | None) -> Cost:
    seconds = tried.seconds * times_longer(wish.settings, 1 / max(1, film.frames or 0))
    whole = None if film.frames is None else seconds * film.frames
    return Cost(tried.frames, seconds, whole, None if size is None else round(size))


def _alongside(film: Film, wish: Wish) -> float:
    """Return the bytes of sound and subtitles; those of a long film from a minute in its middle."""
    streams = plan_streams(film, wish.output)
    if film.duration is None or film.duration <= 2 * _LOOKED_AT:
        return bytes_alongside(film, streams)
    middle = film.start_pts + round(film.duration / 2 / float(film.time_base))
    minute = replace(film, start_pts=middle, duration=_LOOKED_AT)
    return bytes_alongside(minute, streams) * film.duration / _LOOKED_AT
