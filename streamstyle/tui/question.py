"""A question that has to be answered before anything else goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from streamstyle.tui.widgets.lines import ACCENT, line


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers to choose from."""

    key: str
    """Which chooses it, too."""
    name: str
    """What the question is answered with."""
    text: str


class ChoiceDialog(ModalScreen[str]):
    """Asks, and ends with the name of the answer; with an empty one where it was left unanswered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss('')", "Back"),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str, choices: Sequence[Choice], *, on_interrupt: str = "") -> None:
        """`interrupted` is the answer that Ctrl-C gives."""
        super().__init__()
        self._title = title
        self._text = text
        self._choices = choices
        self._interrupt_choice = on_interrupt

    def compose(self) -> ComposeResult:
        """A box with the question and the answers below each other, the first one chosen."""
        with Vertical(id="box"):
            yield Static(Content(self._title), id="title")
            yield Static(Content(self._text), id="text")
            yield OptionList(
                *[Option(line((f"{answer.key}  ", ACCENT), answer.text), id=answer.name) for answer in self._choices]
            )

    def on_key(self, event: Key) -> None:
        """Take an answer's key for the answer."""
        for answer in self._choices:
            if event.key == answer.key:
                event.stop()
                self.dismiss(answer.name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take what was chosen."""
        self.dismiss(event.option_id or "")

    def action_interrupt(self) -> None:
        """Answer with what Ctrl-C stands for."""
        self.dismiss(self._interrupt_choice)
