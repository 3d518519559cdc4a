"""Lines of text that several widgets lay out alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.cells import set_cell_size
from rich.text import Text
from textual.content import Content
from textual.theme import Theme
from textual.widget import Widget
from textual.widgets import RichLog, Static

from streamstyle.events import Started
from streamstyle.formatting import sanitise
from streamstyle.runs.state import LogEntry

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


class Header(Widget):
    """What the run is about at the left, how it stands at the right."""

    def __init__(self, film: str = "", output: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._paths = (film, output)
        self._options_text = ""
        self._status_text = ""

    def show(self, started: Started | None, state: str) -> None:
        """Say how the run stands, in a word or two."""
        films, manner = self._paths, self._options_text
        if started is not None:
            films = (started.video, started.output)
            manner = " · ".join([started.style, started.method, started.size, started.device])
        if (films, manner, state) != (self._paths, self._options_text, self._status_text):
            self._paths, self._options_text, self._status_text = films, manner, state
            self.refresh()

    def render(self) -> Content:
        """Return the line; where it is narrow the manner goes first, then the names are cut."""
        width = self.content_size.width
        state = line((f"● {self._status_text}", ACCENT)) if self._status_text else line("")
        film, output = (sanitise(Path(path).name) for path in self._paths)
        room = width - state.cell_length - 2
        whole = line(film, (" → ", MUTED), (output, "bold"), (f"   {self._options_text}", MUTED))
        if whole.cell_length <= room:
            return justify(whole, state, width)
        names = line((elide_middle(output, max(8, room)), "bold"))
        both = line(film, (" → ", MUTED), (output, "bold"))
        return justify(both if both.cell_length <= room else names, state, width)


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


class LogView(RichLog):
    """Remarks, one under the other; warnings in a colour of their own."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, wrap=True, markup=False, highlight=False, max_lines=2000, min_width=1)
        self._shown_remarks: Sequence[LogEntry] = ()

    def show(self, remarks: Sequence[LogEntry]) -> None:
        """Add those remarks that are not there yet."""
        for remark in remarks[len(self._shown_remarks) :]:
            self._write_remark(remark)
        self._shown_remarks = remarks

    def on_mount(self) -> None:
        """Say it all again in the colours of a theme that is chosen later."""
        self.app.theme_changed_signal.subscribe(self, self._rewrite)

    def _rewrite(self, theme: Theme) -> None:
        self.clear()
        for remark in self._shown_remarks:
            self._write_remark(remark)

    def toggle(self) -> None:
        """Come into sight, or go out of it; from then on the size of the terminal has no say in that."""
        here = self.display
        self.set_class(not here, "shown")
        self.set_class(here, "hidden")

    def _write_remark(self, remark: LogEntry) -> None:
        colours = self.app.theme_variables
        name = "warning" if remark.warning else "foreground"
        mark = "! " if remark.warning else "  "
        self.write(Text(f"{mark}{remark.text}", style=colours.get(name, "")))
