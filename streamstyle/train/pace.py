"""How fast a network learns, from the first step to the last."""

from __future__ import annotations

import math


def lr_schedule(done: float, steps: int) -> float:
    """Return the learning rate's share: a short run-up, then half a cosine down to a hundredth.

    `done` is the share of the training in [0, 1], `steps` the steps since it was begun or taken up again.
    """
    return min(1.0, (steps + 1) / 50) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))
