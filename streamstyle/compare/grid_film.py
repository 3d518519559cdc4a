"""The films of a comparison as one, side by side with labels, and with the source's sound."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

from streamstyle.buffered import prefetch
from streamstyle.clock import StageTimer
from streamstyle.compare.colours import film_colour
from streamstyle.compare.events import Compared, ComparedFilm, SideBySideFrameWritten
from streamstyle.compare.grid import Grid, Label, draw_background, compose, fit_grid
from streamstyle.events import Observer
from streamstyle.film import VideoInfo
from streamstyle.frame import Frame, OutputFrame
from streamstyle.media.picture import RgbImage
from streamstyle.ops.pixels import to_tensor
from streamstyle.pipeline import write_all
from streamstyle.settings import EncoderSettings, SourceSettings
from streamstyle.stages.source import decode, probe
from streamstyle.stages.writer import VideoWriter, open_writer

_AHEAD = 4
"""Frames of each film that are decoded ahead."""


def check_side_by_side(film: VideoInfo, methods: int, output: Path) -> None:
    """Raise OutputError, before any work is done, where the film of so many methods could not be written."""
    with _open_writer(film, fit_grid(1 + methods, film.width, film.height), output):
        return  # without a frame nothing remains of it


def _open_writer(film: VideoInfo, grid: Grid, output: Path) -> AbstractContextManager[VideoWriter]:
    width, height = grid.size
    return open_writer(replace(film, width=width, height=height), output, EncoderSettings())


def write_side_by_side(
    film: VideoInfo, compared: Compared, output: Path, observe: Observer, stop: threading.Event
) -> bool:
    """Write the source and the methods' films side by side; return whether it came to its end before `stop` was set.

    Raises OutputError where it cannot be written.
    """
    parts = [Path(row.output) for row in compared.films if row.kind == "method"]
    grid = fit_grid(1 + len(parts), film.width, film.height)
    background = draw_background(grid, make_labels(compared))

    def frame_written(frame: OutputFrame) -> None:
        observe(SideBySideFrameWritten(writer.frames, film.frames))

    with ExitStack() as stack:
        writer = stack.enter_context(_open_writer(film, grid, output))
        films = (film, *(_probe_at_size_of(part, film) for part in parts))
        decoded = [stack.enter_context(prefetch(decode(each), ahead=_AHEAD)) for each in films]
        whole = write_all(_side_by_side(decoded, grid, background), writer, stop, frame_written, StageTimer())
    if not whole:
        writer.partial.unlink(missing_ok=True)  # the films it is made of are kept; it is soon made again
    return whole


def _side_by_side(
    films: Sequence[Iterator[Frame]],
    grid: Grid,
    background: RgbImage,
) -> Iterator[OutputFrame]:
    """Yield the frames of all films composed into one, at the times of the first."""
    for frames in zip(*films, strict=True):
        image = to_tensor(compose(grid, background, [frame.image for frame in frames]))
        yield OutputFrame(image, frames[0].place)


def make_labels(compared: Compared) -> list[Label]:
    """Return what stands under each film: the source and the methods."""
    shown = [row for row in compared.films if row.kind != "control"]
    return [
        Label(row.name, _caption_figures(row, compared.baseline), film_colour(place)) for place, row in enumerate(shown)
    ]


def _caption_figures(row: ComparedFilm, reference: str) -> str:
    flicker = row.ratios.get("warping_error_1")
    steady = "" if flicker is None else f"flicker {flicker:.2f}"
    if row.seconds_per_frame is None:
        return f"{steady} of {reference}'s" if steady else ""
    return "   ".join(part for part in (f"{row.seconds_per_frame:.2g} s/frame", steady) if part)


def _probe_at_size_of(part: Path, film: VideoInfo) -> VideoInfo:
    return probe(part, SourceSettings(size=(film.width, film.height)))
