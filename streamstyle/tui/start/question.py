"""A question that is answered by yes or no."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static


class Question(ModalScreen[bool]):
    """Asks before something is lost."""

    BINDINGS = [  # noqa: RUF012
        Binding("y", "dismiss(True)", "yes"),
        Binding("n,escape", "dismiss(False)", "no"),
        Binding("left,right", "app.focus_next", "other", show=False),
    ]

    def __init__(self, words: str, yes: str, no: str) -> None:
        super().__init__()
        self._words, self._yes, self._no = words, yes, no

    def compose(self) -> ComposeResult:
        """Lay the question out."""
        with Vertical(id="question"):
            yield Static(self._words, markup=False)
            with Horizontal():
                yield Button(f"{self._yes} (y)", id="yes", compact=True)
                yield Button(f"{self._no} (n)", id="no", compact=True)

    def on_mount(self) -> None:
        """Begin at the answer that loses nothing."""
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
