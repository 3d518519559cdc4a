"""The state of the start screen, and the settings that its fields edit.

Names, help texts, choices and limits come from the dataclasses of `streamstyle.settings`, as those of the options of
`streamstyle run` do.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, get_type_hints

import click
from click.types import convert_type

from streamstyle.errors import SettingsError
from streamstyle.files import expand_home
from streamstyle.option_values import click_type, parse_range, parse_seconds, plain_type, settings_from
from streamstyle.quality import DEFAULT_QUALITY, QUALITIES, QUALITY_SETTINGS
from streamstyle.settings import (
    ConsistencySettings,
    EncoderSettings,
    FlowSettings,
    RuderSettings,
    Settings,
    SourceSettings,
    StyleSettings,
    UpscaleSettings,
)
from streamstyle.tui.setup.directing_state import Directing

RANGE_OPTIONS = {"": "whole film", "--sample": "sample", "--range": "range"}
"""Options that choose a part of the video, and their labels."""

FRAME_SETTINGS = QUALITY_SETTINGS - {"preset"} | {"strength", "style_scale", "preserve_colour", "device"}
"""Settings that a preview of a single frame depends on."""

_SETTINGS_CLASSES = (
    SourceSettings, StyleSettings, ConsistencySettings, RuderSettings, FlowSettings, UpscaleSettings, EncoderSettings,
    Settings,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting, which is also an option of `streamstyle run`."""

    name: str
    owner: type[Any]
    """The dataclass that it is a field of."""
    annotation: Any
    default: Any
    help: str

    @property
    def flag(self) -> str:
        """The option's name: `--style-scale`."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def label(self) -> str:
        """The name on the screen: `style scale`."""
        return self.name.replace("_", " ")

    @property
    def is_switch(self) -> bool:
        """Whether the option takes no value."""
        return self.annotation is bool

    @property
    def is_path(self) -> bool:
        """Whether the value is a path."""
        return plain_type(self.annotation) is Path

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of an enumeration; empty for other types."""
        plain = plain_type(self.annotation)
        listed = isinstance(plain, type) and issubclass(plain, StrEnum)
        return tuple(str(choice) for choice in plain) if listed else ()

    @property
    def step(self) -> float:
        """By how much a key press changes the number; 0 for other types."""
        return {int: 1, float: 0.1 if isinstance(self.default, float) and self.default <= 1 else 1}.get(
            plain_type(self.annotation), 0
        )

    def default_text(self) -> str:
        """Return the default as text; empty for None."""
        if self.default is None:
            return ""
        if isinstance(self.default, tuple):
            return ",".join(map(str, self.default))
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    def choice_help(self, choice: str) -> str:
        """Return the part of the help text about one choice; all of it if there is no such part."""
        part = re.search(rf"(?:^|; ){re.escape(choice)}: (?P<about>[^;]+)", self.help)
        return part["about"].rstrip(".") if part else self.help

    def parse(self, text: str) -> Any:
        """Return the value that a text stands for; raises SettingsError if it stands for none."""
        if self.is_switch:
            return bool(text)
        try:
            return convert_type(click_type(self.annotation)).convert(text, None, None)
        except click.ClickException as error:
            raise SettingsError(f"{self.flag}: {error.format_message().rstrip('.')}", self.help) from error


SETTINGS: Mapping[str, Setting] = {
    field.name: Setting(
        field.name, owner, get_type_hints(owner)[field.name], field.default, str(field.metadata["help"])
    )
    for owner in _SETTINGS_CLASSES
    for field in fields(owner)
    if "help" in field.metadata
}
"""Settings by name, in the order of `streamstyle run --help`."""


