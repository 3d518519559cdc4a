"""The tables of a script's TOML file, with the lines that messages about them name."""

from __future__ import annotations

import datetime
import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from streamstyle.errors import SettingsError
from streamstyle.files import special_file
from streamstyle.formatting import parse_time

_MAX_BYTES = 16 << 20
_HEADER = re.compile(r"\s*\[\[?\s*(?P<name>shot(?:\s*\.\s*key)?)\s*\]\]?")
_ASSIGNMENT = re.compile(r"\s*(?P<key>[A-Za-z0-9_-]+)\s*=")

Place = tuple[int, ...]
"""Where a table is: () the top, (2,) the third shot, (2, 0) the first key of that."""


def read_table(path: Path) -> ScriptTable:
    """Return the top of a script. SettingsError for a file that cannot be read or is not TOML."""
    text = _read(path)
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is not TOML: {error}", "docs/directing.md has examples.") from error
    return ScriptTable(path, content, (), _find_lines(text), "")


class LocatedError(SettingsError):
    """Says where it is already."""


@dataclass(frozen=True, slots=True)
class ScriptTable:
    """A table of the script, and how messages name it."""

    path: Path
    values: Mapping[str, Any]
    place: Place
    lines: Mapping[tuple[Place, str], int]
    """By table and key; the key of a header is empty."""
    name: str
    """`shot 3, `, or empty at the top."""

    def require_known(self, known: tuple[str, ...]) -> None:
        """Raise SettingsError for a key that there is not."""
        for key in self.values:
            if _plain(key) not in known:
                near = difflib.get_close_matches(_plain(key), known, n=1)
                step = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
                raise self.error(key, "is no key of a script", step)

    def get(self, key: str) -> Any:
        """Return a value, whether its key is written with hyphens or underscores; None if it is not there."""
        return next((value for name, value in self.values.items() if _plain(name) == key), None)

    def tables(self, key: str) -> list[ScriptTable]:
        """Return the tables of an array, `[[shot]]`."""
        found = self.get(key)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            header = "[[shot.key]]" if key == "key" else f"[[{key}]]"
            raise self.error(key, "has to be a list of tables", f"Begin each with a line {header}.")
        return [
            ScriptTable(self.path, each, (*self.place, number), self.lines, f"{self.name}{key} {number + 1}, ")
            for number, each in enumerate(found)
        ]

    def time(self, key: str) -> float | None:
        """Return the seconds that a key states."""
        value = self.get(key)
        match value:
            case None:
                return None
            case datetime.time():
                return value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
            case str():
                try:
                    return parse_time(value)
                except ValueError:
                    pass
            case int() | float() if not isinstance(value, bool) and value >= 0 and isfinite(value):
                return float(value)
        raise self.error(key, f"cannot be {shown(value)}", 'Give a time such as 12.5 or "1:02:03.5".')

    def require(self, condition: bool, key: str, problem: str, step: str) -> None:
        """Raise SettingsError, for this key, unless the condition holds."""
        if not condition:
            raise self.error(key, problem, step)

    def error(self, key: str, problem: str, step: str) -> SettingsError:
        """Return the error for a key of this table."""
        return SettingsError(f"{self.where(key)}: {key} {problem}", step)

    def where(self, key: str) -> str:
        """Return script and line of a key of this table, for messages."""
        places = ((self.place, _plain(key)), (self.place, ""))
        line = next((self.lines[place] for place in places if place in self.lines), None)
        return f"{self.path}, line {line}" if line else f"{self.path}, {self.name or 'top'}".rstrip(", ")

    def of_type(self, key: str, value: Any, kind: Any, name: str) -> Any:
        """Return the value of a key, if it is of that kind. LocatedError, which names it, otherwise."""
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.located_error(key, f"cannot be {shown(value)}", f"Give {name}.")
        return value

    def located_error(self, key: str, problem: str, step: str) -> LocatedError:
        """Return `error`, as one that says where it is."""
        error = self.error(key, problem, step)
        return LocatedError(error.problem, error.next_step)


def _read(path: Path) -> str:
    advice = "`streamstyle shots MOVIE -o film.toml` writes one."
    try:
        if kind := special_file(path):
            raise SettingsError(f"the script {path} is {kind}, not a file", advice)
        if path.stat().st_size > _MAX_BYTES:
            raise SettingsError(f"the script {path} is larger than {_MAX_BYTES >> 20} MB", advice)
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SettingsError(f"there is no script {path}", advice) from error
    except OSError as error:
        raise SettingsError(f"the script {path} cannot be read ({error.strerror})", "Check its permissions.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"the script {path} is not a text in UTF-8", advice) from error


def _find_lines(text: str) -> dict[tuple[Place, str], int]:
    """Return the line of each table's header and keys, for messages; what stands in one line is not told apart."""
    lines = dict[tuple[Place, str], int]()
    place: Place = ()
    shot, key = -1, -1
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            if header["name"] == "shot":
                shot, key = shot + 1, -1
                place = (shot,)
            else:
                key += 1
                place = (shot, key)
            lines[place, ""] = number
        elif assignment := _ASSIGNMENT.match(line):
            lines.setdefault((place, _plain(assignment["key"])), number)
    return lines


def _plain(key: str) -> str:
    return key.replace("_", "-").replace("color", "colour")


def shown(value: object) -> str:
    """Return a value as the script states it."""
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
