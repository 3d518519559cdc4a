"""What has been chosen so far, and the command line that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from streamstyle.terminal.values import parse_seconds, parse_range
from streamstyle.tui.start.setting import SETTINGS, setting_errors

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
