"""The film that is chosen, and what there is to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Button, Static

from streamstyle.formatting import format_bytes, format_duration, sanitise
from streamstyle.tui.start.easel import RequestError


class FilmPanel(VerticalScroll, can_focus=False):
    """A film's name and facts, or that there is none yet."""

    def compose(self) -> ComposeResult:
        """Lay the panel out."""
        yield Static("Film", classes="heading")
        yield Static("none yet", id="film-name", markup=False)
        yield Static("", id="film-facts", markup=False)
        yield Static("", id="film-notes", markup=False)
        yield Button("Choose a film", id="choose-film", compact=True)

    def show_loading(self, film: Path) -> None:
        """Say which film is being looked at."""
        self._show_text(film.name, "looking at it …")

    def show_facts(self, facts: Mapping[str, Any]) -> None:
        """Say what is known of it."""
        lines = [
            " · ".join([f"{facts['width']}x{facts['height']}", facts["codec"], format_bytes(facts["file_bytes"])]),
            " · ".join(_duration_and_rate(facts)),
            *facts["streams"],
        ]
        self._show_text(Path(facts["path"]).name, "\n".join(lines), "\n".join(facts["notes"]))

    def show_error(self, film: Path, why: RequestError) -> None:
        """Say why it cannot be painted."""
        self._show_text(film.name, "", str(why), refused=True)

    def _show_text(self, name: str, facts: str, notes: str = "", *, refused: bool = False) -> None:
        self.query_one("#film-name", Static).update(Text(sanitise(name), overflow="ellipsis", no_wrap=True))
        self.query_one("#film-facts", Static).update(facts)
        said = self.query_one("#film-notes", Static)
        said.update(notes)
        said.display = bool(notes)
        said.set_class(refused, "refusal")
        self.query_one("#choose-film", Button).label = "Choose another film"


def _duration_and_rate(facts: Mapping[str, Any]) -> list[str]:
    found = []
    if facts["duration"] is not None:
        found.append(format_duration(facts["duration"]))
    if facts["frame_rate"] is not None:
        found.append(f"{facts['frame_rate']:.3f}".rstrip("0").rstrip(".") + " fps")
    if facts["frames"] is not None:
        found.append(f"{'' if facts['frames_exact'] else 'about '}{facts['frames']} frames")
    return found
