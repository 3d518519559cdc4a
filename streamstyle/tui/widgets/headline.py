"""The first line: which film becomes which, how, and what is going on."""

from __future__ import annotations

from pathlib import Path

from textual.content import Content
from textual.widget import Widget

from streamstyle.events import Started
from streamstyle.formatting import sanitise
from streamstyle.tui.widgets.lines import ACCENT, MUTED, elide_middle, line, justify


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
