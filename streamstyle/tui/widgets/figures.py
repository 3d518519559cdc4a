"""Figures of a run as text, bars and sparklines."""

from __future__ import annotations

import math
from collections.abc import Sequence

from streamstyle.formatting import format_duration, format_speed
from streamstyle.runs.state import RunState

_SPARKS = "▁▂▃▄▅▆▇█"


def speed_text(state: RunState) -> str:
    """Return `12 fps`, or `2.1 s/frame` below one frame per second; empty before it is known."""
    return format_speed(state.fps, 1.0) if state.fps else ""


def position_text(state: RunState) -> str:
    """Return the time in the video that has been reached, and its duration where that is known."""
    reached = format_duration(state.last_frame.time if state.last_frame else 0)
    duration = state.started.duration if state.started else None
    return f"{reached} / {format_duration(duration)}" if duration else reached


def steadiness_text(state: RunState) -> str:
    """Return `5.6 times steadier`, or what else the comparison with per-frame stylisation says; empty without one."""
    times = state.warping_error_reduction
    if times is None:
        return ""
    if times < 1.05:
        return "no steadier than frame by frame"
    return f"{times:.0f} times steadier" if times >= 10 else f"{times:.1f} times steadier"


def sparkline(values: Sequence[float], width: int) -> str:
    """Return the last `width` values as a line of blocks, scaled between zero and the largest."""
    shown = [0.0 if value is None or not math.isfinite(value) else value for value in values][-width:]
    largest = max(shown, default=0.0)
    if largest <= 0:
        return ""
    return "".join(_SPARKS[min(7, int(8 * value / largest))] for value in shown)


def bar(fraction: float, width: int) -> tuple[str, str]:
    """Return a bar for a fraction in [0, 1] as the text of its full and its empty part."""
    full = min(width, max(0, round(width * fraction)))
    return "━" * full, "─" * (width - full)
