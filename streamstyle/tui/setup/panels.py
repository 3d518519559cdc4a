"""Panels of the start screen: the film, the options of the run, and the estimate with the command line."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Collapsible, Static

from streamstyle.formatting import (
    format_bytes,
    format_duration,
    format_rough_duration,
    format_speed,
    format_time_of_day,
    sanitise,
)
from streamstyle.quality import DEFAULT_QUALITY, QUALITIES, QUALITY_SETTINGS
from streamstyle.tui.setup.client import RequestError
from streamstyle.tui.setup.directing_fields import DirectingFields
from streamstyle.tui.setup.fields import CycleSelect, Field, NumberInput, setting_field
from streamstyle.tui.setup.state import RANGE_OPTIONS, SETTINGS, SetupState, default_texts
from streamstyle.tui.widgets.text import StableText

STYLE_SETTINGS = ("strength", "style_scale", "preserve_colour")
"""Settings with a field in the style panel."""

_MAIN_SETTINGS = ("method", "height", "crf", "codec", "preset")
_QUALITY_LABELS = {quality: quality for quality in QUALITIES}
_HEIGHTS = (2160, 1440, 1080, 720, 540, 480, 360)


class FilmPanel(VerticalScroll, can_focus=False):
    """Name, facts and notes of the film."""

    def compose(self) -> ComposeResult:
        """Put the texts below each other."""
        yield Static("Film", classes="heading")
        yield Static("no film", id="film-name", markup=False)
        yield Static("", id="film-facts", markup=False)
        yield Static("", id="film-notes", markup=False)
        yield Button("Choose a film", id="choose-film", compact=True)

    def show_loading(self, video: Path) -> None:
        """Show the name of a video that is being read."""
        self._show_text(video.name, "reading …")

    def show_facts(self, facts: Mapping[str, Any]) -> None:
        """Show the result of a `video` request."""
        lines = [
            " · ".join([f"{facts['width']}x{facts['height']}", facts["codec"], format_bytes(facts["file_bytes"])]),
            " · ".join(_duration_and_rate(facts)),
            *facts["streams"],
        ]
        self._show_text(Path(facts["path"]).name, "\n".join(lines), "\n".join(facts["notes"]))

    def show_error(self, video: Path, error: RequestError) -> None:
        """Show why a video cannot be read."""
        self._show_text(video.name, "", str(error), is_error=True)

    def _show_text(self, name: str, facts: str, notes: str = "", *, is_error: bool = False) -> None:
        self.query_one("#film-name", Static).update(Text(sanitise(name), overflow="ellipsis", no_wrap=True))
        self.query_one("#film-facts", Static).update(facts)
        note = self.query_one("#film-notes", Static)
        note.update(notes)
        note.display = bool(notes)
        note.set_class(is_error, "error")
        self.query_one("#choose-film", Button).label = "Choose another film"


class OptionsPanel(VerticalScroll, can_focus=False):
    """The fields of the options that are used most; the others are below, and folded."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._texts: dict[str, str] = {}
        self._quality = DEFAULT_QUALITY
        self._source_height: int | None = None

    def compose(self) -> ComposeResult:
        """Put the fields below each other."""
        yield Static("Options", classes="heading")
        control = CycleSelect(_QUALITY_LABELS, DEFAULT_QUALITY)
        yield Field("quality", "quality", control, "Method, size and preset in one word; each can be changed below.")
        yield Static(id="quality-help", classes="help", markup=False)
        yield setting_field(SETTINGS["height"], _height_labels(None), "size")
        yield Field("range_option", "part", CycleSelect(RANGE_OPTIONS), "Which part of the film is stylised.")
        yield Field("sample_length", "", NumberInput("10s"), "Length of a sample from the middle, such as 10s.")
        yield Field("time_range", "", NumberInput(placeholder="10-20"), "Start and end in seconds or [HH:]MM:SS.")
        yield setting_field(SETTINGS["crf"])
        yield setting_field(SETTINGS["codec"])
        yield setting_field(SETTINGS["preset"])
        yield Field("output", "output", NumberInput(), "Path of the output; its extension chooses the container.")
        yield StableText(id="stream-warnings")
        yield setting_field(SETTINGS["method"])
        yield Static(id="method-help", classes="help", markup=False)
        yield DirectingFields()
        with Collapsible(title="more options", id="more"):
            yield Vertical(id="more-options")

    def set_state(self, state: SetupState) -> None:
        """Fill the fields, also those that are made later."""
        self._show_quality(state.quality)
        part = {
            name: getattr(state, name) for name in ("quality", "range_option", "sample_length", "time_range", "output")
        }
        self._set_texts({**state.settings, **part})
        self.query_one(DirectingFields).set_texts(asdict(state.directing))

    def _set_texts(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)
        for field in self.query(Field):
            if text := self._texts.pop(field.name or "", ""):
                field.set_text(text)

    @on(Collapsible.Expanded, "#more")
    async def _mount_more_options(self) -> None:
        """Make the other fields when they are unfolded for the first time."""
        container = self.query_one("#more-options")
        if not container.children:
            rest = [setting for setting in SETTINGS.values() if setting.name not in (*_MAIN_SETTINGS, *STYLE_SETTINGS)]
            await container.mount_all([setting_field(setting) for setting in rest])
            self._set_defaults(container)
            self._set_texts(self._texts)

    def on_mount(self) -> None:
        """Hide the fields that do not apply."""
        self._show_range_fields("")
        self.query_one("#stream-warnings").display = False
        self._explain_method(SETTINGS["method"].default_text())
        self._explain_quality()

    def set_source_height(self, height: int | None) -> None:
        """Offer the heights below that of the video; None if it is not known."""
        self._source_height = height
        self._show_heights()

    def _show_heights(self) -> None:
        control = self.query_one("#field-height", Field).control
        assert isinstance(control, CycleSelect)
        labels = _height_labels(self._source_height, QUALITIES[self._quality].max_height)
        control.set_labels(labels | ({control.value: control.value} if control.value else {}))

    def _show_quality(self, quality: str) -> None:
        """Show what a quality sets in the fields that it is about."""
        self._quality = quality
        self._texts = {name: text for name, text in self._texts.items() if name not in QUALITY_SETTINGS}
        self._explain_quality()
        self._set_defaults(self)
        self._show_heights()

    def _explain_quality(self) -> None:
        self.query_one("#quality-help", Static).update(QUALITIES[self._quality].summary.partition(";")[0])

    def _set_defaults(self, fields: Widget) -> None:
        """Give the fields below a widget the defaults of the quality, and show those."""
        defaults = default_texts(self._quality)
        for field in fields.query(Field):
            if field.name in defaults:
                field.set_default(defaults[field.name])

    def set_output(self, output: Path, warnings: Sequence[str]) -> None:
        """Show the default output, and warnings about streams that it does not keep."""
        control = self.query_one("#field-output", Field).control
        assert isinstance(control, NumberInput)
        control.placeholder = control.value or output.name
        label = self.query_one("#stream-warnings", StableText)
        label.set_text("\n".join(warnings))
        label.display = bool(warnings)

    @on(Field.Changed)
    def _follow_change(self, event: Field.Changed) -> None:
        if event.field.name == "range_option":
            self._show_range_fields(event.text)
        elif event.field.name == "quality" and event.field.control.value != self._quality:
            self._show_quality(event.field.control.value)
        elif event.field.name == "method":
            self._explain_method(event.field.control.value)

    def _show_range_fields(self, option: str) -> None:
        self.query_one("#field-sample-length").display = option == "--sample"
        self.query_one("#field-time-range").display = option == "--range"

    def _explain_method(self, method: str) -> None:
        self.query_one("#method-help", Static).update(SETTINGS["method"].choice_help(method))


