"""The keys at the bottom of the screen: Textual's own footer is made anew at every step from field to field."""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from streamstyle.tui.start.keys import SETUP_BINDINGS
from streamstyle.tui.widgets.lines import ACCENT, MUTED, line

_GAP = "  "


class KeyBar(Static):
    """What the keys do, and a click on them; while something is typed, those that still are keys."""

    DEFAULT_CSS = "KeyBar { height: 1; text-wrap: nowrap; text-overflow: clip; }"

    def on_mount(self) -> None:
        """Follow the focus."""
        self.watch(self.screen, "focused", self._show)

    def _show(self, focused: Widget | None) -> None:
        typing = isinstance(focused, Input)
        shown = [
            (binding, _key_while_typing(binding) if typing else _key_name(binding))
            for binding in SETUP_BINDINGS
            if binding.show
        ]
        self._keys = [(each.action, line((key, ACCENT), (f" {each.description}", MUTED))) for each, key in shown if key]
        self.update(Content(_GAP).join([key for _, key in self._keys]), layout=False)

    async def on_click(self, event: events.Click) -> None:
        """Do what the key under the mouse does."""
        column = self.gutter.left
        for action, key in self._keys:
            if column <= event.x < column + key.cell_length:
                await self.screen.run_action(action)
            column += key.cell_length + len(_GAP)


def _key_name(binding: Binding) -> str:
    return binding.key_display or binding.key


def _key_while_typing(binding: Binding) -> str:
    """Return the key that is one even in a field; empty where there is none."""
    names = binding.key.split(",")
    return next((key.replace("ctrl+", "^") for key in names if key.startswith(("ctrl+", "f")) and len(key) > 1), "")
