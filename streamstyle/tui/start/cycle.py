"""A choice among few: one row, walked through with the arrow keys."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class CycleSelect(Widget, can_focus=True):
    """Shows one of several words; left and right, or a click on its ends, go to the next."""

    BINDINGS = [  # noqa: RUF012
        Binding("left", "walk(-1)", "previous", show=False),
        Binding("right,space,enter", "walk(1)", "next", show=False),
    ]
    COMPONENT_CLASSES = {"cycle--arrow"}  # noqa: RUF012

    value = reactive("")

    class Changed(Message):
        """Another has been chosen."""

        def __init__(self, cycle: CycleSelect, value: str) -> None:
            super().__init__()
            self.cycle, self.value = cycle, value

        @property
        def control(self) -> CycleSelect:
            """The one that changed."""
            return self.cycle

    def __init__(self, labels: Mapping[str, str], value: str = "", *, id: str | None = None) -> None:
        """`words` is what is shown for each value."""
        super().__init__(id=id)
        self._labels = dict(labels)
        self.set_reactive(CycleSelect.value, value)

    def set_labels(self, words: Mapping[str, str]) -> None:
        """Change what there is to choose from; a value that is not among it becomes the first."""
        self._labels = dict(words)
        if self.value not in self._labels:
            self._choose(next(iter(self._labels)))
        self.refresh()

    def action_walk(self, by: int) -> None:
        """Go to the next or the previous value."""
        values = list(self._labels)
        self._choose(values[(values.index(self.value) + by) % len(values)])

    def on_click(self, event: events.Click) -> None:
        """Go back on the left end, on everywhere else."""
        self.action_walk(-1 if event.x < 2 else 1)

    def _choose(self, value: str) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self, value))

    def render(self) -> Text:
        """Return the value between its arrows."""
        arrow = self.get_component_rich_style("cycle--arrow", partial=True)
        word = Text(self._labels[self.value], no_wrap=True, overflow="ellipsis")
        word.truncate(max(1, self.size.width - 4), overflow="ellipsis")
        return Text.assemble(("◂ ", arrow), word, (" ▸", arrow))
