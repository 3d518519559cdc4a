"""A row of cells whose way to the terminal is short."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from rich.console import Console
from rich.segment import Segment
from textual.strip import Strip


class RawStrip(Strip):
    """A strip that is written as escape sequences at once.

    A picture has a colour of its own in nearly every cell; as segments, each with a style to be made and rendered, it
    takes ten times as long. They are made only where they are asked for: by a screenshot, or where something lies over
    a part of the picture. All this by public methods of `Strip`, of which Textual's compositor calls no others on the
    rows of a widget that covers its whole region; `Strip.join` alone would find the row empty.
    """

    __slots__ = ("_make_segments", "_sequences", "_strip")

    def __init__(self, sequences: str, make: Callable[[], list[Segment]], cells: int) -> None:
        """`sequences` are what a terminal is sent; `make` returns the same as segments."""
        super().__init__((), cells)
        self._sequences = sequences
        self._make_segments = make
        self._strip: Strip | None = None

    def render(self, console: Console) -> str:
        """Return what the terminal is sent."""
        return self._sequences

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Return the parts between the cuts: itself, where it is not cut."""
        cuts = [cut for cut in cuts if cut <= self.cell_length]
        return [self] if cuts == [self.cell_length] else self.to_strip().divide(cuts)

    def crop(self, start: int, end: int | None = None) -> Strip:
        """Return a part: itself, where that is all of it."""
        uncut = start <= 0 and (end is None or end >= self.cell_length)
        return self if uncut else self.to_strip().crop(start, end)

    @property
    def text(self) -> str:
        """The characters."""
        return self.to_strip().text

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.to_strip())

    def with_margins(self, before: Strip, after: Strip, console: Console) -> RawStrip:
        """Return the row with something at each end."""
        sequences = f"{before.render(console)}{self._sequences}{after.render(console)}"
        cells = before.cell_length + self.cell_length + after.cell_length
        return RawStrip(sequences, lambda: [*before, *self, *after], cells)

    def segments(self) -> list[Segment]:
        """Return the same as segments."""
        return list(self.to_strip())

    def to_strip(self) -> Strip:
        """Return the same as an ordinary strip."""
        if self._strip is None:
            self._strip = Strip(self._make_segments(), self.cell_length)
        return self._strip
