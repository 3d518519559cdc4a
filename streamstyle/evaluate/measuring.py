"""Finished films, read side by side and measured along the motion of the film they were made from."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from torch import Tensor

from streamstyle.buffered import prefetch
from streamstyle.errors import FilmError
from streamstyle.evaluate.appearance import SCORE_EVERY, PerceptualScorer
from streamstyle.evaluate.decoys import ControlFilms
from streamstyle.evaluate.judge import ReferenceFlow, computed_flow
from streamstyle.evaluate.measures import FilmMetrics
from streamstyle.evaluate.tally import Accumulator
from streamstyle.evaluate.tracks import PointTracker
from streamstyle.film import VideoInfo
from streamstyle.frame import Frame
from streamstyle.ops.pixels import to_tensor
from streamstyle.settings import FlowPreset, SourceSettings
from streamstyle.stages.source import decode, probe

GAPS = (1, 5, 10)
"""Frames between the two of a pair: flicker shows at 1, drift at 10."""

DEFAULT_FLOW = computed_flow(FlowPreset.deepflow)
"""The flow that films are judged along: none that they are made with unless someone asks for it."""

_PREFETCH = 4
"""Pictures of each film that are decoded ahead of their use."""


def measure_films(
    stylised: Sequence[Path],
    source: Path,
    source_settings: SourceSettings | None = None,
    reference_flow: ReferenceFlow = DEFAULT_FLOW,
    gaps: Sequence[int] = GAPS,
    scorer: PerceptualScorer | None = None,
    with_controls: bool = False,
    on_frame: Callable[[int], None] = lambda frames: None,
) -> list[FilmMetrics]:
    """Return the measures of `source` and then of each of `stylised`, all along the same motion.

    The motion is that of the source at the size of the first stylised film. `part` says which part of the source was
    stylised; 1 is among the gaps. With an `eye`, content and style are measured in every fifth frame. With `decoys`,
    the first stylised film blurred and frozen comes last; `watch` hears how many frames are done. However long the
    films are, a few frames are held, and a few floats a frame. FilmError where a film cannot be read, or has not as
    many frames as the source.
    """
    first = probe(stylised[0], SourceSettings())
    same_size = SourceSettings(size=(first.width, first.height))
    original = probe(source, replace(source_settings or SourceSettings(), size=same_size.size, height=None))
    films = [original, *(probe(path, same_size) for path in stylised)]
    controls = ControlFilms() if with_controls else None
    accumulators = [Accumulator(film.path, gaps) for film in films] + [
        Accumulator(films[1].path, gaps) for _ in _control_names(controls)
    ]
    tracker = PointTracker(len(accumulators))
    with _read_together(films) as pictures, reference_flow.open_correspondences(original, gaps) as correspondences:
        recent: deque[list[Tensor]] = deque(maxlen=max(gaps))
        for number, (read, following) in enumerate(zip(pictures, correspondences, strict=True)):
            now = read if controls is None else [*read, *controls.make(read[1], starts_shot=following.forward is None)]
            for film, tally in enumerate(accumulators):
                tally.add(now[film], [then[film] for then in recent], following.by_gap)
            if scorer is not None and number % SCORE_EVERY == SCORE_EVERY // 2:
                content = scorer.content_features(now[0])
                for picture, tally in zip(now, accumulators, strict=True):
                    tally.add_scores(scorer.score(picture, content))
            tracker.step(now, following.forward)
            recent.append(now)
            on_frame(number + 1)
    return [tally.result(drift.ratio) for tally, drift in zip(accumulators, tracker.drifts, strict=True)]


def _control_names(controls: ControlFilms | None) -> tuple[str, ...]:
    return () if controls is None else controls.names


@contextmanager
def _read_together(films: Sequence[VideoInfo]) -> Iterator[Iterator[list[Tensor]]]:
    """Yield an iterator over the pictures [3, H, W] of all films at each moment; FilmError when one ends early."""
    with ExitStack() as opened:
        readers = [
            opened.enter_context(prefetch(decode(film), _frame_tensor, workers=1, ahead=_PREFETCH)) for film in films
        ]
        yield (_require_all(pictures, films) for pictures in zip_longest(*readers))


def _frame_tensor(frame: Frame) -> Tensor:
    return to_tensor(frame.image)


def _require_all(pictures: Sequence[Tensor | None], films: Sequence[VideoInfo]) -> list[Tensor]:
    ended = [film.path for film, picture in zip(films, pictures, strict=True) if picture is None]
    if ended:
        going_on = [film.path for film, picture in zip(films, pictures, strict=True) if picture is not None]
        raise FilmError(f"{ended[0]} ends before {going_on[0]}", "Give a film and the same part of its source.")
    return [picture for picture in pictures if picture is not None]
