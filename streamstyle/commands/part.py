"""Which part of a film is meant by `--range` and `--sample`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from streamstyle.errors import FilmError, SettingsError
from streamstyle.settings import SourceSettings

if TYPE_CHECKING:
    from streamstyle.film import VideoInfo

Bounds = tuple[float | None, float | None]
"""Start and end of a part of a film in seconds, None where it is the film's own."""


def probe_range(
    movie: Path, settings: SourceSettings, sample: float | None, span: Bounds | None
) -> tuple[VideoInfo, SourceSettings]:
    """Return the film, and the settings with the part of it that is asked for.

    Raises FilmError for what is no film, SettingsError where the part cannot be.
    """
    from streamstyle.stages.source import probe

    if sample is not None and span is not None:
        raise SettingsError("--sample and --range cannot be given together", "Give one of them")
    start, end = span or (None, None)
    source = replace(settings, start=start, end=end)
    film = probe(movie, source)
    if sample is None:
        return film, source
    start, end = middle_range(film, sample)
    source = replace(source, start=start, end=end)
    return probe(movie, source), source


def middle_range(film: VideoInfo, length: float) -> Bounds:
    """Return where a sample from the middle of the film starts and ends; the whole film where it is shorter."""
    if length <= 0:
        raise SettingsError(f"--sample cannot be {length:g} s", "Give a time above 0.")
    if film.duration is None:
        raise FilmError(f"{film.path} does not say how long it is", "Give --range A-B in place of --sample.")
    if film.duration <= length:
        return None, None
    start = (film.duration - length) / 2
    return start, start + length
