"""A few lines about a run."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from streamstyle.formatting import format_bytes, format_duration, format_number, format_seconds, format_time_of_day
from streamstyle.runs.state import RunState
from streamstyle.tui.widgets.figures import bar, position_text, sparkline, speed_text, steadiness_text
from streamstyle.tui.widgets.text import ACCENT, MUTED, justify, line

DescribeRun = Callable[[RunState, int], list[Content]]
"""From a run, and the cells there are in a line, to the lines."""


class StatsPanel(Widget):
    """What a function has to say of a run, under a heading; nothing at all while that is nothing."""

    def __init__(self, describe: DescribeRun, heading: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id, classes="empty")
        self._describe = describe
        self._heading = heading
        self._run_state = RunState()
        self._content_lines: list[Content] = []

    def show(self, story: RunState) -> None:
        """Say what there is to say of the run now."""
        self._run_state = story
        said = self._describe(story, max(1, self.content_size.width or 30))
        if said == self._content_lines:
            return
        reshaped = len(said) != len(self._content_lines)
        self._content_lines = said
        self.set_class(not said, "empty")
        self.refresh(layout=reshaped)

    def on_resize(self) -> None:
        """Say it in lines of the new width."""
        self.show(self._run_state)

    def render(self) -> Content:
        """Return the lines under their heading."""
        heading = [line((self._heading, MUTED))] if self._heading else []
        return Content("\n").join([*heading, *self._content_lines])


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


_NAME_WIDTH = 12


def stage_lines(story: RunState, width: int) -> list[Content]:
    """Return the seconds a frame of each stage as bars, the bottleneck in the accent's colour."""
    if story.status is None or not story.status.stages:
        return []
    spent = {name: seconds or 0.0 for name, seconds in story.status.stages.items()}
    longest = max(*spent.values(), 1e-9)
    room = max(1, width - _NAME_WIDTH - 8)
    return [
        justify(
            line((f"{name:<{_NAME_WIDTH}}", style), ("▬" * round(room * seconds / longest), style)),
            line(f"{format_seconds(seconds):>7}"),
            width,
        )
        for name, seconds in spent.items()
        for style in [ACCENT if name == story.status.bottleneck else MUTED]
    ]


def queue_lines(story: RunState, width: int) -> list[Content]:
    """Return how full each queue is."""
    if story.status is None:
        return []
    room = max(1, width - _NAME_WIDTH - 8)
    return [
        justify(
            line((f"{name:<{_NAME_WIDTH}}", _queue_style(story, name)), *_queue_bar(waiting, places, room)),
            line(f"{waiting}/{places}"),
            width,
        )
        for name, (waiting, places) in story.status.queues.items()
    ]


def bottleneck(story: RunState) -> Content:
    """Return what everything else waits for, and how long that takes."""
    if story.status is None or not story.status.bottleneck:
        return line("")
    name = story.status.bottleneck
    seconds = story.status.stages.get(name)
    took = f" {format_seconds(seconds)}" if seconds else ""
    return line(("slowest ", MUTED), name, took)


def _queue_style(story: RunState, queue: str) -> str:
    """A queue that stays empty because what fills it is slowest bears the accent."""
    return ACCENT if story.status and queue == story.status.bottleneck else MUTED


def _queue_bar(waiting: int, places: int, room: int) -> tuple[tuple[str, str], tuple[str, str]]:
    full, empty = bar(waiting / places if places else 0.0, min(room, places) if places else room)
    return ("▪" * len(full), ""), ("·" * len(empty), MUTED)


def warping_error_lines(story: RunState, width: int) -> list[Content]:
    """Return the warping error of what is painted beside that of frames painted alone."""
    errors = story.status.warping_error if story.status else {}
    rows = [
        justify(line((label, MUTED)), line(format_number(errors.get(name))), width)
        for name, label in (("output", "painted"), ("per_frame", "frame by frame"))
        if errors.get(name) is not None
    ]
    steadier = steadiness_text(story)
    return [*rows, line((steadier, ACCENT))] if steadier else rows


def loss_lines(story: RunState, width: int) -> list[Content]:
    """Return the terms of the objective of the frame at hand, as bars on a common scale."""
    terms = {name: value for name, value in (story.status.losses if story.status else {}).items() if value}
    largest = max(terms.values(), default=0.0)
    room = max(1, width - 12 - 8)
    return [
        justify(
            line((f"{name:<12}", MUTED), ("▬" * round(room * value / largest), MUTED)),
            line(format_number(value)),
            width,
        )
        for name, value in terms.items()
    ]


def machine_lines(story: RunState, width: int) -> list[Content]:
    """Return memory, processor, GPU and the size of the film so far."""
    surveyed = story.status
    if surveyed is None:
        return []
    rows = [
        ("memory", format_bytes(surveyed.memory)),
        ("processor", f"{surveyed.cpu:.0f} %"),
        ("GPU memory", format_bytes(surveyed.gpu_memory) if surveyed.gpu_memory is not None else ""),
        ("film so far", format_bytes(surveyed.bytes_written)),
    ]
    return [justify(line((name, MUTED)), line(value), width) for name, value in rows if value]


def brief_stats(story: RunState, width: int) -> list[Content]:
    """Return four lines with what matters most."""
    left, at = time_left(story)
    shot = f"shot {story.shots[-1].shot + 1} · " if story.shots else ""
    steadier = line((steadiness_text(story), ACCENT))
    done = frames_done_text(story)
    return [
        bar_and_share(story, width),
        justify(done, line((shot, MUTED), position_text(story)), width),
        justify(_speed_text(story, width // 2), Content.assemble(left, "  ", at), width),
        justify(bottleneck(story), Content.assemble(steadier, *_machine_text(story)), width),
    ]


def compact_stats(story: RunState, width: int) -> list[Content]:
    """Return two lines, for a terminal the size of a stamp."""
    of = f"/{story.frames}" if story.frames else ""
    left, _ = time_left(story)
    done = line((str(story.frames_done), "bold"), of, "  ", speed_text(story))
    return [bar_and_share(story, width), justify(done, left, width)]


def bar_and_share(story: RunState, width: int) -> Content:
    """Return the bar and the percentage in one line."""
    share = story.fraction_done
    per_cent = line(f"{100 * share:.0f} %" if share is not None else "")
    return justify(progress_bar(story, max(1, width - 6)), per_cent, width)


def _speed_text(story: RunState, width: int) -> Content:
    pace = speed_text(story)
    history = sparkline(story.status.fps_history if story.status else (), max(0, width - len(pace) - 2))
    return line((pace, "bold"), "  ", (history, MUTED))


def _machine_text(story: RunState) -> list[Content]:
    if story.status is None:
        return []
    memory, film = format_bytes(story.status.memory), format_bytes(story.status.bytes_written)
    return [line((f"  {memory} · {story.status.cpu:.0f} % · {film}", MUTED))]
