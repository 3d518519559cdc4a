"""All that decides what a painted film looks like, in the terms a user knows it by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from streamstyle import __version__
from streamstyle.errors import OutputError
from streamstyle.files import fingerprint
from streamstyle.film import Film
from streamstyle.mix import Mix
from streamstyle.settings import EnlargeSettings, Method, RuderSettings, Settings, SinkSettings, SourceSettings

PART = "another part of the film"
"""The one thing that is known only once a film has been read through."""


def _names(settings: type) -> set[str]:
    return {field.name for field in fields(settings)}


_NEVER = {*_names(SourceSettings), "flow_workers", "flow_cache", "device"}
"""Settings that change no picture, or whose effect, size and part, is known by itself."""

_RUDER = _names(RuderSettings)
_NETWORK = {"iterations", "perceptual_weight", "style_weight", "tv_weight", "loss_network"}
_CARRYING = {"flow", "lookback", "temporal_weight", "pixel_weight"}
_UNSEEN = {
    Method.johnson: _CARRYING | _NETWORK | _RUDER,
    Method.live: _NETWORK | _RUDER,
    Method.consistent: _RUDER,
    Method.ruder: {"pixel_weight", "perceptual_weight", "style_weight", "tv_weight"},
}
"""Settings that a method does not look at. What is in neither list decides: so does whatever is added."""


def recipe(film: Film, mix: Mix, settings: Settings) -> dict[str, str]:
    """Return name and value of everything whose change would give another film; names of options where there are any.

    Where the networks run is not among it: the same film may be finished elsewhere. Files count by what is in them.
    """
    unseen = _NEVER | _UNSEEN[settings.consistency.method]
    options = {name: value for name, value in _options(settings) if name not in unseen}
    style = " ".join(f"{_content(each.path)}:{each.share}" for each in mix.ingredients)
    return _of_film(film) | {"another style": style} | _as_typed(options)


def enlarging_recipe(film: Film, settings: EnlargeSettings, encoding: SinkSettings) -> dict[str, str]:
    """Return the same of a film that is enlarged as it is."""
    return _of_film(film) | _as_typed({"factor": settings.upscale, **dict(_options(encoding))})


def _of_film(film: Film) -> dict[str, str]:
    return {
        "another version of streamstyle": __version__,
        "another film": f"{_content(film.path)} {film.video_stream} {film.rotation}",
        PART: f"{film.start_pts} {film.end_pts}",
        "another size": f"{film.width}x{film.height}",
    }


def _as_typed(options: Mapping[str, Any]) -> dict[str, str]:
    return {f"--{name.replace('_', '-')}": _typed(value) for name, value in options.items()}


def refuse_changed(was: Mapping[str, str], wanted: Mapping[str, str], partial: Path) -> None:
    """Raise OutputError that names what a partial film was begun with, where something else is wanted now."""
    names = [name for name in {**was, **wanted} if was.get(name) != wanted.get(name)]
    if "--method" in names:  # which decides what other options there are
        names = [name for name in names if name == "--method" or not name.startswith("--")]
    if names:
        begun = " and ".join(_in_words(name, was.get(name, "")) for name in names[:3])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise OutputError(
            f"{partial.name} was begun with {begun}{more}",
            "Go on with the same, begin anew with --restart, or choose another output with -o.",
        )


def _in_words(name: str, value: str) -> str:
    if not name.startswith("--"):
        return name
    if value in ("True", "False"):
        return name if value == "True" else f"no {name}"
    return f"another {name}" if not value or "/" in value else f"{name} {value}"


def _options(settings: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and value of every setting, those of each stage among them."""
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_dataclass(value):
            yield from _options(value)
        else:
            yield field.name, value


def _typed(value: Any) -> str:
    """Return a value as it is typed; a file by its content."""
    match value:
        case Path():
            return f"file/{_content(value)}"
        case StrEnum():
            return value.value
        case tuple():
            return ",".join(map(str, value))
        case float():
            return repr(value).removesuffix(".0")
    return "" if value is None else str(value)


def _content(path: Path) -> str:
    """Return what stands for the content of a file; nothing for one that cannot be read, which others will say."""
    try:
        return fingerprint(path)
    except OSError:
        return ""
