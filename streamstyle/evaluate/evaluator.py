"""Finished films, read side by side and measured along the motion of the film they were made from."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from statistics import fmean

import torch.nn.functional as F
from torch import Tensor

from streamstyle.errors import FilmError
from streamstyle.evaluate.drift import PointTracker
from streamstyle.evaluate.metrics import (
    SCORE_EVERY,
    Curve,
    FilmMetrics,
    PerceptualScorer,
    PerceptualScores,
    sharpness,
    squared_difference,
    stability_error,
    warping_error,
)
from streamstyle.evaluate.reference_flow import Correspondence, ReferenceFlow, computed_flow
from streamstyle.events import Event
from streamstyle.frames import Frame
from streamstyle.media.probe import probe
from streamstyle.ops.image import to_tensor
from streamstyle.prefetch import prefetch
from streamstyle.settings import FlowPreset, SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.video_info import VideoInfo

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


@dataclass(frozen=True, slots=True)
class Measured(Event):
    """A stylised film has been measured."""

    stylised: str
    source: str
    flow_reference: str
    """What it was judged along, such as `deepflow flow of its source`."""
    loss_network: str
    """The loss network that content and style were seen with."""
    frames: int
    metrics: dict[str, dict[str, float]]
    """By `source`, `stylised`, `blurred` and `frozen`, each measure by its name; none that cannot be given."""
    curves: dict[str, dict[str, Curve]]
    """By the same, warping errors and sharpness of every frame; empty unless asked for."""


def measure_film(
    stylised: Path,
    source: Path,
    source_settings: SourceSettings,
    reference_flow: ReferenceFlow,
    scorer: PerceptualScorer,
    on_frame: Callable[[int], None],
    *,
    curves: bool = False,
) -> Measured:
    """Return the measures of a film made by whatever tool; `watch` hears the frames done.

    Raises FilmError where a film cannot be read, or the two do not have the same frames.
    """
    measured = measure_films(
        [stylised], source, source_settings, reference_flow, scorer=scorer, with_controls=True, on_frame=on_frame
    )
    named = dict(zip(("source", "stylised", *ControlFilms.names), measured, strict=True))
    return Measured(
        str(stylised),
        str(source),
        reference_flow.name,
        scorer.name,
        measured[0].frames,
        {name: measures.by_name() for name, measures in named.items()},
        {name: measures.curves for name, measures in named.items()} if curves else {},
    )


@dataclass(slots=True)
class Accumulator:
    """What was measured of a film so far: a float a frame and measure."""

    film: Path
    gaps: Sequence[int]
    sharpness: list[float] = field(default_factory=list)
    warping_errors: dict[int, Curve] = field(default_factory=dict)
    stability_errors: dict[int, Curve] = field(default_factory=dict)
    scores: list[PerceptualScores] = field(default_factory=list)

    def add(
        self,
        picture: Tensor,  # [3, H, W] float32 in [0, 1]
        earlier: Sequence[Tensor],  # the pictures before it, the last one last
        by_gap: Mapping[int, Correspondence],
    ) -> None:
        """Measure one frame, alone and against earlier ones."""
        self.sharpness.append(float(sharpness(picture)))
        for gap in self.gaps:
            error, root = _pair_errors(picture, earlier[-gap], by_gap[gap]) if gap in by_gap else (None, None)
            self.warping_errors.setdefault(gap, []).append(error)
            self.stability_errors.setdefault(gap, []).append(root)

    def add_scores(self, seen: PerceptualScores) -> None:
        """Count how near a frame is to the content of the source's and to the style."""
        self.scores.append(seen)

    def result(self, drift: float | None) -> FilmMetrics:
        """Return the means."""
        content = [look.content for look in self.scores]
        style = [look.style for look in self.scores if look.style is not None]
        curves: dict[str, Curve] = {f"warping_error_{gap}": self.warping_errors.get(gap, []) for gap in self.gaps}
        return FilmMetrics(
            film=self.film,
            frames=len(self.sharpness),
            warping_error=_mean_by_gap(self.warping_errors),
            stability_error=_mean_by_gap(self.stability_errors),
            drift=drift,
            sharpness=fmean(self.sharpness) if self.sharpness else 0.0,
            content=fmean(content) if content else None,
            style=fmean(style) if style else None,
            curves={**curves, "sharpness": list(self.sharpness)},
        )


def _pair_errors(picture: Tensor, earlier: Tensor, match: Correspondence) -> tuple[float, float]:
    here, other = (picture, earlier) if match.from_later else (earlier, picture)
    squared = squared_difference(here, other, match.flow)
    return float(warping_error(squared, match.weight)), float(stability_error(squared, match.weight))


def _mean_by_gap(curves: Mapping[int, Curve]) -> dict[int, float]:
    measured = {gap: [value for value in curve if value is not None] for gap, curve in sorted(curves.items())}
    return {gap: fmean(values) for gap, values in measured.items() if values}


BLUR_SIZE = 5
"""Side in pixels of the square that the blurred film is the mean over."""


class ControlFilms:
    """The twins of one film, made as its frames come."""

    names = ("blurred", "frozen")

    def __init__(self) -> None:
        self._first_of_shot: Tensor | None = None

    def make(
        self,
        picture: Tensor,  # [3, H, W] float32 in [0, 1]
        starts_shot: bool,
    ) -> list[Tensor]:
        """Return the frame blurred, and the frame that began its shot, in the order of `names`."""
        if starts_shot or self._first_of_shot is None:
            self._first_of_shot = picture
        blurred = F.avg_pool2d(picture, BLUR_SIZE, stride=1, padding=BLUR_SIZE // 2, count_include_pad=False)
        return [blurred, self._first_of_shot]
