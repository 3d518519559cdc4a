"""Measures finished films: decodes them in step with their source and accumulates the metrics frame by frame.

However long they are, only a few frames are held in memory, and a few floats per frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from statistics import fmean

import torch.nn.functional as F
from torch import Tensor

from streamstyle.errors import VideoError
from streamstyle.evaluate.artefacts import Artefacts, ArtefactTracker
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
"""Distances in frames between the two frames of a pair: flicker shows at 1, drift at 10."""

DEFAULT_FLOW = computed_flow(FlowPreset.deepflow)
"""No film is made with this flow unless requested; a film looks steadier along its own flow."""

BLUR_SIZE = 5
"""Side in pixels of the box filter of the blurred control film."""

_PREFETCH = 4
"""Frames of each video that are decoded ahead."""


@dataclass(frozen=True, slots=True)
class Measured(Event):
    """A stylised film has been measured."""

    stylised: str
    source: str
    flow_reference: str
    """The flow that stability was measured along, such as `deepflow flow of its source`."""
    loss_network: str
    """The network that content and style loss were measured with."""
    per_frame: str | None
    """The per-frame stylisation that tone lag, seam and ghost were measured with; None without one."""
    frames: int
    metrics: dict[str, dict[str, float]]
    """By `source`, `stylised`, `per_frame` if there is one, `blurred` and `frozen`, the metrics by name; those that
    cannot be computed are missing."""
    curves: dict[str, dict[str, Curve]]
    """By the same keys, warping errors, sharpness and artefacts of every frame; empty unless requested."""


def measure_film(
    stylised: Path,
    source: Path,
    source_settings: SourceSettings,
    reference_flow: ReferenceFlow,
    scorer: PerceptualScorer,
    on_frame: Callable[[int], None],
    *,
    per_frame: Path | None = None,
    curves: bool = False,
) -> Measured:
    """Return the metrics of a film made by any tool; `on_frame` gets the number of frames measured so far.

    `per_frame` is the film stylised frame by frame, without which some metrics are missing. Raises VideoError if a film
    cannot be read, or the films differ in length.
    """
    measured = measure_films(
        [stylised, per_frame] if per_frame else [stylised],
        source,
        source_settings,
        reference_flow,
        scorer=scorer,
        per_frame=[1, 1] if per_frame else [None],
        with_controls=True,
        on_frame=on_frame,
    )
    names = ["source", "stylised", *(["per_frame"] if per_frame else []), *ControlFilms.names]
    by_film = dict(zip(names, measured, strict=True))
    return Measured(
        str(stylised),
        str(source),
        reference_flow.name,
        scorer.name,
        str(per_frame) if per_frame else None,
        measured[0].frames,
        {name: metrics.by_name() for name, metrics in by_film.items()},
        {name: metrics.curves for name, metrics in by_film.items()} if curves else {},
    )


def measure_films(
    stylised: Sequence[Path],
    source: Path,
    source_settings: SourceSettings | None = None,
    reference_flow: ReferenceFlow = DEFAULT_FLOW,
    gaps: Sequence[int] = GAPS,
    scorer: PerceptualScorer | None = None,
    per_frame: Sequence[int | None] = (),
    with_controls: bool = False,
    score_every: int = SCORE_EVERY,
    scored: Collection[int] | None = None,
    on_frame: Callable[[int], None] = lambda frames: None,
) -> list[FilmMetrics]:
    """Return the metrics of `source`, then of each of `stylised`, all along the same flow.

    The flow is that of the source, scaled to the size of the first stylised film. `source_settings` give the time range
    that was stylised; 1 must be among the gaps. With a `scorer`, content and style loss are measured too. `per_frame`
    gives for each stylised film the index of its per-frame stylisation among them, with which tone lag, seam and ghost
    are measured. With `with_controls`, the blurred and the frozen copy of the first stylised film come last. Content
    and style loss are measured in every `score_every`th frame, of all films or, in less time, of those of `stylised`
    whose indices are `scored`. `on_frame` gets the number of frames measured so far.
    Raises VideoError if a film cannot be read, or differs in length from the source.
    """
    videos = _probe_all(stylised, source, source_settings or SourceSettings())
    controls = ControlFilms() if with_controls else None
    measured = [*videos, *(videos[1] for _ in ControlFilms.names if controls)]
    accumulators = [_Accumulator(video.path, gaps) for video in measured]
    tracker = PointTracker(len(accumulators))
    artefact_tracker = ArtefactTracker(_per_frame_films(per_frame or [None] * len(stylised), len(measured)))
    with _decode_together(videos) as decoded, reference_flow.open_correspondences(videos[0], gaps) as correspondences:
        recent: deque[list[Tensor]] = deque(maxlen=max(gaps))
        for index, (read, matched) in enumerate(zip(decoded, correspondences, strict=True)):
            copies = controls.make(read[1], starts_shot=matched.forward is None) if controls else []
            frames = [*read, *copies]
            for film, accumulator in enumerate(accumulators):
                accumulator.add(frames[film], [earlier[film] for earlier in recent], matched.by_gap)
            for accumulator, artefacts in zip(
                accumulators, artefact_tracker.step(frames, matched.backward), strict=True
            ):
                accumulator.artefacts.append(artefacts)
            if scorer is not None and index % score_every == score_every // 2:
                of_films = range(len(frames)) if scored is None else [1 + index for index in sorted(scored)]
                _add_scores(scorer, frames, accumulators, of_films)
            tracker.step(frames, matched.forward)
            recent.append(frames)
            on_frame(index + 1)
    return [each.result(drift.ratio) for each, drift in zip(accumulators, tracker.drifts, strict=True)]


def _per_frame_films(per_frame: Sequence[int | None], films: int) -> list[int | None]:
    """Return for each film the index of its per-frame stylisation: the source is its own, controls have the first's."""
    stylised = [None if index is None else 1 + index for index in per_frame]
    source = None if stylised.count(None) == len(stylised) else 0
    return [source, *stylised, *[stylised[0]] * (films - 1 - len(stylised))]


