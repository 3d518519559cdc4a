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

_KEY_WIDTH = 8
"""Cells that a key's name takes."""


class HelpScreen(ModalScreen[None]):
    """What there is to know about the screen below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,space,enter,ctrl+c", "dismiss", "Back", key_display="esc", priority=True)
    ]

    def __init__(self, bindings: Iterable[Binding], glossary: Sequence[tuple[str, str]]) -> None:
        """`words` are terms and what they mean."""
        super().__init__()
        self._described_bindings = bindings
        self._glossary = glossary

    def compose(self) -> ComposeResult:
        """A box of text that scrolls."""
        with VerticalScroll(id="box"):
            yield Static(Content("Keys"), classes="heading")
            yield Static(Content("\n").join(self._key_lines()))
            yield Static(Content("Words"), classes="heading")
            yield Static(
                Content("\n").join([line((term, ACCENT), (f"  {meaning}", MUTED)) for term, meaning in self._glossary])
            )

    def _key_lines(self) -> list[Content]:
        rows = [(self._key_name(binding), binding.tooltip) for binding in self._described_bindings if binding.tooltip]
        rows.append(("ctrl+p", "The command palette: themes, and everything else by name"))
        return [line((f"{key:<{_KEY_WIDTH}}", ACCENT), what) for key, what in rows]

    def _key_name(self, binding: Binding) -> str:
        return binding.key_display or self.app.get_key_display(binding)
