"""The film that is chosen, and what there is to know of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Collapsible, Static

from streamstyle.formatting import (
    format_bytes,
    format_duration,
    format_rough_duration,
    format_speed,
    format_time_of_day,
    sanitise,
)
from streamstyle.tui.setup.client import RequestError
from streamstyle.tui.setup.fields import CycleSelect, Field, NumberInput, setting_field
from streamstyle.tui.setup.state import RANGE_OPTIONS, SETTINGS
from streamstyle.tui.widgets.text import StableText


class FilmPanel(VerticalScroll, can_focus=False):
    """A film's name and facts, or that there is none yet."""

    def compose(self) -> ComposeResult:
        """Lay the panel out."""
        yield Static("Film", classes="heading")
        yield Static("none yet", id="film-name", markup=False)
        yield Static("", id="film-facts", markup=False)
        yield Static("", id="film-notes", markup=False)
        yield Button("Choose a film", id="choose-film", compact=True)

    def show_loading(self, film: Path) -> None:
        """Say which film is being looked at."""
        self._show_text(film.name, "looking at it …")

    def show_facts(self, facts: Mapping[str, Any]) -> None:
        """Say what is known of it."""
        lines = [
            " · ".join([f"{facts['width']}x{facts['height']}", facts["codec"], format_bytes(facts["file_bytes"])]),
            " · ".join(_duration_and_rate(facts)),
            *facts["streams"],
        ]
        self._show_text(Path(facts["path"]).name, "\n".join(lines), "\n".join(facts["notes"]))

    def show_error(self, film: Path, why: RequestError) -> None:
        """Say why it cannot be painted."""
        self._show_text(film.name, "", str(why), refused=True)

    def _show_text(self, name: str, facts: str, notes: str = "", *, refused: bool = False) -> None:
        self.query_one("#film-name", Static).update(Text(sanitise(name), overflow="ellipsis", no_wrap=True))
        self.query_one("#film-facts", Static).update(facts)
        said = self.query_one("#film-notes", Static)
        said.update(notes)
        said.display = bool(notes)
        said.set_class(refused, "refusal")
        self.query_one("#choose-film", Button).label = "Choose another film"


def _duration_and_rate(facts: Mapping[str, Any]) -> list[str]:
    found = []
    if facts["duration"] is not None:
        found.append(format_duration(facts["duration"]))
    if facts["frame_rate"] is not None:
        found.append(f"{facts['frame_rate']:.3f}".rstrip("0").rstrip(".") + " fps")
    if facts["frames"] is not None:
        found.append(f"{'' if facts['frames_exact'] else 'about '}{facts['frames']} frames")
    return found


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


class EstimateBar(Horizontal):
    """The estimate and the command line, and beside them the start."""

    def compose(self) -> ComposeResult:
        """Lay the foot out."""
        with Vertical():
            yield StableText(id="cost")
            yield StableText(id="command")
        yield Button("Start", id="start", variant="primary")

    def show_command(self, line: str) -> None:
        """Show the command line."""
        self.query_one("#command", StableText).set_text(Text.assemble(("$ ", "dim"), line))

    def show_message(self, words: str, *, refused: bool = False) -> None:
        """Say why there is no estimate yet."""
        cost = self.query_one("#cost", StableText)
        cost.set_class(refused, "refusal")
        cost.set_text(words)

    def show_estimate(self, cost: Mapping[str, Any], free: int | None, *, so_far: bool) -> None:
        """Show an estimate; `free` is the room on the disk that it goes to, in bytes."""
        said = self.query_one("#cost", StableText)
        said.set_class(False, "refusal")
        said.set_text(format_estimate(cost, free, time.time(), so_far=so_far))


def format_estimate(cost: Mapping[str, Any], free: int | None, now: float, *, so_far: bool) -> Text:
    """Return what a run would take, how that is known, and what time of day it would be done."""
    said = []
    if cost["seconds"] is not None:
        said.append(Text(f"≈ {format_rough_duration(cost['seconds'])}", style="bold"))
    said.append(Text(format_speed(1, cost["seconds_per_frame"])))
    if cost["output_bytes"] is not None:
        fits = free is None or cost["output_bytes"] < free
        room = "" if free is None else f" of {format_bytes(free)} free"
        said.append(Text(f"{format_bytes(cost['output_bytes'])}{room}", style="" if fits else "bold red"))
    if cost["seconds"] is not None:
        said.append(Text(f"done at {format_time_of_day(cost['seconds'], now)}"))
    tried = f"from {cost['trial_frames']} frame{'' if cost['trial_frames'] == 1 else 's'}"
    said.append(Text(f"{tried}, still trying" if so_far else tried, style="dim"))
    return Text(" · ").join(said)