def _probe_all(stylised: Sequence[Path], source: Path, source_settings: SourceSettings) -> list[VideoInfo]:
    """Return the source and the stylised films, all at the size of the first stylised one."""
    first = probe(stylised[0], SourceSettings())
    size = (first.width, first.height)
    original = probe(source, replace(source_settings, size=size, height=None))
    return [original, *(probe(path, SourceSettings(size=size)) for path in stylised)]


@contextmanager
def _decode_together(videos: Sequence[VideoInfo]) -> Iterator[Iterator[list[Tensor]]]:
    """Yield an iterator over the frames [3, H, W] of all videos in step; VideoError if one ends early."""
    with ExitStack() as stack:
        readers = [
            stack.enter_context(prefetch(decode(video), _frame_tensor, workers=1, ahead=_PREFETCH)) for video in videos
        ]
        yield (_require_all(frames, videos) for frames in zip_longest(*readers))


def _frame_tensor(frame: Frame) -> Tensor:
    return to_tensor(frame.image)


def _require_all(frames: Sequence[Tensor | None], videos: Sequence[VideoInfo]) -> list[Tensor]:
    ended = [video.path for video, frame in zip(videos, frames, strict=True) if frame is None]
    if ended:
        longer = [video.path for video, frame in zip(videos, frames, strict=True) if frame is not None]
        raise VideoError(f"{ended[0]} ends before {longer[0]}", "Give a film and the same time range of its source.")
    return [frame for frame in frames if frame is not None]


