"""How far the work is, how fast it goes, and when it will be done."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from streamstyle.terminal.values import clock
from streamstyle.tui import figures
from streamstyle.tui.story import Story
from streamstyle.tui.widgets.lines import ACCENT, MUTED, line, spread


def progress(story: Story, width: int) -> list[Content]:
    """Return frames done, a bar, and the place in the film."""
    share = figures.share_done(story)
    per_cent = line(f"{100 * share:.0f} %" if share is not None else "")
    shot = line(("shot ", MUTED), str(story.shots[-1].shot + 1)) if story.shots else line("")
    return [
        spread(frames(story), per_cent, width),
        progress_bar(story, width),
        spread(shot, line(figures.place_in_film(story)), width),
    ]


def frames(story: Story) -> Content:
    """Return how many frames are done, and of how many."""
    of = f" of {story.frames}" if story.frames else ""
    return line((str(story.frames_done), "bold"), f"{of} frames")


def progress_bar(story: Story, width: int) -> Content:
    """Return a bar that is as long as the line."""
    full, empty = figures.bar(figures.share_done(story) or 0.0, width)
    return line((full, ACCENT), (empty, MUTED))


def speed(story: Story, width: int) -> list[Content]:
    """Return the pace and how it has been, how long it will take and the time of day it will be done."""
    pace = figures.pace_in_words(story)
    if not pace:
        return []
    history = figures.sparkline(story.surveyed.fps_history if story.surveyed else (), width)
    return [
        line((pace, "bold")),
        *([line((history, MUTED))] if history else []),
        spread(*when(story), width),
    ]


def when(story: Story) -> tuple[Content, Content]:
    """Return how long it will still take, and the time of day then."""
    left = figures.seconds_left(story)
    if left is None:
        return line(("paused", ACCENT) if story.paused else ("", "")), line("")
    return line(clock(left), (" left", MUTED)), line(("done at ", MUTED), figures.done_at(left, datetime.now()))
