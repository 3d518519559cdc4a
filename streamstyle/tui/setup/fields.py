"""The fields of the start screen: a label, a control, and an error message below it."""

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
    """Shows one of several values in a row; left, right or a click change it."""

    BINDINGS = [  # noqa: RUF012
        Binding("left", "cycle(-1)", "previous", show=False),
        Binding("right,space,enter", "cycle(1)", "next", show=False),
    ]
    COMPONENT_CLASSES = {"cycle--arrow"}  # noqa: RUF012

    value = reactive("")

    class Changed(Message):
        """Another value has been chosen."""

        def __init__(self, cycle: CycleSelect, value: str) -> None:
            super().__init__()
            self.cycle, self.value = cycle, value

        @property
        def control(self) -> CycleSelect:
            """The widget that has changed; Textual's selectors need it."""
            return self.cycle

    def __init__(self, labels: Mapping[str, str], value: str = "", *, id: str | None = None) -> None:
        """`labels` is what is shown for each value."""
        super().__init__(id=id)
        self._labels = dict(labels)
        self.set_reactive(CycleSelect.value, value)

    def set_labels(self, labels: Mapping[str, str]) -> None:
        """Change the values and their labels; a value that no longer exists is replaced by the first."""
        self._labels = dict(labels)
        if self.value not in self._labels:
            self._choose(next(iter(self._labels)))
        self.refresh()

    def choose(self, value: str) -> None:
        """Choose a value, and offer it from now on if it was not offered."""
        self._labels.setdefault(value, value)
        self._choose(value)

    def action_cycle(self, by: int) -> None:
        """Choose the next or the previous value."""
        values = list(self._labels)
        self._choose(values[(values.index(self.value) + by) % len(values)])

    def on_click(self, event: events.Click) -> None:
        """Choose the previous value on a click on the left arrow, else the next."""
        self.action_cycle(-1 if event.x < 2 else 1)

    def _choose(self, value: str) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self, value))

    def render(self) -> Text:
        """Return the value between its arrows."""
        arrow = self.get_component_rich_style("cycle--arrow", partial=True)
        label = Text(self._labels[self.value], no_wrap=True, overflow="ellipsis")
        label.truncate(max(1, self.size.width - 4), overflow="ellipsis")
        return Text.assemble(("◂ ", arrow), label, (" ▸", arrow))


class NumberInput(Input):
    """A text input; if it takes a number, up and down change it."""

    BINDINGS = [  # noqa: RUF012
        Binding("up", "step(1)", "more", show=False),
        Binding("down", "step(-1)", "less", show=False),
    ]

    def __init__(self, value: str = "", placeholder: str = "", *, step: float = 0) -> None:
        """`step` is the change of one key press, 0 if the text is not a number; the placeholder is the default."""
        super().__init__(value, placeholder, compact=True)
        self._step = step

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable up and down if the text is not a number."""
        return bool(self._step) if action == "step" else super().check_action(action, parameters)

    def action_step(self, by: int) -> None:
        """Change the number by so many steps."""
        try:
            self.value = f"{round(float(self.value or self.placeholder or 0) + by * self._step, 3):g}"
        except ValueError:
            self.app.bell()


class Field(Vertical):
    """A label, its control, and below them the error message of an invalid value."""

    DEFAULT_CSS = """
    Field { height: auto; }
    Field > Horizontal { height: 1; }
    Field .error { display: none; height: auto; }
    Field.-invalid .error { display: block; }
    """

    class Changed(Message):
        """The value has changed; an empty text stands for the default."""

        def __init__(self, field: Field, text: str) -> None:
            super().__init__()
            self.field, self.text = field, text

        @property
        def control(self) -> Field:
            """The widget that has changed; Textual's selectors need it."""
            return self.field

    def __init__(
        self, name: str, label: str, control: CycleSelect | NumberInput, help: str = "", default: str = ""
    ) -> None:
        """`default` is the value of the control that stands for the default."""
        super().__init__(name=name, id=f"field-{name.replace('_', '-')}")
        self.label, self.control, self.help = label, control, help
        self._default = default
        self._error = ""

    def compose(self) -> ComposeResult:
        """Put label and control into a row."""
        with Horizontal():
            yield Label(self.label, classes="label")
            yield self.control
        yield Static(classes="error", markup=False)

    @property
    def text(self) -> str:
        """The value; empty for the default."""
        return "" if self.control.value == self._default else self.control.value

    def set_default(self, default: str) -> None:
        """Change the default, and show it in place of the value."""
        if isinstance(self.control, CycleSelect):
            self._default = default
        else:
            self.control.placeholder = default
        self.set_text("")

    def set_text(self, text: str) -> None:
        """Change the value; an empty text stands for the default."""
        if isinstance(self.control, CycleSelect):
            self.control.choose(text or self._default)
        else:
            self.control.value = text

    def show_error(self, message: str) -> None:
        """Show an error message; an empty one hides it."""
        if message != self._error:
            self._error = message
            self.set_class(bool(message), "-invalid")
            self.query_one(".error", Static).update(message)

    @on(CycleSelect.Changed)
    @on(Input.Changed)
    def _forward_change(self, event: CycleSelect.Changed | Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self, self.text))


class FieldHint(Static):
    """The help text of the focused field."""

    def on_mount(self) -> None:
        """Watch the focus."""
        self.watch(self.screen, "focused", self._show)

    def _show(self, focused: Widget | None) -> None:
        if focused is not None:
            field = next((each for each in focused.ancestors if isinstance(each, Field)), None)
            self.update(field.help if field else "", layout=False)


def setting_field(setting: Setting, labels: Mapping[str, str] | None = None, label: str = "") -> Field:
    """Return the field of a setting; `labels` are the values to choose from if its type does not list them."""
    if setting.is_switch:
        labels = {"": "no", "yes": "yes"}
    elif setting.choices:
        labels = {choice: choice for choice in setting.choices}
    if labels is None:
        control: CycleSelect | NumberInput = NumberInput(placeholder=setting.default_text(), step=setting.step)
        return Field(setting.name, label or setting.label, control, setting.help)
    default = setting.default_text() if setting.choices else ""
    return Field(setting.name, label or setting.label, CycleSelect(labels, default), setting.help, default)
