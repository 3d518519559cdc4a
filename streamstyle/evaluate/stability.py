"""How steady and how sharp finished films are, measured along the motion of the film they were made from."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from torch import Tensor

from streamstyle.buffered import buffered
from streamstyle.errors import FilmError
from streamstyle.evaluate.decoys import Decoys
from streamstyle.evaluate.metrics import sharpness, stability_error, warping_error
from streamstyle.film import Film
from streamstyle.frame import Frame, Motion
from streamstyle.ops.pixels import to_tensor
from streamstyle.settings import FlowPreset, SourceSettings
from streamstyle.stages.flow import motion_between
from streamstyle.stages.shots import shots
from streamstyle.stages.source import decode, probe

GAPS = (1, 10)
"""Frames between the two of a pair: flicker shows at 1, drift at 10."""

JUDGE = FlowPreset.deepflow
"""The flow that films are judged along: none that they are made with unless someone asks for it."""

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
    stability_error: dict[int, float]
    """By gap, as a root, in units of [0, 1]."""
    sharpness: float
    """Mean gradient magnitude of luma, mean over the frames, per pixel."""


def measure(
    stylised: Path,
    source: Path,
    part: SourceSettings | None = None,
    preset: FlowPreset = JUDGE,
) -> tuple[Stability, Stability]:
    """Return the measures of a stylised film and those of its source; see `measure_all`."""
    of_source, of_stylised = measure_all([stylised], source, part, preset)
    return of_stylised, of_source


def measure_all(
    stylised: Sequence[Path],
    source: Path,
    part: SourceSettings | None = None,
    preset: FlowPreset = JUDGE,
    gaps: Sequence[int] = GAPS,
    workers: int = 1,
    decoys: bool = False,
    watch: Callable[[int], None] = lambda frames: None,
) -> list[Stability]:
    """Return the measures of `source` and then of each of `stylised`, all along the same motion.

    The motion is that of the source at the size of the first stylised film, found with another flow than films are made
    with by default, so that no method is judged by its own mistakes. `part` says which part of the source was stylised.
    With `decoys`, for which 1 is among the gaps, the first stylised film blurred and frozen comes last; `watch` hears
    how many frames are done. However long the films are, only the last few frames are held. FilmError where a film
    cannot be read, or has not as many frames as the source.
    """
    first = probe(stylised[0], SourceSettings())
    same_size = SourceSettings(size=(first.width, first.height))
    original = probe(source, replace(part or SourceSettings(), size=same_size.size, height=None))
    films = [original, *(probe(path, same_size) for path in stylised)]
    twins = Decoys() if decoys else None
    tallies = [_Tally(film.path) for film in films] + [_Tally(films[1].path) for _ in (Decoys.names if decoys else ())]
    with _side_by_side(films) as pictures, _motions(original, preset, gaps, workers) as motions:
        recent: deque[list[Tensor]] = deque(maxlen=max(gaps))
        for read, by_gap in zip(pictures, motions, strict=True):
            now = read if twins is None else [*read, *twins.of(read[1], starts_shot=1 not in by_gap)]
            for film, tally in enumerate(tallies):
                tally.add_frame(now[film])
                for gap, motion in by_gap.items():
                    tally.add_pair(gap, now[film], recent[-gap][film], motion)
            recent.append(now)
            watch(tallies[0].frames)
    return [tally.means() for tally in tallies]


@dataclass(slots=True)
class _Tally:
    """Sums over one film so far."""

    film: Path
    frames: int = 0
    sharpness: float = 0.0
    errors: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    roots: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    pairs: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    def add_frame(self, picture: Tensor) -> None:
        self.frames += 1
        self.sharpness += float(sharpness(picture))

    def add_pair(self, gap: int, later: Tensor, earlier: Tensor, motion: Motion) -> None:
        self.pairs[gap] += 1
        self.errors[gap] += float(warping_error(later, earlier, motion.backward, motion.weight))
        self.roots[gap] += float(stability_error(later, earlier, motion.backward, motion.weight))

    def means(self) -> Stability:
        errors, roots = (
            {gap: total / self.pairs[gap] for gap, total in sorted(sums.items())} for sums in (self.errors, self.roots)
        )
        return Stability(self.film, self.frames, errors, roots, self.sharpness / max(1, self.frames))


@contextmanager
def _motions(
    film: Film, preset: FlowPreset, gaps: Sequence[int], workers: int
) -> Iterator[Iterator[dict[int, Motion]]]:
    """Yield an iterator over how each frame follows from the earlier ones of its shot, by gap."""

    def follow(moment: tuple[Frame, dict[int, Frame]]) -> dict[int, Motion]:
        frame, earlier = moment
        return {gap: motion_between(before.image, frame.image, preset) for gap, before in earlier.items()}

    with buffered(_moments(shots(decode(film)), gaps), follow, workers=workers, ahead=_AHEAD) as motions:
        yield motions


def _moments(frames: Iterable[Frame], gaps: Sequence[int]) -> Iterator[tuple[Frame, dict[int, Frame]]]:
    """Yield each frame with the earlier frames of its shot, by gap."""
    recent: deque[Frame] = deque(maxlen=max(gaps))
    for frame in frames:
        if recent and recent[-1].shot != frame.shot:
            recent.clear()
        yield frame, {gap: recent[-gap] for gap in gaps if gap <= len(recent)}
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
        going_on = [film.path for film, picture in zip(films, pictures, strict=True) if picture is not None]
        raise FilmError(f"{ended[0]} ends before {going_on[0]}", "Give a film and the same part of its source.")
    return [picture for picture in pictures if picture is not None]
