"""Where a film is cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from streamstyle.frames import Frame

CUT_THRESHOLD = 0.6
"""Unlikeness of two frames from which on there is a cut between them.

Of 601 pairs of consecutive frames of four films without a cut the largest is 0.48; of 1,280 pairs of unrelated
pictures, some dark, blurred, noisy or letterboxed, the smallest is 0.66 (docs/flow.md).
"""


def number_shots(frames: Iterable[Frame], shot: int = 0) -> Iterator[Frame]:
    """Yield every frame with the count of cuts before it, `shot` for the first; a sketch of the last is remembered."""
    before: Thumbnail | None = None
    for frame in frames:
        now = thumbnail(frame.image)
        if before is not None and scene_difference(before, now) > CUT_THRESHOLD:
            shot += 1
        before = now
        yield replace(frame, shot=shot)


Plane = NDArray[np.float32]
Noise = tuple[float, float]  # variance that says nothing, of the earlier and of the later picture

_AREA = 128 * 72
_SMALLEST_SIDE = 16
_BLACK = 20
"""Levels up to which a row or column of both pictures is taken for the bar of a letterbox."""
_LEAST_LIT = 0.3
"""Share of each side that bars leave at least: upright film on a wide screen."""
_FLAT = 1.5
"""Standard deviation in levels below which a picture shows nothing but a colour and noise."""
_OTHER_COLOUR = 24
"""Levels by which two flat pictures differ that are not one slowly changing."""
_WINDOW = (9, 9)
_NOISE = 0.15
"""Variance in levels that says nothing."""
_SURE = 0.15
"""Up to this much unlikeness there is nothing to be looked at more closely."""
_AGREEMENT = (4.0 / _AREA, 0.05)
"""Shares of the picture's area and of the squared lengths by which opposite flows may differ and be half trusted."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture reduced to what is needed to know its scene again."""

    grey: Plane
    """[h, w] float32 in levels, 0 to 255; the shape is the same for all pictures of a film."""
    colour: NDArray[np.float64]
    """[3] mean red, green and blue in levels."""


def thumbnail(
    image: NDArray[np.uint8],  # [H, W, 3] RGB
) -> Thumbnail:
    """Return the picture's sketch; pictures of about 128x72 pixels and less are not reduced."""
    height, width = image.shape[:2]
    scale = min(1.0, (_AREA / (height * width)) ** 0.5)
    size = [max(_SMALLEST_SIDE, round(side * scale)) for side in (width, height)]
    if scale < 0.5:  # on the way down round to levels once, where four pixels still make one
        image = np.asarray(cv2.resize(image, [2 * side for side in size], interpolation=cv2.INTER_AREA), np.uint8)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return Thumbnail(np.asarray(small, np.float32), np.array(cv2.mean(image)[:3]))


def scene_difference(before: Thumbnail, after: Thumbnail) -> float:
    """Return how little of `after` is to be found in `before`: 0 all of it, 1 nothing.

    What is sought is structure, in windows of 9x9 pixels, along an optical flow, so that light, fades and motion do not
    count. Where little of it is found, the flow has to agree with its opposite, since between any two pictures there is
    some flow that makes them resemble; and it is sought once more after the shift of the whole picture.
    """
    box = _crop_letterbox(before.grey, after.grey)
    earlier, later = before.grey[box], after.grey[box]
    if earlier.std() < _FLAT and later.std() < _FLAT:
        return float(np.abs(before.colour - after.colour).max() > _OTHER_COLOUR)
    noise = _NOISE / max(1.0, float(earlier.var())), _NOISE / max(1.0, float(later.var()))
    earlier, later = _normalise(earlier), _normalise(later)
    if (found := _missing_share(earlier, later, noise, agreed=False)) <= _SURE:
        return found
    if (found := _missing_share(earlier, later, noise)) <= _SURE:
        return found
    return min(found, _missing_after_shift(earlier, later, noise))


