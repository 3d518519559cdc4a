"""Colours of the demo film: names as painters write them, and runs from one to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def rgb(code: str) -> NDArray[np.float32]:
    """Return `"#rrggbb"` as three values of 0 to 255."""
    return np.array([int(code[at : at + 2], 16) for at in (1, 3, 5)], np.float32)


def mix(first: ArrayLike, second: ArrayLike, amount: ArrayLike) -> NDArray[np.float32]:
    """Return `first` where `amount` is 0 and `second` where it is 1; colours along the last axis."""
    share = np.clip(np.asarray(amount, np.float32), 0, 1)[..., None]
    return np.asarray(first, np.float32) * (1 - share) + np.asarray(second, np.float32) * share


def ramp(position: NDArray[Any] | float, stops: list[tuple[float, str]]) -> NDArray[np.float32]:
    """Return the colour at each `position` on a run through `stops`, which are in rising order."""
    places = [place for place, _ in stops]
    colours = np.stack([rgb(code) for _, code in stops])
    channels = [np.interp(position, places, colours[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def smoothstep(low: float, high: float, value: ArrayLike) -> NDArray[np.float32]:
    """Return 0 below `low`, 1 above `high` and a smooth rise between; `low` above `high` gives a fall."""
    share = np.clip((np.asarray(value, np.float32) - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
