"""What is known of the picture's quality, and what the run takes of the machine."""

from __future__ import annotations

from textual.content import Content

from streamstyle.terminal.values import bytes_in_words
from streamstyle.tui import figures
from streamstyle.tui.story import Story
from streamstyle.tui.widgets.lines import ACCENT, MUTED, line, spread


def steadiness(story: Story, width: int) -> list[Content]:
    """Return the warping error of what is painted beside that of frames painted alone."""
    errors = story.surveyed.warping_error if story.surveyed else {}
    rows = [
        spread(line((label, MUTED)), line(figures.number(errors.get(name))), width)
        for name, label in (("output", "painted"), ("per_frame", "frame by frame"))
        if errors.get(name) is not None
    ]
    steadier = figures.steadier_in_words(story)
    return [*rows, line((steadier, ACCENT))] if steadier else rows


def losses(story: Story, width: int) -> list[Content]:
    """Return the terms of the objective of the frame at hand, as bars on a common scale."""
    terms = {name: value for name, value in (story.surveyed.losses if story.surveyed else {}).items() if value}
    largest = max(terms.values(), default=0.0)
    room = max(1, width - 12 - 8)
    return [
        spread(
            line((f"{name:<12}", MUTED), ("▬" * round(room * value / largest), MUTED)),
            line(figures.number(value)),
            width,
        )
        for name, value in terms.items()
    ]


def machine(story: Story, width: int) -> list[Content]:
    """Return memory, processor, GPU and the size of the film so far."""
    surveyed = story.surveyed
    if surveyed is None:
        return []
    rows = [
        ("memory", bytes_in_words(surveyed.memory)),
        ("processor", f"{surveyed.cpu:.0f} %"),
        ("GPU memory", bytes_in_words(surveyed.gpu_memory) if surveyed.gpu_memory is not None else ""),
        ("film so far", bytes_in_words(surveyed.bytes_written)),
    ]
    return [spread(line((name, MUTED)), line(value), width) for name, value in rows if value]
