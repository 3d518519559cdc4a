"""Single figures of a run, as parts of a line: what the panels of `stats.py` are put together from."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from textual.content import Content

from streamstyle.formatting import (
    format_duration,
    format_seconds,
    format_speed,
    format_time_of_day,
    format_time_span,
)
from streamstyle.runs.state import RunState
from streamstyle.tui.widgets.text import ACCENT, MUTED, line

_SPARKS = "▁▂▃▄▅▆▇█"


def frames_done_text(state: RunState) -> Content:
    """Return `57 of 132 frames`, or `57 frames` if their number is not known."""
    total = f" of {state.frames}" if state.frames else ""
    return line((str(state.frames_done), "bold"), f"{total} frames")


def percentage_text(state: RunState) -> Content:
    """Return `43 %`; empty if the number of frames is not known."""
    return line(f"{100 * state.fraction_done:.0f} %" if state.fraction_done is not None else "")


def position_text(state: RunState) -> str:
    """Return the time in the video that has been reached, and its duration where that is known."""
    reached = format_duration(state.last_frame.time if state.last_frame else 0)
    duration = state.started.duration if state.started else None
    return f"{reached} / {format_duration(duration)}" if duration else reached


def speed_text(state: RunState) -> str:
    """Return `12 fps`, or `2.1 s/frame` below one frame per second; empty before it is known."""
    return format_speed(state.fps, 1.0) if state.fps else ""


def elapsed_text(state: RunState) -> Content:
    """Return the time that the run has taken, without pauses; empty before its first frame."""
    if state.last_frame is None:
        return line("")
    return line(format_time_span(state.last_frame.elapsed), (" elapsed", MUTED))


def time_left(state: RunState) -> tuple[Content, Content]:
    """Return the time left and the time of day when the run will be done; empty if they are not known."""
    left = state.seconds_left
    if left is None:
        return line(("paused", ACCENT) if state.paused else ("", "")), line("")
    return line(format_time_span(left), (" left", MUTED)), line(
        ("done at ", MUTED), format_time_of_day(left, time.time())
    )


def bottleneck(state: RunState) -> Content:
    """Return the stage that limits the speed and its seconds per frame."""
    if state.status is None or not state.status.bottleneck:
        return line("")
    name = state.status.bottleneck
    seconds = state.status.stages.get(name)
    time_text = f" {format_seconds(seconds)}" if seconds else ""
    return line(("slowest ", MUTED), name, time_text)


def workers_text(state: RunState) -> str:
    """Return `3 of 4 workers busy`; empty without a cluster."""
    workers = state.workers.workers if state.workers else ()
    busy = sum(worker["piece"] is not None or worker["fps"] is not None for worker in workers)
    return f"  {busy} of {len(workers)} workers busy" if workers else ""


def stability_text(state: RunState) -> str:
    """Return `5.6 times steadier, 97 % as sharp` as stylisation per frame; empty if it is not known."""
    gain, sharpness = state.warping_error_reduction, state.relative_sharpness
    if gain is None or sharpness is None:
        return ""
    return f"{_steadiness_text(gain)}, {100 * sharpness:.0f} % as sharp"


def _steadiness_text(gain: float) -> str:
    if gain < 1.05:
        return "no steadier"
    return f"{gain:.0f} times steadier" if gain >= 10 else f"{gain:.1f} times steadier"


def progress_bar(state: RunState, width: int) -> Content:
    """Return a progress bar of the full width."""
    full, empty = bar(state.fraction_done or 0.0, width)
    return line((full, ACCENT), (empty, MUTED))


def bar(fraction: float, width: int) -> tuple[str, str]:
    """Return a bar for a fraction in [0, 1] as the text of its full and its empty part."""
    full = min(width, max(0, round(width * fraction)))
    return "━" * full, "─" * (width - full)


def sparkline(values: Sequence[float], width: int) -> str:
    """Return the last `width` values as a line of blocks, scaled between zero and the largest."""
    shown = [0.0 if value is None or not math.isfinite(value) else value for value in values][-width:]
    largest = max(shown, default=0.0)
    if largest <= 0:
        return ""
    return "".join(_SPARKS[min(7, int(8 * value / largest))] for value in shown)
