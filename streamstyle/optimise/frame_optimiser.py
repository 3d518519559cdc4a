"""One frame optimised: the image for which an objective is lowest, with less memory where there is little."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from streamstyle.gpu.cuda_graph import Step
from streamstyle.gpu.memory import Fallback, MemoryFallback, Warn, first_line, ignore_warning, is_out_of_memory
from streamstyle.models.vgg import VggFeatures
from streamstyle.ops.temporal import CarriedOutput, TemporalTerm, temporal_term
from streamstyle.optimise.gradient import frame_targets
from streamstyle.optimise.lbfgs import HISTORY, DeviceLBFGS, minimise, minimise_on_host
from streamstyle.optimise.losses import Targets
from streamstyle.optimise.objective import ConsistencyObjective, RuderObjective
from streamstyle.settings import ConsistencySettings, RuderSettings

TOLERANCE = 2e-3
"""Share of the objective; a frame is done when an iteration gains less."""

Capture = Callable[[Step], Step]


@dataclass(frozen=True, slots=True)
class MemoryBudget:
    """What an optimisation may use memory on."""

    history: int
    """Steps that L-BFGS remembers."""
    tile: int | None = None
    """Side in pixels of the tiles that the network looks at; None for the whole."""


FALLBACKS = (
    Fallback(MemoryBudget(HISTORY)),
    Fallback(MemoryBudget(1), "the optimisation goes on with one remembered step"),
    Fallback(MemoryBudget(1, tile=512), "the optimisation goes on in tiles of 512 pixels, which is slower"),
    Fallback(MemoryBudget(1, tile=192), "the optimisation goes on in tiles of 192 pixels, which is slower still"),
)

RUDER_FALLBACKS: tuple[Fallback[int | None], ...] = (
    Fallback(None),
    Fallback(512, "frames are optimised in tiles of 512 pixels, which is slower"),
    Fallback(192, "frames are optimised in tiles of 192 pixels, which is slower still"),
)
"""Sides in pixels of the tiles that the network looks at; None for the whole."""

_RUDER_LOSSES = ("content", "style", "smooth", "temporal")


class FrameOptimiser:
    """`--method consistent`: optimises one frame after the other; where memory does not suffice, with less."""

    def __init__(
        self,
        network: VggFeatures,
        settings: ConsistencySettings,
        warn: Warn,
        capture: Capture | None = None,
        fallbacks: Sequence[Fallback[MemoryBudget]] = FALLBACKS,
    ) -> None:
        """Take what captures work as a graph, on a device that is not to be waited for; on a CPU None."""
        self._network, self._settings, self._warn, self._capture = network, settings, warn, capture
        self._fallback = MemoryFallback(fallbacks, warn)
        self._captured: _CapturedOptimiser | None = None

    def __call__(
        self,
        term: TemporalTerm,
        stylised: Tensor,  # [3, H, W] float32 in [0, 1]
    ) -> tuple[Tensor, Tensor]:  # [3, H, W], [3]
        """Return the image of the lowest objective found, and its perceptual, style and quadratic loss.

        It is to look like `stylised` to the network. DeviceError where no way needs as little memory as there is.
        """

        def optimise_within(budget: MemoryBudget) -> tuple[Tensor, Tensor]:
            if self._captured is not None and not self._captured.fits(term, budget):
                self._captured = None  # before anything else asks for memory
            return self._optimise(self._objective(term, stylised, budget), budget)

        return self._fallback(optimise_within)

    def _objective(self, term: TemporalTerm, stylised: Tensor, budget: MemoryBudget) -> ConsistencyObjective:
        settings = self._settings
        targets = frame_targets(self._network, stylised, budget.tile)
        weights = settings.perceptual_weight, settings.style_weight
        return ConsistencyObjective(self._network, targets, *weights, term, budget.tile)

    def _optimise(self, objective: ConsistencyObjective, budget: MemoryBudget) -> tuple[Tensor, Tensor]:
        start, iterations = objective.term.centre, self._settings.iterations
        if self._capture is None:
            return minimise_on_host(
                objective.losses_and_gradient, start, objective.curvature(), iterations, TOLERANCE, budget.history
            )
        if self._captured is None:
            self._captured = _CapturedOptimiser(objective, budget, self._try_capture)
        return self._captured(objective, iterations)

    def _try_capture(self, work: Step) -> Step:
        assert self._capture is not None
        try:
            return self._capture(work)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            why = first_line(error)
            self._warn(f"the optimisation could not be recorded as a CUDA graph ({why}); it goes on without, slower")
            self._capture = _no_capture
            return work


def _no_capture(work: Step) -> Step:
    return work


class _CapturedOptimiser:
    """An optimisation in tensors that stay where they are, frame after frame of one size."""

    def __init__(self, objective: ConsistencyObjective, budget: MemoryBudget, capture: Capture) -> None:
        self._objective, self._budget = objective.clone(), budget
        centre = self._objective.term.centre
        self._lbfgs = DeviceLBFGS(self._objective.losses_and_gradient, centre, 3, TOLERANCE, budget.history)
        self._advance = capture(self._lbfgs.step)

    def fits(self, term: TemporalTerm, budget: MemoryBudget) -> bool:
        """Return whether it is of a frame's size, and within the same budget."""
        return self._budget == budget and self._objective.term.centre.shape == term.centre.shape

    def __call__(self, objective: ConsistencyObjective, iterations: int) -> tuple[Tensor, Tensor]:
        self._objective.load(objective)
        self._lbfgs.reset(objective.term.centre, objective.curvature())
        return self._lbfgs.run(iterations, self._advance)


@dataclass(frozen=True, slots=True)
class RuderOptimiser:
    """`--method ruder`: optimises a frame towards the style image itself (Ruder, Dosovitskiy & Brox, arXiv 1604.08610).

    It holds all of the objective that is the same for every frame.
    """

    network: VggFeatures
    grams: Mapping[str, Tensor]
    """Of the style image: style layer → [1, C, C] float32."""
    weights: RuderSettings
    temporal_weight: float
    fallback: MemoryFallback[int | None] = field(
        default_factory=lambda: MemoryFallback(RUDER_FALLBACKS, ignore_warning)
    )

    def __call__(
        self,
        image: Tensor,  # [3, H, W] float32 in [0, 1]: the frame
        carried: CarriedOutput | None,  # what other frames show of it
        start: Tensor,  # [3, H, W] float32
        iterations: int,
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the frame stylised, [3, H, W] float32 in [0, 1], and the terms of the objective, weighted."""

        def optimise_within(tile: int | None) -> tuple[Tensor, Tensor]:
            term = None if carried is None else self._temporal_term(image, carried)
            targets = Targets(frame_targets(self.network, image, tile).content, self.grams)
            objective = RuderObjective(self.network, targets, self.weights, term, tile)
            return minimise(objective.losses_and_gradient, start, None, iterations)

        stylised, losses = self.fallback(optimise_within)
        return stylised.clamp(0, 1), dict(zip(_RUDER_LOSSES, losses.tolist(), strict=True))

    def _temporal_term(self, image: Tensor, carried: CarriedOutput) -> TemporalTerm:
        return temporal_term(carried.image, image, carried.trust, self.temporal_weight, pixel_weight=0)
