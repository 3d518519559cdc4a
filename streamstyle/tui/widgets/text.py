"""Lines of text, and the widgets of the screens that show nothing else: header, message and log."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.cells import set_cell_size
from rich.text import Text
from textual.content import Content
from textual.events import Resize
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
    """Return a line of text from parts with or without a style."""
    return Content.assemble(*parts)


def justify(left: Content, right: Content, width: int) -> Content:
    """Return a line of so many cells with one text at each end; without the right one if both do not fit."""
    gap = width - left.cell_length - right.cell_length
    return Content.assemble(left, " " * gap, right) if gap >= 1 else left


def elide_middle(text: str, width: int) -> str:
    """Return the text in at most so many cells; if it is longer, its middle is replaced by an ellipsis."""
    if Content(text).cell_length <= width:
        return text
    kept = max(0, width - 1)
    end = set_cell_size(text[::-1], kept // 2)[::-1].lstrip() if kept > 1 else ""
    return f"{set_cell_size(text, kept - kept // 2).rstrip()}…{end}"


class Header(Widget):
    """Names and options of the run at the left, its status at the right."""

    def __init__(self, video: str = "", output: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._paths = (video, output)
        self._options_text = ""
        self._status_text = ""

    def show(self, started: Started | None, status: str) -> None:
        """Show the run's names and options, once they are known, and its status in a few words."""
        paths, options = self._paths, self._options_text
        if started is not None:
            paths = (started.video, started.output)
            options = " · ".join([started.style, started.method, started.size, started.device])
        if (paths, options, status) != (self._paths, self._options_text, self._status_text):
            self._paths, self._options_text, self._status_text = paths, options, status
            self.refresh()

    def render(self) -> Content:
        """Return the line; if it is too long, leave out the options, then the video, then part of the output's name."""
        width = self.content_size.width
        status = line((f"● {self._status_text}", ACCENT)) if self._status_text else line("")
        video, output = (sanitise(Path(path).name) for path in self._paths)
        room = width - status.cell_length - 2
        names = line(video, (" → ", MUTED), (output, "bold"))
        for text in (Content.assemble(names, (f"   {self._options_text}", MUTED)), names):
            if text.cell_length <= room:
                return justify(text, status, width)
        return justify(line((elide_middle(output, max(8, room)), "bold")), status, width)


class StableText(Static):
    """Text that triggers a new layout of the screen only if its number of lines changes.

    A layout takes longer than anything else that follows a key press.
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._text: str | Text = ""
        self._line_count = 0

    def set_text(self, text: str | Text) -> None:
        """Change the text."""
        if text == self._text:
            return
        self._text = text
        self.update(text, layout=False)
        width = self.content_size.width
        lines = self.get_content_height(self.app.size, self.app.size, width) if width else -1
        if lines != self._line_count:
            self._line_count = lines
            self.refresh(layout=True)


class LogView(RichLog):
    """The log of a run, warnings in their own colour."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, wrap=True, markup=False, highlight=False, max_lines=2000, min_width=1)
        self._entries: Sequence[LogEntry] = ()
        self._written = 0
        self._written_width = 0

    def show(self, entries: Sequence[LogEntry]) -> None:
        """Append the entries that are not shown yet."""
        self._entries = entries
        self._write_new()

    def on_resize(self, event: Resize) -> None:
        """Write the log anew: its lines are wrapped to another width."""
        super().on_resize(event)
        width = self.scrollable_content_region.width
        if width and width != self._written_width:
            self._written_width = width
            self._rewrite(None)

    def _write_new(self) -> None:
        """Write the entries that are not written yet; while the log is hidden it has no width to wrap them to."""
        if not self._written_width or not self.display:
            return
        for entry in self._entries[self._written :]:
            self._write_entry(entry)
        self._written = len(self._entries)

    def on_mount(self) -> None:
        """Write all entries again when the theme, and with it the colours, has changed."""
        self.app.theme_changed_signal.subscribe(self, self._rewrite)

    def _rewrite(self, _: Theme | None) -> None:
        self.clear()
        self._written = 0
        self._write_new()

    def toggle(self) -> None:
        """Show or hide the log; from then on the size of the terminal no longer decides that."""
        visible = self.display
        self.set_class(not visible, "shown")
        self.set_class(visible, "hidden")
        self.call_after_refresh(self._write_new)

    def _write_entry(self, entry: LogEntry) -> None:
        colours = self.app.theme_variables
        name = "warning" if entry.warning else "foreground"
        mark = "! " if entry.warning else "  "
        self.write(Text(f"{mark}{entry.text}", style=colours.get(name, "")))