def _crop_letterbox(before: Plane, after: Plane) -> tuple[slice, slice]:
    """Return the part that is not black in both: the same bars around two pictures do not make them alike.

    It is all of them when too little is left: then it is no letterbox, but something small in the dark.
    """
    lit = np.maximum(before, after) > _BLACK
    box = []
    for axis, side in zip((1, 0), lit.shape, strict=True):
        places = np.flatnonzero(lit.any(axis))
        if places.size < max(_SMALLEST_SIDE, _LEAST_LIT * side):
            return slice(None), slice(None)
        box.append(slice(places[0], places[-1] + 1))
    return box[0], box[1]


def _normalise(grey: Plane) -> Plane:
    """Return the picture with mean 0 and variance 1; a flat one is not amplified."""
    return np.asarray((grey - grey.mean()) / max(1.0, float(grey.std())), np.float32)


def _missing_share(
    earlier: Plane, later: Plane, noise: Noise, agreed: bool = True, seen: NDArray[np.bool_] | None = None
) -> float:
    """Return the share of structure in `later` that is not found in `earlier`; 1 if hardly any comes from within it."""
    backward = _flow(later, earlier)
    rows, columns = np.indices(later.shape, np.float32)
    x, y = columns + backward[..., 0], rows + backward[..., 1]
    inside = (x >= 0) & (x <= later.shape[1] - 1) & (y >= 0) & (y <= later.shape[0] - 1)
    if seen is not None:
        inside &= seen
    if inside.mean() < 0.3:
        return 1.0
    alike, structure = _correlation(_sample(earlier, x, y), later, noise)
    if agreed:
        alike *= _agreement(backward, _sample(_flow(earlier, later), x, y))
    structure *= inside
    return 1 - float((alike * structure).sum() / structure.sum())


def _missing_after_shift(earlier: Plane, later: Plane, noise: Noise) -> float:
    """Return `_missing` with `earlier` first shifted as a whole, as in a pan too fast for the flow to follow."""
    height, width = later.shape
    (right, down), _ = cv2.phaseCorrelate(later, earlier, cv2.createHanningWindow((width, height), cv2.CV_32F))
    columns, rows = np.arange(width, dtype=np.float32) + round(right), np.arange(height, dtype=np.float32) + round(down)
    x, y = np.meshgrid(columns, rows)
    seen = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return _missing_share(_sample(earlier, x, y), later, noise, seen=seen)


def _correlation(found: Plane, wanted: Plane, noise: Noise) -> tuple[Plane, Plane]:
    """Return the correlation of two pictures in the window around each pixel, 0 to 1, and how much there is to see."""
    mean_f, mean_w = _window_mean(found), _window_mean(wanted)
    var_f = np.maximum(_window_mean(found * found) - mean_f * mean_f, 0)
    var_w = np.maximum(_window_mean(wanted * wanted) - mean_w * mean_w, 0)
    shared = np.maximum(_window_mean(found * wanted) - mean_f * mean_w, 0)
    noise_f, noise_w = noise
    alike = (shared + np.sqrt(noise_f * noise_w)) / np.sqrt((var_f + noise_f) * (var_w + noise_w))
    structure = np.sqrt(np.maximum(var_f + noise_f, var_w + noise_w))
    return np.asarray(alike, np.float32), np.asarray(structure, np.float32)


def _agreement(backward: Plane, forward: Plane) -> Plane:
    """Return 1 where the two flows are opposite, and less the less they are."""
    of_area, of_lengths = _AGREEMENT
    apart = np.square(forward + backward).sum(-1)
    lengths = np.square(forward).sum(-1) + np.square(backward).sum(-1)
    return np.asarray(1 / (1 + apart / (of_area * apart.size + of_lengths * lengths)), np.float32)


def _flow(of: Plane, to: Plane) -> Plane:
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    engine.setFinestScale(1)
    nothing: Any = None
    grey, other = (np.clip(48 * picture + 128, 0, 255).astype(np.uint8) for picture in (of, to))
    return np.asarray(engine.calc(grey, other, nothing), np.float32)


def _sample(plane: Plane, x: Plane, y: Plane) -> Plane:
    return np.asarray(cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _window_mean(plane: Plane) -> Plane:
    return np.asarray(cv2.blur(plane, _WINDOW), np.float32)
