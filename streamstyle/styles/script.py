"""The script of a film: a TOML file that says what each shot is stylised in. `docs/directing.md` describes it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Any

from streamstyle.errors import SettingsError, StreamstyleError
from streamstyle.formatting import format_timestamp
from streamstyle.looks import TOLERANCE, Look, LookKey, Looks, Mask, Stretch, StyleBlend
from streamstyle.settings import Method, StyleSettings
from streamstyle.styles.script_table import LocatedError, ScriptTable, read_table, shown
from streamstyle.styles.spec import find_mask, parse_outside, parse_style

_LOOK_KEYS = ("style", "strength", "style-scale", "preserve-colour")
_SHOT_ONLY = ("mask", "outside", "method")
_TOP_KEYS = (*_LOOK_KEYS, *_SHOT_ONLY, "shot")
_SHOT_KEYS = ("start", "end", "picture", *_LOOK_KEYS, *_SHOT_ONLY, "key")
_METHODS = tuple(method.value for method in Method if method is not Method.ruder)
_KEY_KEYS = ("time", *_LOOK_KEYS)


def read_script(
    path: Path,
    style: StyleBlend | None,  # where the script names none
    settings: StyleSettings,  # where the script says nothing
    mask: Path | None = None,  # where the script names none
    outside: StyleBlend | None = None,  # of masks, where the script does not say; None: the film
    method: Method = Method.live,  # where the script names none
) -> Looks:
    """Return the looks that a script states. SettingsError, with line and key, for what cannot be."""
    top = read_table(path)
    top.require_known(_TOP_KEYS)
    defaults = _Values(style, settings, mask, outside, method).updated(top)
    shots = [_read_shot(shot, defaults) for shot in top.tables("shot")]
    if not shots and defaults.style is None:
        raise SettingsError(f"{path} names no style", "Give style = at its top, or --style.")
    return Looks(tuple(_without_gaps(shots, defaults, path)), defaults.places)


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

    def updated(self, table: ScriptTable) -> _Values:
        """Return the values of a table, with these for what it does not say."""
        values = self
        for key in (*_LOOK_KEYS, *_SHOT_ONLY):
            value = table.get(key)
            try:
                values = values if value is None else values._with(table, key, value)
            except LocatedError:
                raise
            except StreamstyleError as error:
                problem = error.problem.removeprefix(f"--{key} ")
                what = problem if problem != error.problem else f"= {shown(value)}: {problem}"
                raise table.error(key, what, error.next_step) from error
            if value is not None:
                for path in values._files(key):
                    self.places.setdefault(path, f"{table.where(key)}: {key} = {shown(value)}")
        return values

    def _files(self, key: str) -> list[Path]:
        """Return the files that the value of a key names."""
        if key == "mask":
            return [] if self.mask_path is None else [self.mask_path]
        blend = {"style": self.style, "outside": self.outside}.get(key)
        return [] if blend is None else [part.path for part in blend.parts]

    def _with(self, table: ScriptTable, key: str, value: Any) -> _Values:
        folder = table.path.parent
        match key:
            case "style":
                return replace(self, style=parse_style(table.of_type(key, value, str, "a text"), folder))
            case "outside":
                return replace(self, outside=parse_outside(table.of_type(key, value, str, "a text"), folder))
            case "mask":
                if value is False:
                    return replace(self, mask_path=None)
                named = table.of_type(key, value, str, "the name of a file, or false")
                return replace(self, mask_path=find_mask(folder / named))
            case "method":
                if value not in _METHODS:
                    raise table.located_error(key, f"cannot be {shown(value)}", f"Give {' or '.join(_METHODS)}.")
                return replace(self, method=Method(value))
            case "preserve-colour":
                setting: dict[str, Any] = {"preserve_colour": table.of_type(key, value, bool, "true or false")}
            case _:
                setting = {key.replace("-", "_"): table.of_type(key, value, (int, float), "a number")}
        return replace(self, settings=replace(self.settings, **setting))

    def look(self, table: ScriptTable) -> Look:
        """Return the look; SettingsError if there is no style."""
        if self.style is None:
            raise table.error("style", "is missing", "Give style = here or at the top, or --style.")
        settings = self.settings
        return Look(self.style, settings.strength, settings.style_scale, float(settings.preserve_colour))


@dataclass(frozen=True, slots=True)
class _Shot:
    """What a shot states."""

    table: ScriptTable
    stretch: Stretch
    end: float | None
    """None: until the next shot."""


def _read_shot(table: ScriptTable, defaults: _Values) -> _Shot:
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
    place = ScriptTable(path, {}, (), {}, "")
    return Stretch((LookKey(start, defaults.look(place)),), defaults.mask, defaults.method.value)