def setting_errors(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the error messages of settings given as text, by name; empty if all are valid."""
    errors, values = {}, dict[str, Any]()
    for name, text in texts.items():
        try:
            values[name] = SETTINGS[name].parse(text)
        except SettingsError as error:
            errors[name] = error.problem.partition(": ")[2]
    for owner in _SETTINGS_CLASSES:
        try:
            settings_from(owner, values)
        except SettingsError as error:
            errors |= dict.fromkeys(
                settings_in_message(error.problem) or [next(iter(texts))], f"{error.problem}. {error.next_step}"
            )
    return errors


def settings_in_message(problem: str) -> list[str]:
    """Return the names of the settings whose options occur in an error message."""
    return [name for name, setting in SETTINGS.items() if re.search(rf"{setting.flag}(?![\w-])", problem)]


def default_texts(quality: str) -> dict[str, str]:
    """Return the defaults, as text, of the settings that a quality is about, by name."""
    return {name: str(QUALITIES[quality].options.get(name, SETTINGS[name].default_text())) for name in QUALITY_SETTINGS}


@dataclass(frozen=True, slots=True)
class SetupState:
    """What has been chosen on the start screen; an empty value means the default of `streamstyle run`."""

    video: Path | None = None
    style: str = ""
    """The name of a style, or the path of an image or a style file."""
    second_style: str = ""
    """A style to blend with the first."""
    second_weight: str = "0.5"
    """Weight of the second style in the blend, 0 to 1."""
    range_option: str = ""
    """A key of `RANGE_OPTIONS`."""
    sample_length: str = "10s"
    """Value of `--sample`."""
    time_range: str = ""
    """Value of `--range`, such as `10-20`."""
    output: str = ""
    replace: bool = False
    """Whether an existing output is replaced."""
    restart: bool = False
    """Whether a partial output of other settings is discarded."""
    quality: str = DEFAULT_QUALITY
    """A key of `QUALITIES`."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings that differ from their defaults, which the quality may set, as text, by name."""
    directing: Directing = field(default_factory=Directing)
    more: tuple[str, ...] = ()
    """Arguments of the run that have no field."""

    def errors(self) -> dict[str, str]:
        """Return error messages by the name of the field; empty if the state is valid."""
        errors = setting_errors(self.settings) | self.directing.errors()
        parsers = {"sample_length": ("--sample", parse_seconds), "time_range": ("--range", parse_range)}
        for name, (option, parse) in parsers.items():
            if self.range_option == option:
                try:
                    parse(getattr(self, name))
                except click.BadParameter as error:
                    errors[name] = error.message
        if self.second_style and self._parsed_weight() is None:
            errors["second_weight"] = f"{self.second_weight!r} is not a weight. Give a number between 0 and 1."
        return errors

    @property
    def style_argument(self) -> str:
        """The value of `--style`: `wave`, or `wave:0.6,my.jpg:0.4`."""
        weight = self._parsed_weight()
        if not self.second_style or weight is None:
            return self.style
        return f"{self.style}:{1 - weight:g},{self.second_style}:{weight:g}"

    @property
    def style_title(self) -> str:
        """The style in a caption: `wave`, `wave and my.jpg`, or a script."""
        if self.directing.script:
            return Path(self.directing.script).name
        return " and ".join(Path(style).name for style in (self.style, self.second_style) if style)

    def with_quality(self, quality: str) -> SetupState:
        """Return the state with a quality; if it is another one, without what was chosen for what it is about."""
        if quality == self.quality:
            return self
        kept = {name: text for name, text in self.settings.items() if name not in QUALITY_SETTINGS}
        return replace(self, quality=quality, settings=kept)

    def arguments(self) -> tuple[str, ...]:
        """Return the arguments of `streamstyle run`; MOVIE and STYLE stand for what is not chosen yet."""
        video = str(self.video or "MOVIE")
        arguments = [f"./{video}" if video.startswith("-") else video, "--style", self.style_argument or "STYLE"]
        if self.quality != DEFAULT_QUALITY:
            arguments += ["--quality", self.quality]
        arguments += self.directing.arguments()
        if self.range_option:
            value = self.sample_length if self.range_option == "--sample" else self.time_range
            arguments += [self.range_option, value]
        for name, text in self.settings.items():
            value = str(expand_home(text)) if SETTINGS[name].is_path else text
            arguments += [SETTINGS[name].flag] if SETTINGS[name].is_switch else [SETTINGS[name].flag, value]
        if self.output:
            arguments += ["-o", str(expand_home(self.output))]
        arguments += ["-y"] * self.replace + ["--restart"] * self.restart + list(self.more)
        return tuple(arguments)

    def frame_state(self) -> SetupState:
        """Return the part of the state that a preview of a single frame depends on."""
        settings = {name: text for name, text in self.settings.items() if name in FRAME_SETTINGS}
        return replace(
            SetupState(self.video, self.style, self.second_style, self.second_weight),
            quality=self.quality,
            settings=settings,
            directing=self.directing,
            more=self.more,
        )

    def fields_in_message(self, problem: str) -> list[str]:
        """Return the names of the fields that an error message is about."""
        return self.directing.fields_in_message(problem) or settings_in_message(problem)

    def command_line(self) -> str:
        """Return the command line of the run, quoted for a shell."""
        return f"streamstyle run {shlex.join(self.arguments())}"

    def _parsed_weight(self) -> float | None:
        try:
            weight = float(self.second_weight)
        except ValueError:
            return None
        return weight if 0 <= weight <= 1 else None
