"""Where the time goes: the stages, and what waits between them."""

from __future__ import annotations

from textual.content import Content

from streamstyle.tui import figures
from streamstyle.tui.story import Story
from streamstyle.tui.widgets.lines import ACCENT, MUTED, line, spread

_NAME = 12


def stages(story: Story, width: int) -> list[Content]:
    """Return the seconds a frame of each stage as bars, the bottleneck in the accent's colour."""
    if story.surveyed is None or not story.surveyed.stages:
        return []
    spent = {name: seconds or 0.0 for name, seconds in story.surveyed.stages.items()}
    longest = max(*spent.values(), 1e-9)
    room = max(1, width - _NAME - 8)
    return [
        spread(
            line((f"{name:<{_NAME}}", style), ("▬" * round(room * seconds / longest), style)),
            line(f"{figures.seconds_a_frame(seconds):>7}"),
            width,
        )
        for name, seconds in spent.items()
        for style in [ACCENT if name == story.surveyed.bottleneck else MUTED]
    ]


def queues(story: Story, width: int) -> list[Content]:
    """Return how full each queue is."""
    if story.surveyed is None:
        return []
    room = max(1, width - _NAME - 8)
    return [
        spread(
            line((f"{name:<{_NAME}}", _style(story, name)), *_filling(waiting, places, room)),
            line(f"{waiting}/{places}"),
            width,
        )
        for name, (waiting, places) in story.surveyed.queues.items()
    ]


def bottleneck(story: Story) -> Content:
    """Return what everything else waits for, and how long that takes."""
    if story.surveyed is None or not story.surveyed.bottleneck:
        return line("")
    name = story.surveyed.bottleneck
    seconds = story.surveyed.stages.get(name)
    took = f" {figures.seconds_a_frame(seconds)}" if seconds else ""
    return line(("slowest ", MUTED), name, took)


def _style(story: Story, queue: str) -> str:
    """A queue that stays empty because what fills it is slowest bears the accent."""
    return ACCENT if story.surveyed and queue == story.surveyed.bottleneck else MUTED


def _filling(waiting: int, places: int, room: int) -> tuple[tuple[str, str], tuple[str, str]]:
    full, empty = figures.bar(waiting / places if places else 0.0, min(room, places) if places else room)
    return ("▪" * len(full), ""), ("·" * len(empty), MUTED)
