"""What a run remembers of the frames it has painted, so that another could go on after any of them."""

from __future__ import annotations

from collections import deque

from torch import Tensor

from streamstyle.frame import Place, StylisedFrame
from streamstyle.media.onward.checkpoint import Standing
from streamstyle.settings import Method, Settings


class Trail:
    """The last frames, as many as are looked back to."""

    def __init__(self, settings: Settings, standing: Standing | None = None) -> None:
        """Begin with the first frame of the film, or after a `standing`."""
        method, reach = settings.consistency.method, settings.consistency.lookback[-1]
        self._carries = method is not Method.johnson
        self._sweeps = method is Method.ruder and settings.ruder.passes > 1
        self.frames = standing.frames if standing else 0
        """Painted so far."""
        self._places: deque[Place] = deque(standing.places if standing else (), maxlen=reach)
        self._carried: deque[Tensor] = deque(standing.carried if standing else (), maxlen=reach)

    @property
    def shot(self) -> int:
        """That of the last frame; 0 before the first."""
        return self._places[-1].shot if self._places else 0

    def add(self, painted: StylisedFrame) -> None:
        """Take a frame that has been painted."""
        if painted.flowed.motion is None:
            self._carried.clear()
        if self._carries:
            self._carried.append(painted.carried)
        self._places.append(painted.flowed.frame.place)
        self.frames += 1

    def before(self, painted: StylisedFrame) -> Standing | None:
        """Return what going on with this frame, the next, takes; None where that cannot be.

        A shot that is gone over several times depends on more than its last outputs.
        """
        if painted.flowed.motion is None:
            return Standing(self.frames, tuple(self._places), ())
        return self.here()

    def here(self) -> Standing | None:
        """Return what going on after the last frame takes, whatever comes; None where that cannot be."""
        return None if self._sweeps else Standing(self.frames, tuple(self._places), tuple(self._carried))
