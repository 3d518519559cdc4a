"""The settings of a run as fields to fill in: names, help, choices and limits are those of the settings themselves."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, get_type_hints

import click
from click.types import convert_type

from streamstyle.errors import SettingsError
from streamstyle.option_values import click_type, parse_range, parse_seconds, plain_type, settings_from
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

_SETTINGS_CLASSES = (
    SourceSettings, StyleSettings, ConsistencySettings, RuderSettings, FlowSettings, UpscaleSettings, EncoderSettings,
    Settings,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, which is an option of `streamstyle run` as well."""

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
        """The name as people read it: `style scale`."""
        return self.name.replace("_", " ")

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off."""
        return self.annotation is bool

    @property
    def is_path(self) -> bool:
        """Whether it is a file."""
        return plain_type(self.annotation) is Path

    @property
    def choices(self) -> tuple[str, ...]:
        """What it can be; empty where that cannot be listed."""
        plain = plain_type(self.annotation)
        listed = isinstance(plain, type) and issubclass(plain, StrEnum)
        return tuple(str(choice) for choice in plain) if listed else ()

    @property
    def step(self) -> float:
        """By how much a key changes it; 0 for what is no number."""
        return {int: 1, float: 0.1 if isinstance(self.default, float) and self.default <= 1 else 1}.get(
            plain_type(self.annotation), 0
        )

    def default_text(self) -> str:
        """Return the default as it would be typed."""
        if self.default is None:
            return ""
        if isinstance(self.default, tuple):
            return ",".join(map(str, self.default))
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    def choice_help(self, choice: str) -> str:
        """Return what the help says of one choice, such as `each frame alone`; all of it where it says nothing."""
        said = re.search(rf"(?:^|; ){re.escape(choice)}: (?P<about>[^;]+)", self.help)
        return said["about"].rstrip(".") if said else self.help

    def parse(self, text: str) -> Any:
        """Return what was typed as the setting's type; raises SettingsError where it is none."""
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
"""By name, in the order of `streamstyle run --help`."""


def setting_errors(texts: Mapping[str, str]) -> dict[str, str]:
    """Return why settings as they were typed cannot be, by their names; empty where they all can."""
    refused, values = {}, dict[str, Any]()
    for name, text in texts.items():
        try:
            values[name] = SETTINGS[name].parse(text)
        except SettingsError as error:
            refused[name] = error.problem.partition(": ")[2]
    for owner in _SETTINGS_CLASSES:
        try:
            settings_from(owner, values)
        except SettingsError as error:
            refused |= dict.fromkeys(
                settings_in_message(error.problem) or [next(iter(texts))], f"{error.problem}. {error.next_step}"
            )
    return refused


def settings_in_message(problem: str) -> list[str]:
    """Return the names of the settings whose options a message speaks of."""
    return [name for name, setting in SETTINGS.items() if re.search(rf"{setting.flag}(?![\w-])", problem)]


RANGE_OPTIONS = {"": "all of it", "--sample": "a sample", "--range": "a range"}
"""Which part of the film is painted: the option, and what it is called."""


FRAME_SETTINGS = ("method", "strength", "style_scale", "preserve_colour", "height", "size", "device")
"""Settings that a single painted frame depends on."""


@dataclass(frozen=True, slots=True)
class SetupState:
    """What has been chosen; what is empty is left to `streamstyle run`."""

    film: Path | None = None
    style: str = ""
    """A style's name, or the path of an image."""
    second: str = ""
    """Another, blended in."""
    share: str = "0.5"
    """How much of the blend the second style is."""
    part: str = ""
    """Of `PARTS`."""
    length: str = "10s"
    """Of a sample."""
    stretch: str = ""
    """Of a range, such as `10-20`."""
    output: str = ""
    replace: bool = False
    """Whether an output that exists may be replaced."""
    restart: bool = False
    """Whether it is painted anew, though some of it was begun otherwise."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """By name, as typed: those that are not as by default."""

    def errors(self) -> dict[str, str]:
        """Return why something cannot be, by the field's name; empty where all can."""
        refused = setting_errors(self.settings)
        checks = {"length": ("--sample", parse_seconds), "stretch": ("--range", parse_range)}
        for name, (part, parse) in checks.items():
            if self.part == part:
                try:
                    parse(getattr(self, name))
                except click.BadParameter as error:
                    refused[name] = error.message
        if self.second and self._parsed_share() is None:
            refused["share"] = f"{self.share!r} is no share. It lies between 0 and 1."
        return refused

    def _parsed_share(self) -> float | None:
        try:
            share = float(self.share)
        except ValueError:
            return None
        return share if 0 <= share <= 1 else None

    @property
    def style_argument(self) -> str:
        """The style as `--style` takes it: `wave`, or `wave:0.6,my.jpg:0.4`."""
        share = self._parsed_share()
        if not self.second or share is None:
            return self.style
        return f"{self.style}:{1 - share:g},{self.second}:{share:g}"

    @property
    def style_title(self) -> str:
        """The style as people call it: `wave`, or `wave and my.jpg`."""
        return " and ".join(Path(style).name for style in (self.style, self.second) if style)

    def arguments(self) -> tuple[str, ...]:
        """Return the arguments of `streamstyle run` that mean the same."""
        film = str(self.film or "MOVIE")
        arguments = [f"./{film}" if film.startswith("-") else film, "--style", self.style_argument or "STYLE"]
        if self.part:
            arguments += [self.part, self.length if self.part == "--sample" else self.stretch]
        for name, text in self.settings.items():
            value = str(Path(text).expanduser()) if SETTINGS[name].is_path else text
            arguments += [SETTINGS[name].flag] if SETTINGS[name].is_switch else [SETTINGS[name].flag, value]
        if self.output:
            arguments += ["-o", str(Path(self.output).expanduser())]
        arguments += ["-y"] * self.replace + ["--restart"] * self.restart
        return tuple(arguments)

    def frame_options(self) -> SetupState:
        """Return of these choices what a single frame depends on."""
        kept = {name: text for name, text in self.settings.items() if name in FRAME_SETTINGS}
        return SetupState(self.film, self.style, self.second, self.share, settings=kept)

    def command_line(self) -> str:
        """Return what to type into a shell, or copy into a script."""
        return f"streamstyle run {shlex.join(self.arguments())}"
