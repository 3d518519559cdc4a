"""How far the work is, how fast it goes, and when it will be done."""

from __future__ import annotations

import time

from textual.content import Content

from streamstyle.formatting import format_duration, format_time_of_day
from streamstyle.runs.state import RunState
from streamstyle.tui.figures import bar, position_text, sparkline, speed_text
from streamstyle.tui.widgets.lines import ACCENT, MUTED, line, justify


def progress_lines(story: RunState, width: int) -> list[Content]:
    """Return frames done, a bar, and the place in the film."""
    share = story.fraction_done
    per_cent = line(f"{100 * share:.0f} %" if share is not None else "")
    shot = line(("shot ", MUTED), str(story.shots[-1].shot + 1)) if story.shots else line("")
    return [
        justify(frames_done_text(story), per_cent, width),
        progress_bar(story, width),
        justify(shot, line(position_text(story)), width),
    ]


def frames_done_text(story: RunState) -> Content:
    """Return how many frames are done, and of how many."""
    of = f" of {story.frames}" if story.frames else ""
    return line((str(story.frames_done), "bold"), f"{of} frames")


def progress_bar(story: RunState, width: int) -> Content:
    """Return a bar that is as long as the line."""
    full, empty = bar(story.fraction_done or 0.0, width)
    return line((full, ACCENT), (empty, MUTED))


def speed_lines(story: RunState, width: int) -> list[Content]:
    """Return the pace and how it has been, how long it will take and the time of day it will be done."""
    pace = speed_text(story)
    if not pace:
        return []
    history = sparkline(story.status.fps_history if story.status else (), width)
    return [
        line((pace, "bold")),
        *([line((history, MUTED))] if history else []),
        justify(*time_left(story), width),
    ]


def time_left(story: RunState) -> tuple[Content, Content]:
    """Return how long it will still take, and the time of day then."""
    left = story.seconds_left
    if left is None:
        return line(("paused", ACCENT) if story.paused else ("", "")), line("")
    return line(format_duration(left), (" left", MUTED)), line(
        ("done at ", MUTED), format_time_of_day(left, time.time())
    )