class ControlFilms:
    """Two copies of a film that are steady for the wrong reason, made frame by frame."""

    names = ("blurred", "frozen")

    def __init__(self) -> None:
        self._first_of_shot: Tensor | None = None

    def make(
        self,
        frame: Tensor,  # [3, H, W] float32 in [0, 1]
        starts_shot: bool,
    ) -> list[Tensor]:
        """Return the frame blurred, and the first frame of its shot, in the order of `names`."""
        if starts_shot or self._first_of_shot is None:
            self._first_of_shot = frame
        blurred = F.avg_pool2d(frame, BLUR_SIZE, stride=1, padding=BLUR_SIZE // 2, count_include_pad=False)
        return [blurred, self._first_of_shot]


@dataclass(slots=True)
class _Accumulator:
    """The values measured of one film so far: a float per frame and metric."""

    film: Path
    gaps: Sequence[int]
    sharpness: list[float] = field(default_factory=list)
    warping_errors: dict[int, Curve] = field(default_factory=dict)
    stability_errors: dict[int, Curve] = field(default_factory=dict)
    scores: list[PerceptualScores] = field(default_factory=list)
    artefacts: list[Artefacts] = field(default_factory=list)

    def add(
        self,
        frame: Tensor,  # [3, H, W] float32 in [0, 1]
        earlier: Sequence[Tensor],  # the frames before it, the latest last
        by_gap: Mapping[int, Correspondence],
    ) -> None:
        """Measure one frame, alone and against earlier ones."""
        self.sharpness.append(float(sharpness(frame)))
        for gap in self.gaps:
            warping, stability = _pair_errors(frame, earlier[-gap], by_gap[gap]) if gap in by_gap else (None, None)
            self.warping_errors.setdefault(gap, []).append(warping)
            self.stability_errors.setdefault(gap, []).append(stability)

    def result(self, drift: float | None) -> FilmMetrics:
        """Return the means over all frames."""
        content = [scores.content for scores in self.scores]
        style = [scores.style for scores in self.scores if scores.style is not None]
        curves: dict[str, Curve] = {f"warping_error_{gap}": self.warping_errors.get(gap, []) for gap in self.gaps}
        artefacts = self._artefact_curves()
        return FilmMetrics(
            film=self.film,
            frames=len(self.sharpness),
            warping_error=_mean_by_gap(self.warping_errors),
            stability_error=_mean_by_gap(self.stability_errors),
            drift=drift,
            sharpness=fmean(self.sharpness) if self.sharpness else 0.0,
            content=fmean(content) if content else None,
            style=fmean(style) if style else None,
            **{name: _mean(curve) for name, curve in artefacts.items()},
            curves={**curves, **artefacts, "sharpness": list(self.sharpness)},
        )

    def _artefact_curves(self) -> dict[str, Curve]:
        """Return the artefacts that were measured, by name."""
        by_frame = [asdict(each) for each in self.artefacts]
        curves = {name: [values[name] for values in by_frame] for name in (by_frame[0] if by_frame else ())}
        return {name: curve for name, curve in curves.items() if any(value is not None for value in curve)}


def _add_scores(
    scorer: PerceptualScorer, frames: Sequence[Tensor], accumulators: Sequence[_Accumulator], films: Sequence[int]
) -> None:
    """Add content and style loss of the frames of these films; the first frame is the source's."""
    content = scorer.content_features(frames[0])
    for film in films:
        accumulators[film].scores.append(scorer.score(frames[film], content))


def _pair_errors(frame: Tensor, earlier: Tensor, match: Correspondence) -> tuple[float, float]:
    """Return warping and stability error of a frame against an earlier one."""
    image, other = (frame, earlier) if match.from_later else (earlier, frame)
    squared = squared_difference(image, other, match.flow)
    return float(warping_error(squared, match.weight)), float(stability_error(squared, match.weight))


def _mean_by_gap(curves: Mapping[int, Curve]) -> dict[int, float]:
    means = {gap: _mean(curve) for gap, curve in sorted(curves.items())}
    return {gap: mean for gap, mean in means.items() if mean is not None}


def _mean(curve: Curve) -> float | None:
    values = [value for value in curve if value is not None]
    return fmean(values) if values else None
