"""The numbers in a few lines, where there is no room for a column of them."""

from __future__ import annotations

from textual.content import Content

from streamstyle.terminal.values import bytes_in_words
from streamstyle.tui import figures
from streamstyle.tui.story import Story
from streamstyle.tui.widgets.lines import ACCENT, MUTED, line, spread
from streamstyle.tui.widgets.progress import frames, progress_bar, when
from streamstyle.tui.widgets.stages import bottleneck


def brief(story: Story, width: int) -> list[Content]:
    """Return four lines with what matters most."""
    left, at = when(story)
    shot = f"shot {story.shots[-1].shot + 1} · " if story.shots else ""
    steadier = line((figures.steadier_in_words(story), ACCENT))
    done = frames(story)
    return [
        bar_and_share(story, width),
        spread(done, line((shot, MUTED), figures.place_in_film(story)), width),
        spread(_speed(story, width // 2), Content.assemble(left, "  ", at), width),
        spread(bottleneck(story), Content.assemble(steadier, *_machine(story)), width),
    ]


def briefest(story: Story, width: int) -> list[Content]:
    """Return two lines, for a terminal the size of a stamp."""
    of = f"/{story.frames}" if story.frames else ""
    left, _ = when(story)
    done = line((str(story.frames_done), "bold"), of, "  ", figures.pace_in_words(story))
    return [bar_and_share(story, width), spread(done, left, width)]


def bar_and_share(story: Story, width: int) -> Content:
    """Return the bar and the percentage in one line."""
    share = figures.share_done(story)
    per_cent = line(f"{100 * share:.0f} %" if share is not None else "")
    return spread(progress_bar(story, max(1, width - 6)), per_cent, width)


def _speed(story: Story, width: int) -> Content:
    pace = figures.pace_in_words(story)
    history = figures.sparkline(story.surveyed.fps_history if story.surveyed else (), max(0, width - len(pace) - 2))
    return line((pace, "bold"), "  ", (history, MUTED))


def _machine(story: Story) -> list[Content]:
    if story.surveyed is None:
        return []
    memory, film = bytes_in_words(story.surveyed.memory), bytes_in_words(story.surveyed.bytes_written)
    return [line((f"  {memory} · {story.surveyed.cpu:.0f} % · {film}", MUTED))]
