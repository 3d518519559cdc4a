"""A choice among few: one row, walked through with the arrow keys."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from streamstyle.tui.setup.state import Setting


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


class NumberInput(Input):
    """A line to type in; where it is a number, up and down change it."""

    BINDINGS = [  # noqa: RUF012
        Binding("up", "step(1)", "more", show=False),
        Binding("down", "step(-1)", "less", show=False),
    ]

    def __init__(self, value: str = "", placeholder: str = "", *, step: float = 0) -> None:
        """`step` is by how much the keys change a number; the placeholder is its default."""
        super().__init__(value, placeholder, compact=True)
        self._step = step

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave up and down alone where there is no number to change."""
        return bool(self._step) if action == "step" else super().check_action(action, parameters)

    def action_step(self, by: int) -> None:
        """Change the number."""
        try:
            self.value = f"{round(float(self.value or self.placeholder or 0) + by * self._step, 3):g}"
        except ValueError:
            self.app.bell()


class Field(Vertical):
    """A name, what it is set to, and below it why that cannot be."""

    DEFAULT_CSS = """
    Field { height: auto; }
    Field > Horizontal { height: 1; }
    Field .refusal { display: none; height: auto; }
    Field.-refused .refusal { display: block; }
    """

    class Changed(Message):
        """It is set to something else; empty text is the default."""

        def __init__(self, field: Field, text: str) -> None:
            super().__init__()
            self.field, self.text = field, text

        @property
        def control(self) -> Field:
            """The one that changed."""
            return self.field

    def __init__(
        self, name: str, label: str, control: CycleSelect | NumberInput, help: str = "", default: str = ""
    ) -> None:
        """`default` is the value of the control that is the same as saying nothing."""
        super().__init__(name=name, id=f"field-{name.replace('_', '-')}")
        self.label, self.control, self.help = label, control, help
        self._default = default
        self._error = ""

    def compose(self) -> ComposeResult:
        """Lay the row out."""
        with Horizontal():
            yield Label(self.label, classes="name")
            yield self.control
        yield Static(classes="refusal", markup=False)

    @property
    def text(self) -> str:
        """What it is set to; empty for the default."""
        return "" if self.control.value == self._default else self.control.value

    def show_error(self, why: str) -> None:
        """Say why the value cannot be; with nothing to say it can."""
        if why != self._error:
            self._error = why
            self.set_class(bool(why), "-refused")
            self.query_one(".refusal", Static).update(why)

    @on(CycleSelect.Changed)
    @on(Input.Changed)
    def _forward_change(self, event: CycleSelect.Changed | Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self, self.text))


class FieldHint(Static):
    """What the field that has the focus means."""

    def on_mount(self) -> None:
        """Follow the focus."""
        self.watch(self.screen, "focused", self._show)

    def _show(self, focused: Widget | None) -> None:
        if focused is not None:
            field = next((each for each in focused.ancestors if isinstance(each, Field)), None)
            self.update(field.help if field else "", layout=False)


def setting_field(setting: Setting, labels: Mapping[str, str] | None = None, label: str = "") -> Field:
    """Return the field of a setting; `words` are the values that there are to choose from, where it lists none."""
    if setting.is_switch:
        labels = {"": "no", "yes": "yes"}
    elif setting.choices:
        labels = {choice: choice for choice in setting.choices}
    if labels is None:
        control: CycleSelect | NumberInput = NumberInput(placeholder=setting.default_text(), step=setting.step)
        return Field(setting.name, label or setting.label, control, setting.help)
    default = setting.default_text() if setting.choices else ""
    return Field(setting.name, label or setting.label, CycleSelect(labels, default), setting.help, default)
