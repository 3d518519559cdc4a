"""How the film is painted: method, size, part, quality, where to; and every other setting, folded away."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Collapsible, Static

from streamstyle.tui.start.choices import RANGE_OPTIONS
from streamstyle.tui.start.cycle import CycleSelect
from streamstyle.tui.start.field import NumberInput, Field, setting_field
from streamstyle.tui.start.setting import SETTINGS
from streamstyle.tui.start.telling import StableText

STYLE_SETTINGS = ("strength", "style_scale", "preserve_colour")
"""Settings that are asked for beside the style."""

_MAIN_SETTINGS = ("method", "height", "crf", "codec", "preset")
_HEIGHTS = (2160, 1440, 1080, 720, 540, 480, 360)


class OptionsPanel(VerticalScroll, can_focus=False):
    """The fields, and what the one that is being filled in means."""

    def compose(self) -> ComposeResult:
        """Lay the fields out."""
        yield Static("Options", classes="heading")
        yield setting_field(SETTINGS["method"])
        yield Static(id="sentence", markup=False)
        yield setting_field(SETTINGS["height"], _height_labels(None), "size")
        yield Field("part", "part", CycleSelect(RANGE_OPTIONS), "Which part of the film is painted.")
        yield Field("length", "", NumberInput("10s"), "So much from the film's middle, such as 10s.")
        yield Field("stretch", "", NumberInput(placeholder="10-20"), "From when to when, in seconds or [HH:]MM:SS.")
        yield setting_field(SETTINGS["crf"], label="quality")
        yield setting_field(SETTINGS["codec"])
        yield setting_field(SETTINGS["preset"])
        yield Field("output", "output", NumberInput(), "Where the painting goes; its ending says which container.")
        yield StableText(id="behind")
        with Collapsible(title="everything else"):
            yield Vertical(id="others")

    @on(Collapsible.Expanded)
    def _mount_others(self) -> None:
        """Lay the other fields out, which few ever look at, when somebody does."""
        others = self.query_one("#others")
        if not others.children:
            rest = [setting for setting in SETTINGS.values() if setting.name not in (*_MAIN_SETTINGS, *STYLE_SETTINGS)]
            others.mount_all([setting_field(setting) for setting in rest])

    def on_mount(self) -> None:
        """Show only what belongs to the choices."""
        self._show_range_fields("")
        self.query_one("#behind").display = False
        self._explain_method(SETTINGS["method"].default_text())

    def set_source_height(self, height: int | None) -> None:
        """Offer the heights below that of the film."""
        control = self.query_one("#field-height", Field).control
        assert isinstance(control, CycleSelect)
        control.set_labels(_height_labels(height))

    def set_output(self, output: Path, warnings: Sequence[str]) -> None:
        """Say where the painting goes by default, and what of the film stays behind."""
        control = self.query_one("#field-output", Field).control
        assert isinstance(control, NumberInput)
        control.placeholder = control.value or output.name
        behind = self.query_one("#behind", StableText)
        behind.set_text("\n".join(warnings))
        behind.display = bool(warnings)

    @on(Field.Changed)
    def _follow_change(self, event: Field.Changed) -> None:
        if event.field.name == "part":
            self._show_range_fields(event.text)
        elif event.field.name == "method":
            self._explain_method(event.field.control.value)

    def _show_range_fields(self, part: str) -> None:
        self.query_one("#field-length").display = part == "--sample"
        self.query_one("#field-stretch").display = part == "--range"

    def _explain_method(self, method: str) -> None:
        self.query_one("#sentence", Static).update(SETTINGS["method"].choice_help(method))


def _height_labels(source: int | None) -> dict[str, str]:
    """Return what there is to choose from, for a film of that height."""
    lower = {str(height): str(height) for height in _HEIGHTS if height < (source or 1081)}
    return {"": f"source ({source})" if source else "source"} | lower
