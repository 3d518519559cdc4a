"""The script of a film: a TOML file that says what each shot is stylised in. `docs/directing.md` describes it."""

from __future__ import annotations

import datetime
import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf, isfinite
from pathlib import Path
from typing import Any

from streamstyle.errors import SettingsError, StreamstyleError
from streamstyle.files import special_file
from streamstyle.formatting import format_timestamp, parse_time
from streamstyle.looks import TOLERANCE, Look, LookKey, Looks, Mask, Stretch, StyleBlend
from streamstyle.settings import Method, StyleSettings
from streamstyle.styles.spec import find_mask, parse_outside, parse_style

_LOOK_KEYS = ("style", "strength", "style-scale", "preserve-colour")
_SHOT_ONLY = ("mask", "outside", "method")
_TOP_KEYS = (*_LOOK_KEYS, *_SHOT_ONLY, "shot")
_SHOT_KEYS = ("start", "end", "picture", *_LOOK_KEYS, *_SHOT_ONLY, "key")
_METHODS = tuple(method.value for method in Method if method is not Method.ruder)
_KEY_KEYS = ("time", *_LOOK_KEYS)

_MAX_BYTES = 16 << 20
_HEADER = re.compile(r"\s*\[\[?\s*(?P<name>shot(?:\s*\.\s*key)?)\s*\]\]?")
_ASSIGNMENT = re.compile(r"\s*(?P<key>[A-Za-z0-9_-]+)\s*=")

Place = tuple[int, ...]
"""Where a table is: () the top, (2,) the third shot, (2, 0) the first key of that."""


def read_script(
    path: Path,
    style: StyleBlend | None,  # where the script names none
    settings: StyleSettings,  # where the script says nothing
    mask: Path | None = None,  # where the script names none
    outside: StyleBlend | None = None,  # of masks, where the script does not say; None: the film
    method: Method = Method.live,  # where the script names none
) -> Looks:
    """Return the looks that a script states. SettingsError, with line and key, for what cannot be."""
    text = _read(path)
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is not TOML: {error}", "docs/directing.md has examples.") from error
    top = _Table(path, content, (), _find_lines(text), "")
    top.require_known(_TOP_KEYS)
    defaults = _Values(style, settings, mask, outside, method).updated(top)
    shots = [_read_shot(shot, defaults) for shot in top.tables("shot")]
    if not shots and defaults.style is None:
        raise SettingsError(f"{path} names no style", "Give style = at its top, or --style.")
    return Looks(tuple(_without_gaps(shots, defaults, path)), defaults.places)


