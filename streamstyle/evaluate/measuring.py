"""Finished films, read side by side and measured along the motion of the film they were made from."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from torch import Tensor

from streamstyle.buffered import buffered
from streamstyle.errors import FilmError
from streamstyle.evaluate.appearance import EVERY, Appearance
from streamstyle.evaluate.decoys import Decoys
from streamstyle.evaluate.judge import Judge, judge_by
from streamstyle.evaluate.measures import Measures
from streamstyle.evaluate.tally import Tally
from streamstyle.evaluate.tracks import Tracks
from streamstyle.film import Film
from streamstyle.frame import Frame
from streamstyle.ops.pixels import to_tensor
from streamstyle.settings import FlowPreset, SourceSettings
from streamstyle.stages.source import decode, probe

GAPS = (1, 5, 10)
"""Frames between the two of a pair: flicker shows at 1, drift at 10."""

JUDGE = judge_by(FlowPreset.deepflow)
"""The flow that films are judged along: none that they are made with unless someone asks for it."""

_AHEAD = 4
"""Pictures of each film that are decoded ahead of their use."""


def measure_all(
    stylised: Sequence[Path],
    source: Path,
    part: SourceSettings | None = None,
    judge: Judge = JUDGE,
    gaps: Sequence[int] = GAPS,
    eye: Appearance | None = None,
    decoys: bool = False,
    watch: Callable[[int], None] = lambda frames: None,
) -> list[Measures]:
    """Return the measures of `source` and then of each of `stylised`, all along the same motion.

    The motion is that of the source at the size of the first stylised film. `part` says which part of the source was
    stylised; 1 is among the gaps. With an `eye`, content and style are measured in every fifth frame. With `decoys`,
    the first stylised film blurred and frozen comes last; `watch` hears how many frames are done. However long the
    films are, a few frames are held, and a few floats a frame. FilmError where a film cannot be read, or has not as
    many frames as the source.
    """
    first = probe(stylised[0], SourceSettings())
    same_size = SourceSettings(size=(first.width, first.height))
    original = probe(source, replace(part or SourceSettings(), size=same_size.size, height=None))
    films = [original, *(probe(path, same_size) for path in stylised)]
    twins = Decoys() if decoys else None
    tallies = [Tally(film.path, gaps) for film in films] + [Tally(films[1].path, gaps) for _ in _names(twins)]
    tracks = Tracks(len(tallies))
    with _side_by_side(films) as pictures, judge.follow(original, gaps) as followings:
        recent: deque[list[Tensor]] = deque(maxlen=max(gaps))
        for number, (read, following) in enumerate(zip(pictures, followings, strict=True)):
            now = read if twins is None else [*read, *twins.of(read[1], starts_shot=following.onward is None)]
            for film, tally in enumerate(tallies):
                tally.add(now[film], [then[film] for then in recent], following.matches)
            if eye is not None and number % EVERY == EVERY // 2:
                content = eye.content_of(now[0])
                for picture, tally in zip(now, tallies, strict=True):
                    tally.look(eye.of(picture, content))
            tracks.step(now, following.onward)
            recent.append(now)
            watch(number + 1)
    return [tally.measures(drift.share) for tally, drift in zip(tallies, tracks.drifts, strict=True)]


def _names(twins: Decoys | None) -> tuple[str, ...]:
    return () if twins is None else twins.names


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
