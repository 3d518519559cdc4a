"""The keys at the bottom of the screen: Textual's own footer is made anew at every step from field to field."""

from __future__ import annotations

from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from streamstyle.tui.start.keys import START
from streamstyle.tui.widgets.lines import ACCENT, MUTED


class KeyBar(Static):
    """What the keys do; while something is typed, those that still are keys."""

    DEFAULT_CSS = "KeyBar { height: 1; text-wrap: nowrap; text-overflow: clip; }"

    def on_mount(self) -> None:
        """Begin where nothing is typed."""
        self.show(typing=False)

    def show(self, *, typing: bool) -> None:
        """Show the keys that there are."""
        keys = [_typing(binding) if typing else _plain(binding) for binding in START if binding.show]
        self.update(Content("  ").join([key for key in keys if key]), layout=False)


def _plain(binding: Binding) -> Content:
    return _key(binding, binding.key_display or binding.key.partition(",")[0])


def _typing(binding: Binding) -> Content:
    """Return the key that is one even in a field; nothing where there is none."""
    longer = [key for key in binding.key.split(",") if len(key) > 1 and key not in ("question_mark", "minus")]
    return _key(binding, longer[0].replace("ctrl+", "^")) if longer else Content("")


def _key(binding: Binding, key: str) -> Content:
    action = binding.action if "(" in binding.action else f"{binding.action}()"
    return Content.from_markup(f"[@click=screen.{action}][{ACCENT}]{key}[/] [{MUTED}]{binding.description}[/][/]")
