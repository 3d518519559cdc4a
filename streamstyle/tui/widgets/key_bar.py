"""The last line of a screen: its keys, which can also be clicked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from streamstyle.tui.widgets.text import ACCENT, MUTED, line

_GAP = "  "


class ClickableKeys(Static):
    """Keys in a row, which can be clicked."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys: list[tuple[str, Content]] = []

    def show_keys(self, keys: Iterable[tuple[str, str, str]]) -> None:
        """Show keys: action, name of the key and description of each."""
        self._keys = [(action, line((key, ACCENT), (f" {text}", MUTED))) for action, key, text in keys]
        self.update(Content(_GAP).join([key for _, key in self._keys]), layout=False)

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the key under the mouse."""
        column = self.gutter.left
        for action, key in self._keys:
            if column <= event.x < column + key.cell_length:
                await self.screen.run_action(action)
            column += key.cell_length + len(_GAP)


class FittingKeyBar(ClickableKeys):
    """Shows the keys of the screen that work now: as many as fit, the most useful ones first to stay."""

    DEFAULT_CSS = "FittingKeyBar { height: 1; text-wrap: nowrap; text-overflow: clip; padding: 0 1; }"

    def __init__(self, by_use: Sequence[str], *, id: str | None = None) -> None:
        """`by_use` names actions, those that stay longest on a narrow screen first."""
        super().__init__(id=id)
        self._by_use = by_use

    def on_mount(self) -> None:
        """Follow the keys of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self._show())

    def on_resize(self) -> None:
        """Show as many keys as fit."""
        self._show()

    def _show(self) -> None:
        if not self.is_mounted or self.app.screen is not self.screen:
            return
        active = self.screen.active_bindings.values()
        shown = {
            each.binding.action: each.binding
            for each in active
            if each.node is self.screen and each.binding.show and each.enabled
        }
        room = self.content_size.width + len(_GAP)
        kept = set()
        for action in sorted(shown, key=self._rank):
            width = len(self._key_text(shown[action])) + 1 + len(shown[action].description) + len(_GAP)
            if width <= room:
                room -= width
                kept.add(action)
        self.show_keys(
            (action, self._key_text(binding), binding.description)
            for action, binding in shown.items()
            if action in kept
        )

    def _rank(self, action: str) -> int:
        name = action.partition("(")[0]
        return self._by_use.index(name) if name in self._by_use else len(self._by_use)

    def _key_text(self, binding: Binding) -> str:
        return binding.key_display or self.app.get_key_display(binding)