@dataclass(frozen=True, slots=True)
class _Table:
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

    def tables(self, key: str) -> list[_Table]:
        """Return the tables of an array, `[[shot]]`."""
        found = self.get(key)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            header = "[[shot.key]]" if key == "key" else f"[[{key}]]"
            raise self.error(key, "has to be a list of tables", f"Begin each with a line {header}.")
        return [
            _Table(self.path, each, (*self.place, number), self.lines, f"{self.name}{key} {number + 1}, ")
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
        raise self.error(key, f"cannot be {_shown(value)}", 'Give a time such as 12.5 or "1:02:03.5".')

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


@dataclass(frozen=True, slots=True)
class _Values:
    """What holds where nothing else is said."""

    style: StyleBlend | None
    settings: StyleSettings
    mask_path: Path | None
    outside: StyleBlend | None
    method: Method
    places: dict[Path, str] = field(default_factory=dict)
    """As in `Looks`: of all files that were named so far, and one for all values of a script."""

    @property
    def mask(self) -> Mask | None:
        """The mask, if one is named."""
        return None if self.mask_path is None else Mask(self.mask_path, self.outside)

    def updated(self, table: _Table) -> _Values:
        """Return the values of a table, with these for what it does not say."""
        values = self
        for key in (*_LOOK_KEYS, *_SHOT_ONLY):
            value = table.get(key)
            try:
                values = values if value is None else values._with(table, key, value)
            except _LocatedError:
                raise
            except StreamstyleError as error:
                problem = error.problem.removeprefix(f"--{key} ")
                shown = problem if problem != error.problem else f"= {_shown(value)}: {problem}"
                raise table.error(key, shown, error.next_step) from error
            if value is not None:
                for path in values._files(key):
                    self.places.setdefault(path, f"{table.where(key)}: {key} = {_shown(value)}")
        return values

    def _files(self, key: str) -> list[Path]:
        """Return the files that the value of a key names."""
        if key == "mask":
            return [] if self.mask_path is None else [self.mask_path]
        blend = {"style": self.style, "outside": self.outside}.get(key)
        return [] if blend is None else [part.path for part in blend.parts]

    def _with(self, table: _Table, key: str, value: Any) -> _Values:
        folder = table.path.parent
        match key:
            case "style":
                return replace(self, style=parse_style(_of_type(table, key, value, str, "a text"), folder))
            case "outside":
                return replace(self, outside=parse_outside(_of_type(table, key, value, str, "a text"), folder))
            case "mask":
                if value is False:
                    return replace(self, mask_path=None)
                named = _of_type(table, key, value, str, "the name of a file, or false")
                return replace(self, mask_path=find_mask(folder / named))
            case "method":
                if value not in _METHODS:
                    raise _located(table.error(key, f"cannot be {_shown(value)}", f"Give {' or '.join(_METHODS)}."))
                return replace(self, method=Method(value))
            case "preserve-colour":
                setting: dict[str, Any] = {"preserve_colour": _of_type(table, key, value, bool, "true or false")}
            case _:
                setting = {key.replace("-", "_"): _of_type(table, key, value, (int, float), "a number")}
        return replace(self, settings=replace(self.settings, **setting))

    def look(self, table: _Table) -> Look:
        """Return the look; SettingsError if there is no style."""
        if self.style is None:
            raise table.error("style", "is missing", "Give style = here or at the top, or --style.")
        settings = self.settings
        return Look(self.style, settings.strength, settings.style_scale, float(settings.preserve_colour))


class _LocatedError(SettingsError):
    """Says where it is already."""


def _located(error: SettingsError) -> _LocatedError:
    return _LocatedError(error.problem, error.next_step)


def _of_type(table: _Table, key: str, value: Any, kind: Any, name: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _located(table.error(key, f"cannot be {_shown(value)}", f"Give {name}."))
    return value


@dataclass(frozen=True, slots=True)
class _Shot:
    """What a shot states."""

    table: _Table
    stretch: Stretch
    end: float | None
    """None: until the next shot."""


def _read_shot(table: _Table, defaults: _Values) -> _Shot:
    table.require_known(_SHOT_KEYS)
    start, end = table.time("start"), table.time("end")
    if start is None:
        raise table.error("start", "is missing", 'Give the time of its first frame, such as start = "0:12.5".')
    table.require(end is None or end > start, "end", "has to be after start", "Give a later time, or leave it out.")
    values = shot_values = defaults.updated(table)
    keys = [LookKey(start, values.look(table))]
    for each in table.tables("key"):
        each.require_known(_KEY_KEYS)
        time = each.time("time")
        if time is None:
            raise each.error("time", "is missing", 'Give the time at which it holds, such as time = "0:12.5".')
        before = format_timestamp(keys[-1].time)
        each.require(time > keys[-1].time, "time", f"has to be after {before}", "Put the keys of a shot in order.")
        each.require(time <= (end or inf), "time", "is after the end of the shot", "Give an earlier time.")
        values = values.updated(each)
        keys.append(LookKey(time, values.look(each)))
    stretch = Stretch(tuple(keys), shot_values.mask, shot_values.method.value, table.where("start"))
    return _Shot(table, stretch, end)


def _without_gaps(shots: list[_Shot], defaults: _Values, path: Path) -> list[Stretch]:
    """Return the stretches of the shots, and between them, before and after, those of the defaults."""
    stretches = list[Stretch]()
    end: float | None = 0.0
    for shot in shots:
        start = shot.stretch.start
        if stretches:
            previous = stretches[-1].keys[-1].time
            shot.table.require(
                start > stretches[-1].start and start >= previous and start >= (end or 0.0) - TOLERANCE,
                "start", "is before the end of the shot above, or of its last key", "Put the shots in order of time.",
            )  # fmt: skip
        if end is not None and start > end + TOLERANCE:
            stretches.append(_default_stretch(end, defaults, path))
        stretches.append(shot.stretch)
        end = shot.end
    if end is not None and (defaults.style is not None or not stretches):
        stretches.append(_default_stretch(end, defaults, path))
    return stretches


def _default_stretch(start: float, defaults: _Values, path: Path) -> Stretch:
    if defaults.style is None:
        raise SettingsError(
            f"{path} names no style for what begins at {format_timestamp(start)}",
            "Give style = at its top, or --style.",
        )
    place = _Table(path, {}, (), {}, "")
    return Stretch((LookKey(start, defaults.look(place)),), defaults.mask, defaults.method.value)


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


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
