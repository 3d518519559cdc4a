"""Optimisation of a frame, for the methods `consistent` and `ruder`, with fallbacks for too little GPU memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from streamstyle.gpu.cuda_graph import Step
from streamstyle.gpu.memory import Fallback, MemoryFallback, Warn, first_line, ignore_warning, is_out_of_memory
from streamstyle.models.vgg import VggFeatures
from streamstyle.ops.temporal import CarriedOutput, TemporalTerm, temporal_term
from streamstyle.optimise.blocks import Blocks
from streamstyle.optimise.gradient import frame_targets
from streamstyle.optimise.lbfgs import DeviceLBFGS, minimise, minimise_on_host
from streamstyle.optimise.losses import Targets
from streamstyle.optimise.objective import ConsistencyObjective, RuderObjective
from streamstyle.settings import ConsistencySettings, RuderSettings

TOLERANCE = 5e-3
"""A frame is finished with the step that is expected to lower its objective by less than this fraction."""

HISTORY = 1
"""Steps that `consistent` remembers. With blocks, four lead to no lower objective."""

BLOCKS = Blocks(64)
"""Parts of a frame that each have their own curvature. With 32 pixels some steps go uphill, with 128 a frame
takes about one evaluation more."""

Capture = Callable[[Step], Step]
"""From a step to a function that replays it, as `cuda_graph.capture` does."""


FALLBACKS: tuple[Fallback[int | None], ...] = (
    Fallback(None),
    Fallback(512, "frames are now optimised in tiles of 512 pixels, which is slower"),
    Fallback(192, "frames are now optimised in tiles of 192 pixels, which is slower still"),
)
"""Sides in pixels of the tiles that the loss network processes; None for the whole image."""

_RUDER_LOSSES = ("content", "style", "smooth", "temporal")


class FrameOptimiser:
    """`--method consistent`: optimises frames one after the other, with less memory after running out of it."""

    def __init__(
        self,
        network: VggFeatures,
        settings: ConsistencySettings,
        warn: Warn,
        capture: Capture | None = None,
        fallbacks: Sequence[Fallback[int | None]] = FALLBACKS,
    ) -> None:
        """Set up for frames of any size. On a GPU, `capture` makes the CUDA graph; on the CPU it is None."""
        self._network, self._settings, self._warn, self._capture = network, settings, warn, capture
        self._fallback = MemoryFallback(fallbacks, warn)
        self._captured: _CapturedOptimiser | None = None

    def __call__(
        self,
        term: TemporalTerm,
        stylised: Tensor,  # [3, H, W] float32 in [0, 1]
    ) -> tuple[Tensor, Tensor]:  # [3, H, W], [3]
        """Return the image found, and the perceptual, style and quadratic loss of it, or before the last small step.

        `stylised` is the target of the perceptual and style losses. Raises DeviceError if memory does not suffice even
        with the last fallback.
        """

        def optimise_within(tile: int | None) -> tuple[Tensor, Tensor]:
            if self._captured is not None and not self._captured.fits(term, tile):
                self._captured = None  # frees its memory before anything is allocated
            return self._optimise(self._objective(term, stylised, tile), tile)

        return self._fallback(optimise_within)

    def _objective(self, term: TemporalTerm, stylised: Tensor, tile: int | None) -> ConsistencyObjective:
        settings = self._settings
        targets = frame_targets(self._network, stylised, tile)
        weights = settings.perceptual_weight, settings.style_weight
        return ConsistencyObjective(self._network, targets, *weights, term, tile)

    def _optimise(self, objective: ConsistencyObjective, tile: int | None) -> tuple[Tensor, Tensor]:
        start, iterations = objective.term.centre, self._settings.iterations
        if self._capture is None:
            return minimise_on_host(
                objective.losses_and_gradient, start, objective.inverse_hessian, iterations, TOLERANCE, HISTORY, BLOCKS
            )
        if self._captured is None:
            self._captured = _CapturedOptimiser(objective, tile, self._try_capture)
        return self._captured(objective, iterations)

    def _try_capture(self, step: Step) -> Step:
        assert self._capture is not None
        try:
            return self._capture(step)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            reason = first_line(error)
            self._warn(f"the optimisation cannot be captured as a CUDA graph ({reason}); it runs without, more slowly")
            self._capture = _no_capture
            return step


def _no_capture(step: Step) -> Step:
    return step


class _CapturedOptimiser:
    """An optimisation on tensors at fixed addresses, for frames of one size."""

    def __init__(self, objective: ConsistencyObjective, tile: int | None, capture: Capture) -> None:
        self._objective, self._tile = objective.clone(), tile
        centre = self._objective.term.centre
        evaluate, inverse_hessian = self._objective.losses_and_gradient, self._objective.inverse_hessian
        self._lbfgs = DeviceLBFGS(evaluate, inverse_hessian, centre, 3, TOLERANCE, HISTORY, BLOCKS)
        self._step = capture(self._lbfgs.step)

    def fits(self, term: TemporalTerm, tile: int | None) -> bool:
        """Return whether it has the frame's size and this tile."""
        return self._tile == tile and self._objective.term.centre.shape == term.centre.shape

    def __call__(self, objective: ConsistencyObjective, iterations: int) -> tuple[Tensor, Tensor]:
        self._objective.load(objective)
        self._lbfgs.reset(objective.term.centre)
        return self._lbfgs.run(iterations, self._step)


@dataclass(frozen=True, slots=True)
class RuderOptimiser:
    """`--method ruder`: optimises a frame towards the style image (Ruder, Dosovitskiy & Brox, arXiv 1604.08610).

    Its fields are the parts of the objective that are the same for every frame.
    """

    network: VggFeatures
    grams: Mapping[str, Tensor]
    """Gram matrices of the style image: style layer → [1, C, C] float32."""
    weights: RuderSettings
    temporal_weight: float
    fallback: MemoryFallback[int | None] = field(default_factory=lambda: MemoryFallback(FALLBACKS, ignore_warning))

    def __call__(
        self,
        image: Tensor,  # [3, H, W] float32 in [0, 1]: the frame
        carried: CarriedOutput | None,  # other outputs warped to it
        start: Tensor,  # [3, H, W] float32
        iterations: int,
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the stylised frame, [3, H, W] float32 in [0, 1], and the weighted terms of its objective by name."""

        def optimise_within(tile: int | None) -> tuple[Tensor, Tensor]:
            term = None if carried is None else self._temporal_term(image, carried)
            targets = Targets(frame_targets(self.network, image, tile).content, self.grams)
            objective = RuderObjective(self.network, targets, self.weights, term, tile)
            return minimise(objective.losses_and_gradient, start, None, iterations)

        stylised, losses = self.fallback(optimise_within)
        return stylised.clamp(0, 1), dict(zip(_RUDER_LOSSES, losses.tolist(), strict=True))

    def _temporal_term(self, image: Tensor, carried: CarriedOutput) -> TemporalTerm:
        return temporal_term(carried.image, image, carried.trust, self.temporal_weight, pixel_weight=0)
