"""Numbers that follow from a story, and how they are put in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import fmean

from streamstyle.terminal.values import clock, pace
from streamstyle.tui.story import Story

_SPARKS = "▁▂▃▄▅▆▇█"
_RECENT = 16
"""Surveys that the pace of now is taken over: some five seconds, as on the progress line of `run`."""


def frames_per_second(story: Story) -> float | None:
    """Return how fast it goes now; None before that can be told."""
    if story.surveyed and (paces := [pace for pace in story.surveyed.fps_history[-_RECENT:] if pace]):
        return fmean(paces)
    if story.written and story.written.elapsed > 0:
        return (story.written.frame - story.earlier) / story.written.elapsed
    return None


def pace_in_words(story: Story) -> str:
    """Return `12 fps`, or `2.1 s/frame` below one frame a second; empty before that can be told."""
    rate = frames_per_second(story)
    return pace(rate, 1.0) if rate else ""


def seconds_left(story: Story) -> float | None:
    """Return how long it will still take; None where that cannot be told, as while it is paused."""
    rate = frames_per_second(story)
    if story.frames is None or not rate or story.paused or story.ending:
        return None
    return (story.frames - story.frames_done) / rate


def done_at(seconds: float, now: datetime) -> str:
    """Return the time of day, with the weekday if that is not today's, so many seconds from now."""
    then = now + timedelta(seconds=seconds)
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%a %H:%M}"


def share_done(story: Story) -> float | None:
    """Return the part of the work in [0, 1] that is done; None where the film does not say how long it is."""
    return min(1.0, story.frames_done / story.frames) if story.frames else None


def place_in_film(story: Story) -> str:
    """Return the time in the film that has been reached, and its length where that is known."""
    reached = clock(story.written.time) if story.written else clock(0)
    length = story.started.duration if story.started else None
    return f"{reached} / {clock(length)}" if length else reached


def times_steadier(story: Story) -> float | None:
    """Return how many times smaller the warping error of the painted film is than that of frames painted alone."""
    errors = story.surveyed.warping_error if story.surveyed else {}
    painted, naive = errors.get("output"), errors.get("per_frame")
    return naive / painted if painted and naive else None


def steadier_in_words(story: Story) -> str:
    """Return `5.6 times steadier`, or what else the comparison with frames painted alone says; empty without one."""
    times = times_steadier(story)
    if times is None:
        return ""
    if times < 1.05:
        return "no steadier than frame by frame"
    return f"{times:.0f} times steadier" if times >= 10 else f"{times:.1f} times steadier"


def sparkline(values: Sequence[float], width: int) -> str:
    """Return the values as a line of blocks, the latest last, scaled between nothing and the largest."""
    shown = [0.0 if value is None or not math.isfinite(value) else value for value in values][-width:]
    largest = max(shown, default=0.0)
    if largest <= 0:
        return ""
    return "".join(_SPARKS[min(7, int(8 * value / largest))] for value in shown)


def bar(part: float, width: int) -> tuple[str, str]:
    """Return a bar for a part in [0, 1] as the text of what is full and of what is empty."""
    full = min(width, max(0, round(width * part)))
    return "━" * full, "─" * (width - full)


def number(value: float | None) -> str:
    """Return a number with three digits that count; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "-"
    if value and abs(value) < 0.001:
        return f"{value:.2e}".replace("e-0", "e-")
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}".replace(",", " ")


def seconds_a_frame(seconds: float) -> str:
    """Return `0.82 s`, or `12 ms` below a tenth."""
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{1000 * seconds:.0f} ms"
