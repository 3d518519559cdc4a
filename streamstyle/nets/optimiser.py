"""From an objective to the picture for which it is lowest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from streamstyle.nets.loss_network import LossNetwork
from streamstyle.nets.objective import Objective
from streamstyle.nets.tiled_descent import targets_within
from streamstyle.ops.device_lbfgs import DeviceDescent
from streamstyle.ops.graph import Work
from streamstyle.ops.lbfgs import HISTORY, minimise
from streamstyle.ops.temporal import TemporalTerm
from streamstyle.ops.thrift import Thrift, Warn, Way
from streamstyle.ops.trouble import out_of_memory, said
from streamstyle.settings import ConsistencySettings

SETTLED = 2e-3
"""Share of the objective; a frame is done when an iteration gains less."""

Record = Callable[[Work], Work]


@dataclass(frozen=True, slots=True)
class Spending:
    """What an optimisation may use memory on."""

    history: int
    """Steps that L-BFGS remembers."""
    tile: int | None = None
    """Side in pixels of the tiles that the network looks at; None for the whole."""


WAYS = (
    Way(Spending(HISTORY)),
    Way(Spending(1), "the optimisation goes on with one remembered step"),
    Way(Spending(1, tile=512), "the optimisation goes on in tiles of 512 pixels, which is slower"),
    Way(Spending(1, tile=192), "the optimisation goes on in tiles of 192 pixels, which is slower still"),
)


class Optimiser:
    """Optimises one frame after the other; where memory does not suffice, with less."""

    def __init__(
        self,
        network: LossNetwork,
        settings: ConsistencySettings,
        warn: Warn,
        record: Record | None = None,
        ways: Sequence[Way[Spending]] = WAYS,
    ) -> None:
        """Take what records work as a graph, on a device that is not to be waited for; on a CPU None."""
        self._network, self._settings, self._warn, self._record = network, settings, warn, record
        self._thrift = Thrift(ways, warn)
        self._resident: _Resident | None = None

    def __call__(
        self,
        term: TemporalTerm,
        stylised: Tensor,  # [3, H, W] float32 in [0, 1]
    ) -> tuple[Tensor, Tensor]:  # [3, H, W], [3]
        """Return the picture of the lowest objective found, and its perceptual, style and quadratic loss.

        It is to look like `stylised` to the network. DeviceError where no way needs as little memory as there is.
        """

        def optimised(spending: Spending) -> tuple[Tensor, Tensor]:
            if self._resident is not None and not self._resident.fits(term, spending):
                self._resident = None  # before anything else asks for memory
            return self._optimised(self._objective(term, stylised, spending), spending)

        return self._thrift(optimised)

    def _objective(self, term: TemporalTerm, stylised: Tensor, spending: Spending) -> Objective:
        settings = self._settings
        targets = targets_within(self._network, stylised, spending.tile)
        weights = settings.perceptual_weight, settings.style_weight
        return Objective(self._network, targets, *weights, term, spending.tile)

    def _optimised(self, objective: Objective, spending: Spending) -> tuple[Tensor, Tensor]:
        start, iterations = objective.term.centre, self._settings.iterations
        if self._record is None:
            return minimise(
                objective.losses_and_gradient, start, objective.curvature(), iterations, SETTLED, spending.history
            )
        if self._resident is None:
            self._resident = _Resident(objective, spending, self._recorded)
        return self._resident(objective, iterations)

    def _recorded(self, work: Work) -> Work:
        assert self._record is not None
        try:
            return self._record(work)
        except RuntimeError as error:
            if out_of_memory(error):
                raise
            why = said(error)
            self._warn(f"the optimisation could not be recorded as a CUDA graph ({why}); it goes on without, slower")
            self._record = _as_it_is
            return work


def _as_it_is(work: Work) -> Work:
    return work


class _Resident:
    """An optimisation in tensors that stay where they are, frame after frame of one size."""

    def __init__(self, objective: Objective, spending: Spending, record: Record) -> None:
        self._objective, self._spending = objective.copy(), spending
        centre = self._objective.term.centre
        self._descent = DeviceDescent(self._objective.losses_and_gradient, centre, 3, SETTLED, spending.history)
        self._advance = record(self._descent.advance)

    def fits(self, term: TemporalTerm, spending: Spending) -> bool:
        """Return whether it is of a frame's size, and spends as much."""
        return self._spending == spending and self._objective.term.centre.shape == term.centre.shape

    def __call__(self, objective: Objective, iterations: int) -> tuple[Tensor, Tensor]:
        self._objective.become(objective)
        self._descent.begin(objective.term.centre, objective.curvature())
        return self._descent.follow(iterations, self._advance)
