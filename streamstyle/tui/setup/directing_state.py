"""Script, mask and key frames on the start screen: what has been chosen."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import click

from streamstyle.files import expand_home
from streamstyle.option_values import parse_keyframe, parse_seconds

SCRIPT_SUFFIXES = (".toml",)
"""Extensions of scripts."""


@dataclass(frozen=True, slots=True)
class Directing:
    """Values of options, as typed; empty for those that are not given."""

    script: str = ""
    mask: str = ""
    outside: str = ""
    keyframes: str = ""
    """Values of `--keyframe`, with spaces between them, quoted as for a shell."""
    adapt: str = ""

    def errors(self) -> dict[str, str]:
        """Return error messages by the name of the field; empty if all can be options."""
        errors = {}
        try:
            for keyframe in shlex.split(self.keyframes):
                parse_keyframe(keyframe)
        except click.BadParameter as error:
            errors["keyframes"] = error.message
        except ValueError as error:
            errors["keyframes"] = f"{error}. Quote a path with spaces: '0:12.5=my painting.png'."
        try:
            if self.adapt:
                parse_seconds(self.adapt)
        except click.BadParameter as error:
            errors["adapt"] = error.message
        return errors

    def arguments(self) -> Iterator[str]:
        """Yield the arguments of `streamstyle run`; only of a state without errors those of key frames."""
        for name in ("script", "mask"):
            if path := getattr(self, name):
                yield from (_flag(name), str(expand_home(path)))
        for name in ("outside", "adapt"):
            if value := getattr(self, name):
                yield from (_flag(name), value)
        for keyframe in shlex.split(self.keyframes) if "keyframes" not in self.errors() else ():
            yield from (_flag("keyframes"), keyframe)

    def files(self) -> Iterator[Path]:
        """Yield the files that may be edited while the screen is shown."""
        yield from (expand_home(path) for path in (self.script, self.mask) if path)
        for keyframe in shlex.split(self.keyframes) if "keyframes" not in self.errors() else ():
            yield parse_keyframe(keyframe).painting

    def fields_in_message(self, problem: str) -> list[str]:
        """Return the names of the fields that an error message is about: by their file, else by their option."""
        if self.script and str(expand_home(self.script)) in problem:
            return ["script"]
        if (self.mask and str(expand_home(self.mask)) in problem) or problem.startswith("the mask"):
            return ["mask"]
        named = (name for name in DIRECTING_FIELDS if _flag(name) in problem and getattr(self, name))
        return sorted(named, key=lambda name: problem.index(_flag(name)))


def _flag(name: str) -> str:
    """Return the name of the option that a field is the value of."""
    return "--keyframe" if name == "keyframes" else f"--{name}"


DIRECTING_FIELDS = tuple(field.name for field in fields(Directing))
"""Names of the fields, which are parameters of `run`."""
