"""A row of cells whose way to the terminal is short."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.console import Console
from rich.segment import Segment
from textual.strip import Strip


class Row(Strip):
    """A strip that is written as escape sequences at once.

    A picture has a colour of its own in nearly every cell; as segments, each with a style to be made and rendered, it
    takes ten times as long. They are made only where somebody asks: where a question lies over the picture, and for a
    screenshot.
    """

    __slots__ = ("_made", "_make", "_sequences")

    def __init__(self, sequences: str, make: Callable[[], list[Segment]], cells: int) -> None:
        """`sequences` are what a terminal is sent; `make` returns the same as segments."""
        self._made: list[Segment] = []
        self._sequences = sequences
        self._make = make
        super().__init__((), cells)

    def render(self, console: Console) -> str:
        """Return what the terminal is sent."""
        return self._sequences

    def between(self, before: Strip, after: Strip, console: Console) -> Row:
        """Return the row with something at each end."""
        sequences = f"{before.render(console)}{self._sequences}{after.render(console)}"
        cells = before.cell_length + self.cell_length + after.cell_length
        return Row(sequences, lambda: [*before, *self, *after], cells)

    def segments(self) -> list[Segment]:
        """Return the same as segments."""
        return self._segments

    @property
    def _segments(self) -> list[Segment]:
        if not self._made:
            self._made = self._make()
        return self._made

    @_segments.setter
    def _segments(self, segments: Iterable[Segment]) -> None:
        self._made = list(segments)
