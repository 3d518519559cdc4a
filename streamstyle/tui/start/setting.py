"""The settings of a run as fields to fill in: names, help, choices and limits are those of the settings themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, get_type_hints

import click
from click.types import convert_type

from streamstyle.errors import SettingsError
from streamstyle.settings import (
    ConsistencySettings,
    UpscaleSettings,
    FlowSettings,
    RuderSettings,
    Settings,
    EncoderSettings,
    SourceSettings,
    StyleSettings,
)
from streamstyle.terminal.options import settings_from, click_type, plain_type

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
