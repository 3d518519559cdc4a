"""The first line: which film becomes which, how, and what is going on."""

from __future__ import annotations

from pathlib import Path

from textual.content import Content
from textual.widget import Widget

from streamstyle.events import Started
from streamstyle.formatting import sanitise
from streamstyle.tui.widgets.lines import ACCENT, MUTED, cut, line, spread


class Headline(Widget):
    """What the run is about at the left, how it stands at the right."""

    def __init__(self, film: str = "", output: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._films = (film, output)
        self._manner = ""
        self._state = ""

    def show(self, started: Started | None, state: str) -> None:
        """Say how the run stands, in a word or two."""
        films, manner = self._films, self._manner
        if started is not None:
            films = (started.video, started.output)
            manner = " · ".join([started.style, started.method, started.size, started.device])
        if (films, manner, state) != (self._films, self._manner, self._state):
            self._films, self._manner, self._state = films, manner, state
            self.refresh()

    def render(self) -> Content:
        """Return the line; where it is narrow the manner goes first, then the names are cut."""
        width = self.content_size.width
        state = line((f"● {self._state}", ACCENT)) if self._state else line("")
        film, output = (sanitise(Path(path).name) for path in self._films)
        room = width - state.cell_length - 2
        whole = line(film, (" → ", MUTED), (output, "bold"), (f"   {self._manner}", MUTED))
        if whole.cell_length <= room:
            return spread(whole, state, width)
        names = line((cut(output, max(8, room)), "bold"))
        both = line(film, (" → ", MUTED), (output, "bold"))
        return spread(both if both.cell_length <= room else names, state, width)