class EstimateBar(Horizontal):
    """The estimate, the command line and the start button."""

    def compose(self) -> ComposeResult:
        """Put the texts at the left and the button at the right."""
        with Vertical():
            yield StableText(id="estimate")
            yield StableText(id="command")
        yield Button("Start", id="start", variant="primary")

    def show_command(self, line: str) -> None:
        """Show the command line."""
        self.query_one("#command", StableText).set_text(Text.assemble(("$ ", "dim"), line))

    def show_message(self, text: str, *, is_error: bool = False) -> None:
        """Show a text in place of the estimate."""
        label = self.query_one("#estimate", StableText)
        label.set_class(is_error, "error")
        label.set_text(text)

    def show_estimate(self, estimate: Mapping[str, Any], free_bytes: int | None, *, partial: bool) -> None:
        """Show the result of an `estimate` request; see `format_estimate`."""
        label = self.query_one("#estimate", StableText)
        label.set_class(False, "error")
        label.set_text(format_estimate(estimate, free_bytes, time.time(), partial=partial))


def format_estimate(estimate: Mapping[str, Any], free_bytes: int | None, now: float, *, partial: bool) -> Text:
    """Return time, speed and size of a run, the time of day when it would be done, and the number of trial frames.

    `free_bytes` is the space on the disk of the output, `now` in seconds since the epoch; `partial` says that the trial
    goes on.
    """
    parts = []
    before = estimate["adaptation_seconds"]
    total = None if estimate["seconds"] is None else before + estimate["seconds"]
    if total is not None:
        parts.append(Text(f"≈ {format_rough_duration(total)}", style="bold"))
    if before:
        parts.append(Text(f"{format_rough_duration(before)} of it learning"))
    parts.append(Text(format_speed(1, estimate["seconds_per_frame"])))
    if estimate["output_bytes"] is not None:
        fits = free_bytes is None or estimate["output_bytes"] < free_bytes
        free = "" if free_bytes is None else f" of {format_bytes(free_bytes)} free"
        parts.append(Text(f"{format_bytes(estimate['output_bytes'])}{free}", style="" if fits else "bold red"))
    if total is not None:
        parts.append(Text(f"done at {format_time_of_day(total, now)}"))
    trial = f"from {estimate['trial_frames']} frame{'' if estimate['trial_frames'] == 1 else 's'}"
    parts.append(Text(f"{trial}, still measuring" if partial else trial, style="dim"))
    return Text(" · ").join(parts)


def _duration_and_rate(facts: Mapping[str, Any]) -> list[str]:
    parts = []
    if facts["duration"] is not None:
        parts.append(format_duration(facts["duration"]))
    if facts["frame_rate"] is not None:
        parts.append(f"{facts['frame_rate']:.3f}".rstrip("0").rstrip(".") + " fps")
    if facts["frames"] is not None:
        parts.append(f"{'' if facts['frames_exact'] else 'about '}{facts['frames']} frames")
    return parts


def _height_labels(source: int | None, limit: int | None = None) -> dict[str, str]:
    """Return the heights to choose from and their labels.

    `source` is the height of the video, None if not known; `limit` is the largest height without a choice.
    """
    lower = {str(height): str(height) for height in _HEIGHTS if height < (source or 1081)}
    whole = f"source ({source})" if source else "source"
    if limit is None or (source is not None and source <= limit):
        return {"": whole} | lower
    return {"": f"at most {limit}"} | ({str(source): whole} if source else {}) | lower
