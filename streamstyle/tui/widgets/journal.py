"""The log: what was said in the course of a run."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.theme import Theme
from textual.widgets import RichLog

from streamstyle.runs.state import LogEntry


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
