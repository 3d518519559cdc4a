"""Where a result goes, and whether it may go there: asked before any work is done."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streamstyle.errors import FilmError, OutputError, SettingsError
from streamstyle.settings import SourceSettings

if TYPE_CHECKING:
    from streamstyle.video_info import VideoInfo


def default_output(movie: Path, style: str) -> Path:
    """Return `MOVIE.STYLE.mkv` beside the film."""
    return movie.with_name(f"{movie.stem}.{style}.mkv")


def check_output(output: Path, movie: Path | None, *, replace: bool, can_ask: bool) -> None:
    """Raise OutputError where the output cannot be written; ask before replacing a file, if there is someone to ask.

    `movie` is the film that the output is made from, if it is made from one.
    """
    if movie is not None:
        from streamstyle.media.output_file import check_output

        check_output(output, movie)
    folder = output.parent
    if not folder.is_dir():
        raise OutputError(f"there is no folder {folder}", "Make it, or give another output with -o.")
    if output.is_dir():
        raise OutputError(f"{output} is a folder", "Give a file's name with -o.")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"the folder {folder} cannot be written to", "Give another output with -o.")
    if output.exists() and not (replace or (can_ask and _confirm_replacing(output))):
        raise OutputError(f"{output} exists already", "Give -y to replace it, or another output with -o.")


def _confirm_replacing(output: Path) -> bool:
    asked = sys.stdin.isatty() and sys.stderr.isatty()
    return asked and click.confirm(f"{output} exists already. Replace it?", err=True)


Bounds = tuple[float | None, float | None]
"""Start and end of a part of a film in seconds, None where it is the film's own."""


def probe_range(
    movie: Path, settings: SourceSettings, sample: float | None, span: Bounds | None
) -> tuple[VideoInfo, SourceSettings]:
    """Return the film, and the settings with the part of it that is asked for.

    Raises FilmError for what is no film, SettingsError where the part cannot be.
    """
    from streamstyle.media.probe import probe

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
