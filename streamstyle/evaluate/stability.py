"""How steady and how sharp finished films are, measured along the motion of the film they were made from."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, zip_longest
from pathlib import Path

from torch import Tensor

from streamstyle.buffered import buffered
from streamstyle.errors import FilmError
from streamstyle.evaluate.metrics import sharpness, warping_error
from streamstyle.film import Film
from streamstyle.frame import FlowedFrame, Frame
from streamstyle.ops.pixels import to_tensor
from streamstyle.settings import FlowPreset, FlowSettings, SourceSettings
from streamstyle.stages.flow import flow
from streamstyle.stages.shots import shots
from streamstyle.stages.source import decode, probe

GAPS = (1, 10)
"""Frames between the two of a pair: flicker shows at 1, drift at 10."""

_AHEAD = 4
"""Pictures of each film that are decoded ahead of their use."""


@dataclass(frozen=True, slots=True)
class Stability:
    """What was measured of one film."""

    film: Path
    frames: int
    warping_error: dict[int, float]
    """By gap, the mean over all pairs of frames of a shot, in squared units of [0, 1]. A gap longer than every shot has
    none."""
    sharpness: float
    """Mean gradient magnitude of luma, mean over the frames, per pixel."""


def measure(
    stylised: Path,
    source: Path,
    part: SourceSettings | None = None,
    preset: FlowPreset = FlowPreset.medium,
) -> tuple[Stability, Stability]:
    """Return the measures of a stylised film and those of its source; see `measure_all`."""
    of_source, of_stylised = measure_all([stylised], source, part, preset)
    return of_stylised, of_source


def measure_all(
    stylised: Sequence[Path],
    source: Path,
    part: SourceSettings | None = None,
    preset: FlowPreset = FlowPreset.medium,
    gaps: Sequence[int] = GAPS,
    workers: int = 1,
) -> list[Stability]:
    """Return the measures of `source` and then of each of `stylised`, all along the same motion.

    The motion is that of the source at the size of the first stylised film, found with another flow than films are
    made with, so that no method is judged by its own mistakes. `part` says which part of the source was stylised.
    However long the films are, only the last few frames are held. FilmError where a film cannot be read, or has not as
    many frames as the source.
    """
    first = probe(stylised[0], SourceSettings())
    same_size = SourceSettings(size=(first.width, first.height))
    original = probe(source, replace(part or SourceSettings(), size=same_size.size, height=None))
    films = [original, *(probe(path, same_size) for path in stylised)]
    tallies = [_Tally() for _ in films]
    with ExitStack() as opened:
        pictures = opened.enter_context(_side_by_side(films))
        pairs = _pairs(shots(decode(original)), gaps)
        flowed = opened.enter_context(flow(pairs, FlowSettings(flow=preset, flow_workers=workers), None))
        _add_up(flowed, pictures, tallies, max(gaps))
    return [tally.means(film.path) for tally, film in zip(tallies, films, strict=True)]


@dataclass(slots=True)
class _Tally:
    """Sums over one film so far."""

    frames: int = 0
    sharpness: float = 0.0
    errors: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    pairs: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    def means(self, film: Path) -> Stability:
        errors = {gap: total / self.pairs[gap] for gap, total in self.errors.items()}
        return Stability(film, self.frames, errors, self.sharpness / max(1, self.frames))


def _add_up(
    flowed: Iterable[FlowedFrame], pictures: Iterator[list[Tensor]], tallies: Sequence[_Tally], reach: int
) -> None:
    """Go through `flowed`, as `_pairs` made it, and the films' own pictures with it."""
    recent: deque[list[Tensor]] = deque(maxlen=reach + 1)
    earlier = -1
    for each in flowed:
        if each.motion is None:
            if each.frame.index == tallies[0].frames:
                recent.append(next(pictures))
                _add_sharpness(recent[-1], tallies)
            earlier = each.frame.index
            continue
        gap = each.frame.index - earlier
        for now, before, tally in zip(recent[-1], recent[-1 - gap], tallies, strict=True):
            tally.errors[gap] += float(warping_error(now, before, each.motion.backward, each.motion.weight))
            tally.pairs[gap] += 1
    next(pictures, None)  # says so when the stylised films go on


def _add_sharpness(pictures: Iterable[Tensor], tallies: Iterable[_Tally]) -> None:
    for picture, tally in zip(pictures, tallies, strict=True):
        tally.frames += 1
        tally.sharpness += float(sharpness(picture))


def _pairs(frames: Iterable[Frame], gaps: Sequence[int]) -> Iterator[Frame]:
    """Yield each frame alone, then each of its pairs, the earlier frame first; each of these as a shot of its own."""
    recent: deque[Frame] = deque(maxlen=max(gaps))
    number = count()
    for frame in frames:
        if recent and recent[-1].shot != frame.shot:
            recent.clear()
        yield replace(frame, shot=next(number))
        for gap in gaps:
            if gap <= len(recent):
                shot = next(number)
                yield replace(recent[-gap], shot=shot)
                yield replace(frame, shot=shot)
        recent.append(frame)


@contextmanager
def _side_by_side(films: Sequence[Film]) -> Iterator[Iterator[list[Tensor]]]:
    """Yield an iterator over the pictures [3, H, W] of all films at each moment; FilmError when one ends early."""
    with ExitStack() as opened:
        readers = [opened.enter_context(buffered(decode(film), _picture, workers=1, ahead=_AHEAD)) for film in films]
        yield (_complete(pictures, films) for pictures in zip_longest(*readers))


def _picture(frame: Frame) -> Tensor:
    return to_tensor(frame.image)


def _complete(pictures: Sequence[Tensor | None], films: Sequence[Film]) -> list[Tensor]:
    ended = [film.path for film, picture in zip(films, pictures, strict=True) if picture is None]
    if ended:
        longer = next(film.path for film in films if film.path not in ended)
        raise FilmError(f"{ended[0]} ends before {longer}", "Give a film and the same part of its source.")
    return [picture for picture in pictures if picture is not None]
