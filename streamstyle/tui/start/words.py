"""Lengths of time and what a film is, in words as short as can be."""

from __future__ import annotations

import time


def length_in_words(seconds: float) -> str:
    """Return a length of time to two places: `48 s`, `12 min`, `3 h 10 min`, `2 d 4 h`."""
    if seconds < 59.5:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 10:
        whole, rest = divmod(round(seconds / 10) * 10, 60)
        return f"{whole} min {rest} s" if rest else f"{whole} min"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(round(minutes / 60), 24)
    return f"{days} d {rest} h" if rest else f"{days} d"


def done_at(seconds: float, now: float) -> str:
    """Return the time of day that is so many seconds after `now`, and the day where it is not today."""
    then = time.localtime(now + seconds)
    clock = time.strftime("%H:%M", then)
    if then[:3] == time.localtime(now)[:3]:
        return clock
    return f"{time.strftime('%a', then)} {clock}" if seconds < 6 * 86400 else time.strftime("%d %b", then)


def pace_in_words(seconds_per_frame: float) -> str:
    """Return the time that a frame takes: `2.1 s a frame`, `90 ms a frame`."""
    if seconds_per_frame < 0.995:
        return f"{seconds_per_frame * 1000:.0f} ms a frame"
    return f"{seconds_per_frame:.1f} s a frame"
