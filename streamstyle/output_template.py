"""The name of an output: a template such as `{folder}/{stem}.{style}.{height}.mkv`, or one that is made up.

A name that is made up differs between trials in other styles, methods and sizes, and of other parts of the film.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from streamstyle.errors import SettingsError
from streamstyle.media.image_sequence import is_pattern
from streamstyle.media.output_names import is_folder
from streamstyle.media.standard_streams import STDIN
from streamstyle.settings import Method, Settings
from streamstyle.video_info import VideoInfo

_ESCAPE = "Write {{ and }} for a brace in a name."

_SIZE_FIELDS = frozenset({"width", "height"})

_NAME = "name"
"""The field that is the name which is made up, without its extension."""


@dataclass(frozen=True, slots=True)
class OutputName:
    """What the output of a run is to be called."""

    given: Path | None
    """A path, a template of one, or a folder; None for a name beside the film."""
    movie: Path
    style: str
    settings: Settings
    sample: float | None = None
    """Seconds from the middle of the film."""
    extension: str = "mkv"
    """Of the file, unless the template has its own."""

    def __post_init__(self) -> None:
        """Raise SettingsError for a template that cannot be filled in, before any film is read."""
        if self.movie == STDIN and self.given is None:
            raise SettingsError(
                "a film from standard input has no name for its output", "Give one with -o, or -o - for y4m."
            )
        known = {*self._values(), *_SIZE_FIELDS, _NAME}
        for name in _fields_of(self.given):
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                next_step = f"Did you mean {{{near[0]}}}?" if near else "Fields are stem, style, method, height, ext …"
                raise SettingsError(f"-o {self.given} has no field {{{name}}}", f"{next_step} {_ESCAPE}")

    @property
    def is_for_one_film(self) -> bool:
        """Whether films of other names would get the same output."""
        if self.given is None or is_folder(self.given):
            return False
        return not {"stem", "folder", _NAME} & set(_fields_of(self.given))

    @property
    def needs_video(self) -> bool:
        """Whether `path` needs to know the size of the film."""
        used = {_NAME} if self._is_made_up else set(_fields_of(self.given))
        return bool(_SIZE_FIELDS & used) or (_NAME in used and self._has_size)

    def path(self, video: VideoInfo | None) -> Path:
        """Return the path of the output; `video`, at the working size, may be None unless `needs_video`."""
        made_up = ".".join([*self._plain_parts(), *self._trial_parts(video)])
        if self._is_made_up:
            return self._folder() / f"{made_up}.{self.extension}"
        values = {**self._values(), _NAME: made_up}
        if video is not None:
            factor = self.settings.upscale.upscale
            values |= {"width": str(factor * video.width), "height": str(factor * video.height)}
        try:
            return Path(str(self.given).format_map(values))
        except ValueError as error:
            raise SettingsError(f"-o {self.given} cannot be filled in: {error}", _ESCAPE) from error

    def plain_path(self) -> Path | None:
        """Return the name without method, size and part, as runs were called before; None if a template is given."""
        return self._folder() / f"{'.'.join(self._plain_parts())}.{self.extension}" if self._is_made_up else None

    @property
    def _is_made_up(self) -> bool:
        return self.given is None or is_folder(self.given)

    @property
    def _has_size(self) -> bool:
        source = self.settings.source
        asked = (source.size, source.height, source.max_height)
        return self.settings.upscale.upscale > 1 or any(each is not None for each in asked)

    def _folder(self) -> Path:
        return Path(self._values()["folder"]) if self.given is None else self.given

    def _plain_parts(self) -> list[str]:
        values = self._values()
        return [values["stem"], values["style"]]

    def _trial_parts(self, video: VideoInfo | None) -> list[str]:
        """Return what tells a trial from others in the same style."""
        method = self.settings.consistency.method
        parts = ["" if method is Method.live else str(method), self._size(video) if video else "", self._part()]
        return [part for part in parts if part]

    def _size(self, video: VideoInfo) -> str:
        """Return `360p` or `640x360`; empty for the size of the film."""
        factor = self.settings.upscale.upscale
        width, height = factor * video.width, factor * video.height
        if not self._has_size or abs(height - video.upright_source_size[1]) < 2:
            return ""
        return f"{width}x{height}" if self.settings.source.size else f"{height}p"

    def _part(self) -> str:
        """Return `10s` for a sample, `60-70s` for a range; empty for the whole film."""
        start, end = self.settings.source.start, self.settings.source.end
        if self.sample is not None:
            return f"{self.sample:g}s"
        if start is None and end is None:
            return ""
        return f"{start or 0:g}-{'' if end is None else f'{end:g}'}s"

    def _values(self) -> dict[str, str]:
        """Return the text of each field but the size, which only the film has."""
        settings = {name: _text(name, value) for name, value in _flatten(self.settings) if name not in _SIZE_FIELDS}
        if self.movie == STDIN:
            folder, stem = Path(), "stdin"
        else:
            named = self.movie.parent if is_pattern(self.movie) else self.movie
            named = named.resolve() if named.name in {"", ".."} else named  # `.` and `..`
            folder, stem = named.parent, named.name if is_pattern(self.movie) else named.stem
        own = {"stem": stem, "style": self.style, "part": self._part(), "ext": self.extension}
        return settings | {name: value.replace("/", "_") for name, value in own.items()} | {"folder": str(folder)}


def escape(path: Path) -> str:
    """Return the template that stands for exactly this path."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _fields_of(template: Path | None) -> list[str]:
    """Return the names of the fields of a template. Raises SettingsError for a brace without its partner."""
    try:
        return [name for _, name, _, _ in Formatter().parse(str(template or "")) if name is not None]
    except ValueError as error:
        raise SettingsError(f"-o {template} has a brace without its partner", _ESCAPE) from error


def _flatten(settings: Any) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_dataclass(value):
            pairs += _flatten(value)
        elif "help" in field.metadata:
            pairs.append((field.name, value))
    return pairs


def _text(name: str, value: Any) -> str:
    """Return a setting in the name of a file."""
    if isinstance(value, tuple):
        return ("x" if name == "size" else ",").join(map(str, value))
    text = f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)
    return text.replace("/", "_")
