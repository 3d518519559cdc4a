"""How the film is painted: method, size, part, quality, where to; and every other setting, folded away."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Collapsible, Static

from streamstyle.tui.start.choices import PARTS
from streamstyle.tui.start.cycle import Cycle
from streamstyle.tui.start.field import Entry, Field, setting_field
from streamstyle.tui.start.setting import SETTINGS
from streamstyle.tui.start.telling import Telling

LOOK = ("strength", "style_scale", "preserve_colour")
"""Settings that are asked for beside the style."""

_MAIN = ("method", "height", "crf", "codec", "preset")
_HEIGHTS = (2160, 1440, 1080, 720, 540, 480, 360)


class OptionsPanel(VerticalScroll, can_focus=False):
    """The fields, and what the one that is being filled in means."""

    def compose(self) -> ComposeResult:
        """Lay the fields out."""
        yield Static("Options", classes="heading")
        yield setting_field(SETTINGS["method"])
        yield Static(id="sentence", markup=False)
        yield setting_field(SETTINGS["height"], _heights(None), "size")
        yield Field("part", "part", Cycle(PARTS), "Which part of the film is painted.")
        yield Field("length", "", Entry("10s"), "So much from the film's middle, such as 10s.")
        yield Field("stretch", "", Entry(placeholder="10-20"), "From when to when, in seconds or [HH:]MM:SS.")
        yield setting_field(SETTINGS["crf"], label="quality")
        yield setting_field(SETTINGS["codec"])
        yield setting_field(SETTINGS["preset"])
        yield Field("output", "output", Entry(), "Where the painting goes; its ending says which container.")
        yield Telling(id="behind")
        with Collapsible(title="everything else"):
            yield Vertical(id="others")

    @on(Collapsible.Expanded)
    def _unfolded(self) -> None:
        """Lay the other fields out, which few ever look at, when somebody does."""
        others = self.query_one("#others")
        if not others.children:
            rest = [setting for setting in SETTINGS.values() if setting.name not in (*_MAIN, *LOOK)]
            others.mount_all([setting_field(setting) for setting in rest])

    def on_mount(self) -> None:
        """Show only what belongs to the choices."""
        self._show_part("")
        self.query_one("#behind").display = False
        self._say(SETTINGS["method"].shown())

    def know_film(self, height: int | None) -> None:
        """Offer the heights below that of the film."""
        control = self.query_one("#field-height", Field).control
        assert isinstance(control, Cycle)
        control.offer(_heights(height))

    def know_output(self, output: Path, warnings: Sequence[str]) -> None:
        """Say where the painting goes by default, and what of the film stays behind."""
        control = self.query_one("#field-output", Field).control
        assert isinstance(control, Entry)
        control.placeholder = control.value or output.name
        behind = self.query_one("#behind", Telling)
        behind.tell("\n".join(warnings))
        behind.display = bool(warnings)

    @on(Field.Changed)
    def _changed(self, event: Field.Changed) -> None:
        if event.field.name == "part":
            self._show_part(event.text)
        elif event.field.name == "method":
            self._say(event.field.control.value)

    def _show_part(self, part: str) -> None:
        self.query_one("#field-length").display = part == "--sample"
        self.query_one("#field-stretch").display = part == "--range"

    def _say(self, method: str) -> None:
        self.query_one("#sentence", Static).update(SETTINGS["method"].help_on(method))


def _heights(source: int | None) -> dict[str, str]:
    """Return what there is to choose from, for a film of that height."""
    lower = {str(height): str(height) for height in _HEIGHTS if height < (source or 1081)}
    return {"": f"source ({source})" if source else "source"} | lower
