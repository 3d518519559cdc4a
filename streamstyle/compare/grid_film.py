"""The films of a comparison as one, side by side with labels, and with the source's sound."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from streamstyle.buffered import buffered
from streamstyle.compare.colours import colour_of
from streamstyle.compare.events import Compared, ComparedFilm, SideBySideFrameWritten
from streamstyle.compare.grid import Grid, Label, backdrop, filled, grid_for
from streamstyle.events import Observer
from streamstyle.film import Film
from streamstyle.frame import FlowedFrame, Frame, StylisedFrame
from streamstyle.ops.pixels import to_tensor
from streamstyle.settings import SinkSettings, SourceSettings
from streamstyle.stages.sink import Sink, open_sink
from streamstyle.stages.source import decode, probe

_AHEAD = 4


def refuse_grid_film(film: Film, methods: int, output: Path) -> None:
    """Raise OutputError, before any work is done, where the film of so many methods could not be written."""
    with _sink(film, grid_for(1 + methods, film.width, film.height), output):
        return  # without a frame nothing remains of it


def _sink(film: Film, grid: Grid, output: Path) -> AbstractContextManager[Sink]:
    width, height = grid.size
    return open_sink(replace(film, width=width, height=height), output, SinkSettings())


def write_grid_film(film: Film, compared: Compared, output: Path, observe: Observer, stop: threading.Event) -> bool:
    """Write the source and the methods' films side by side; return whether it came to its end before `stop` was set.

    Raises OutputError where it cannot be written.
    """
    parts = [Path(row.output) for row in compared.films if row.kind == "method"]
    grid = grid_for(1 + len(parts), film.width, film.height)
    paper = backdrop(grid, labels(compared))
    with ExitStack() as opened:
        sink = opened.enter_context(_sink(film, grid, output))
        moments = opened.enter_context(_side_by_side([film, *(_alike(part, film) for part in parts)]))
        for frames in moments:
            whole = to_tensor(filled(grid, paper, [frame.image for frame in frames]))
            sink.write(StylisedFrame(FlowedFrame(frames[0], None), whole, naive=whole))
            observe(SideBySideFrameWritten(sink.frames, film.frames))
            if stop.is_set():
                break
        else:
            sink.publish()
            return True
    sink.partial.unlink(missing_ok=True)  # the films it is made of are kept; it is soon made again
    return False


def labels(compared: Compared) -> list[Label]:
    """Return what stands under each film: the source and the methods."""
    shown = [row for row in compared.films if row.kind != "control"]
    return [Label(row.name, _figures(row, compared.baseline), colour_of(place)) for place, row in enumerate(shown)]


def _figures(row: ComparedFilm, reference: str) -> str:
    flicker = row.ratios.get("warping_error_1")
    steady = "" if flicker is None else f"flicker {flicker:.2f}"
    if row.seconds_per_frame is None:
        return f"{steady} of {reference}'s" if steady else ""
    return "   ".join(part for part in (f"{row.seconds_per_frame:.2g} s/frame", steady) if part)


def _alike(part: Path, film: Film) -> Film:
    return probe(part, SourceSettings(size=(film.width, film.height)))


@contextmanager
def _side_by_side(films: Sequence[Film]) -> Iterator[Iterator[tuple[Frame, ...]]]:
    """Open an iterator over the frames of all films at each moment."""
    with ExitStack() as opened:
        yield zip(
            *(opened.enter_context(buffered(decode(film), _itself, workers=1, ahead=_AHEAD)) for film in films),
            strict=True,
        )


def _itself(frame: Frame) -> Frame:
    return frame
