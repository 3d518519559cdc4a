"""Lines of text that several widgets lay out alike."""

from __future__ import annotations

from rich.cells import set_cell_size
from textual.content import Content

MUTED = "$foreground-muted"
ACCENT = "$primary"

StyledText = str | tuple[str, str]
"""Text, or text and its style."""


def line(*parts: StyledText) -> Content:
    """Return a line of text, each part in its style."""
    return Content.assemble(*parts)


def justify(left: Content, right: Content, width: int) -> Content:
    """Return a line with one text at its start and one at its end; without the latter where both do not fit."""
    gap = width - left.cell_length - right.cell_length
    return Content.assemble(left, " " * gap, right) if gap >= 1 else left


def elide_middle(text: str, width: int) -> str:
    """Return the text in so many cells, its middle left out where it is longer."""
    whole = Content(text)
    if whole.cell_length <= width:
        return text
    kept = max(0, width - 1)
    end = set_cell_size(text[::-1], kept // 2)[::-1].lstrip() if kept > 1 else ""
    return f"{set_cell_size(text, kept - kept // 2).rstrip()}…{end}"
