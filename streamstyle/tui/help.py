"""Every key of a screen, and what the pictures and numbers mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from streamstyle.tui.widgets.lines import ACCENT, MUTED, line

_KEYS = 8
"""Cells that a key's name takes."""


class HelpScreen(ModalScreen[None]):
    """What there is to know about the screen below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,space,enter,ctrl+c", "dismiss", "Back", key_display="esc", priority=True)
    ]

    def __init__(self, bindings: Iterable[Binding], words: Sequence[tuple[str, str]]) -> None:
        """`words` are terms and what they mean."""
        super().__init__()
        self._explained = bindings
        self._words = words

    def compose(self) -> ComposeResult:
        """A box of text that scrolls."""
        with VerticalScroll(id="box"):
            yield Static(Content("Keys"), classes="heading")
            yield Static(Content("\n").join(self._keys()))
            yield Static(Content("Words"), classes="heading")
            yield Static(
                Content("\n").join([line((term, ACCENT), (f"  {meaning}", MUTED)) for term, meaning in self._words])
            )

    def _keys(self) -> list[Content]:
        rows = [(self._key(binding), binding.tooltip) for binding in self._explained if binding.tooltip]
        rows.append(("ctrl+p", "The command palette: themes, and everything else by name"))
        return [line((f"{key:<{_KEYS}}", ACCENT), what) for key, what in rows]

    def _key(self, binding: Binding) -> str:
        return binding.key_display or self.app.get_key_display(binding)
