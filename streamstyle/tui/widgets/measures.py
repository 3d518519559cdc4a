"""What is known of the picture's quality, and what the run takes of the machine."""

from __future__ import annotations

from textual.content import Content

from streamstyle.formatting import format_bytes, format_number
from streamstyle.runs.state import RunState
from streamstyle.tui.figures import steadiness_text
from streamstyle.tui.widgets.lines import ACCENT, MUTED, line, justify


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
