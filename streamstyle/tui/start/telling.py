"""Words that change often and seldom take another number of lines."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static


class StableText(Static):
    """Text that has the screen laid out anew only where it becomes longer or shorter by a line.

    That costs more than all else that a key does.
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._text: str | Text = ""
        self._line_count = 0

    def set_text(self, words: str | Text) -> None:
        """Say something else."""
        if words == self._text:
            return
        self._text = words
        self.update(words, layout=False)
        width = self.content_size.width
        lines = self.get_content_height(self.app.size, self.app.size, width) if width else -1
        if lines != self._line_count:
            self._line_count = lines
            self.refresh(layout=True)
