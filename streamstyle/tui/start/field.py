"""One thing to fill in: its name, its value, and why the value cannot be."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from streamstyle.tui.start.cycle import CycleSelect
from streamstyle.tui.start.setting import Setting


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
