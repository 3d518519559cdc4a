"""The numbers in a few lines, where there is no room for a column of them."""

from __future__ import annotations

from textual.content import Content

from streamstyle.formatting import format_bytes
from streamstyle.runs.state import RunState
from streamstyle.tui.figures import position_text, sparkline, speed_text, steadiness_text
from streamstyle.tui.widgets.lines import ACCENT, MUTED, line, justify
from streamstyle.tui.widgets.progress import frames_done_text, progress_bar, time_left
from streamstyle.tui.widgets.stages import bottleneck


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
