"""Cut detection: two frames belong to one shot if the structure of the later one can be found in the earlier one.

Works on thumbnails of about 128x72 pixels, along the optical flow between them. docs/flow.md has the method's steps and
how it was tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from streamstyle.frames import Frame

CUT_THRESHOLD = 0.6
"""Dissimilarity of two consecutive frames above which there is a cut between them.

Of 601 pairs of consecutive frames of four films without a cut the largest is 0.48; of 1,280 pairs of unrelated
images, some dark, blurred, noisy or letterboxed, the smallest is 0.66 (docs/flow.md).
"""

_THUMBNAIL_AREA = 128 * 72
_MIN_SIDE = 16
_BLACK_LEVEL = 20
"""Levels up to which a row or column of both images counts as a letterbox bar."""
_MIN_LIT_FRACTION = 0.3
"""Of each side, that letterbox bars leave at least: upright video on a wide screen."""
_FLAT_STD = 1.5
"""Standard deviation in levels below which an image shows nothing but one colour and noise."""
_COLOUR_DIFFERENCE = 24
"""Levels above which two flat images are a cut rather than one that slowly changes."""
_WINDOW = (9, 9)
_NOISE_VARIANCE = 0.15
"""In levels squared: so much means nothing."""
_CLEAR_MATCH = 0.15
"""Dissimilarity up to which the cheaper comparison decides."""
_MIN_VISIBLE_FRACTION = 0.3
"""Of the later image, that the flow has to find inside the earlier one."""
_AGREEMENT_AREA, _AGREEMENT_LENGTHS = 4.0 / _THUMBNAIL_AREA, 0.05
"""Fractions of the image's area, and of the squared lengths, by which opposite flows may differ and be half trusted."""

Plane = NDArray[np.float32]
NoiseVariances = tuple[float, float]  # of the earlier and of the later image, both normalised


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A frame reduced to what cut detection needs."""

    grey: Plane
    """[h, w] float32 in levels, 0 to 255; the same shape for all frames of a video."""
    colour: NDArray[np.float64]
    """[3] mean red, green and blue in levels."""


def number_shots(
    frames: Iterable[Frame],
    shot: int = 0,
    looks_break: Callable[[Frame, Frame], bool] = lambda earlier, frame: False,
) -> Iterator[Frame]:
    """Yield every frame with the number of its shot, `shot` for the first frame.

    A shot also ends where `looks_break` says so of two consecutive frames.
    """
    return number_shots_by(map(with_thumbnail, frames), shot, looks_break)


def with_thumbnail(frame: Frame) -> tuple[Frame, Thumbnail]:
    """Return the frame and its thumbnail."""
    return frame, make_thumbnail(frame.image)


def number_shots_by(
    frames: Iterable[tuple[Frame, Thumbnail]],
    shot: int = 0,
    looks_break: Callable[[Frame, Frame], bool] = lambda earlier, frame: False,
) -> Iterator[Frame]:
    """Yield the frames of `number_shots`, whose thumbnails have been made elsewhere."""
    previous: tuple[Frame, Thumbnail] | None = None
    for frame, current in frames:
        if previous is not None:
            earlier, thumbnail = previous
            shot += looks_break(earlier, frame) or dissimilarity(thumbnail, current) > CUT_THRESHOLD
        previous = frame, current
        yield replace(frame, shot=shot)


def make_thumbnail(
    image: NDArray[np.uint8],  # [H, W, 3] RGB
) -> Thumbnail:
    """Return the thumbnail; images of about 128x72 pixels and less are not reduced."""
    height, width = image.shape[:2]
    scale = min(1.0, (_THUMBNAIL_AREA / (height * width)) ** 0.5)
    size = [max(_MIN_SIDE, round(side * scale)) for side in (width, height)]
    if scale < 0.5:  # in two steps, the first in uint8 to twice the size, which is faster
        image = np.asarray(cv2.resize(image, [2 * side for side in size], interpolation=cv2.INTER_AREA), np.uint8)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return Thumbnail(np.asarray(small, np.float32), np.array(cv2.mean(image)[:3]))


def dissimilarity(before: Thumbnail, after: Thumbnail) -> float:
    """Return how little of `after` can be found in `before`: 0 all of it, 1 nothing.

    What is compared is structure, in windows of 9x9 pixels along the optical flow, so that light, fades and motion do
    not count. Where little of it is found, the flow also has to agree with the opposite flow, since there is a flow
    between any two images that makes them similar; then the same once more after a shift of the whole image.
    """
    box = _crop_letterbox(before.grey, after.grey)
    earlier, later = before.grey[box], after.grey[box]
    if earlier.std() < _FLAT_STD and later.std() < _FLAT_STD:
        return float(np.abs(before.colour - after.colour).max() > _COLOUR_DIFFERENCE)
    noise = _NOISE_VARIANCE / max(1.0, float(earlier.var())), _NOISE_VARIANCE / max(1.0, float(later.var()))
    earlier, later = _normalise(earlier), _normalise(later)
    if (missing := _missing_fraction(earlier, later, noise, check_flow=False)) <= _CLEAR_MATCH:
        return missing
    if (missing := _missing_fraction(earlier, later, noise)) <= _CLEAR_MATCH:
        return missing
    return min(missing, _missing_fraction_after_shift(earlier, later, noise))


def _crop_letterbox(before: Plane, after: Plane) -> tuple[slice, slice]:
    """Return the part that is not black in both images: the same bars around two images do not make them similar.

    Where too little is left it is not a letterbox but something small in the dark, and nothing is cropped.
    """
    lit = np.maximum(before, after) > _BLACK_LEVEL
    box = []
    for axis, side in zip((1, 0), lit.shape, strict=True):
        places = np.flatnonzero(lit.any(axis))
        if places.size < max(_MIN_SIDE, _MIN_LIT_FRACTION * side):
            return slice(None), slice(None)
        box.append(slice(places[0], places[-1] + 1))
    return box[0], box[1]


def _normalise(grey: Plane) -> Plane:
    """Return the image with mean 0 and variance 1; a flat one is not amplified."""
    return np.asarray((grey - grey.mean()) / max(1.0, float(grey.std())), np.float32)


def _missing_fraction(
    earlier: Plane,
    later: Plane,
    noise: NoiseVariances,
    check_flow: bool = True,
    known: NDArray[np.bool_] | None = None,  # where `earlier` is an image at all
) -> float:
    """Return the fraction of structure in `later` that is not in `earlier`; 1 if the flow mostly points outside."""
    backward = _dis_flow(later, earlier)
    rows, columns = np.indices(later.shape, np.float32)
    x, y = columns + backward[..., 0], rows + backward[..., 1]
    inside = (x >= 0) & (x <= later.shape[1] - 1) & (y >= 0) & (y <= later.shape[0] - 1)
    if known is not None:
        inside &= known
    if inside.mean() < _MIN_VISIBLE_FRACTION:
        return 1.0
    correlation, structure = _correlate(_sample(earlier, x, y), later, noise)
    if check_flow:
        correlation *= _flow_agreement(backward, _sample(_dis_flow(earlier, later), x, y))
    structure *= inside
    return 1 - float((correlation * structure).sum() / structure.sum())


def _missing_fraction_after_shift(earlier: Plane, later: Plane, noise: NoiseVariances) -> float:
    """Return `_missing_fraction` with `earlier` shifted as a whole before, for pans too fast for the flow."""
    height, width = later.shape
    (right, down), _ = cv2.phaseCorrelate(later, earlier, cv2.createHanningWindow((width, height), cv2.CV_32F))
    columns, rows = np.arange(width, dtype=np.float32) + round(right), np.arange(height, dtype=np.float32) + round(down)
    x, y = np.meshgrid(columns, rows)
    known = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return _missing_fraction(_sample(earlier, x, y), later, noise, known=known)


def _correlate(one: Plane, other: Plane, noise: NoiseVariances) -> tuple[Plane, Plane]:
    """Return the correlation of two images in the window around each pixel, 0 to 1, and the contrast there."""
    mean_1, mean_2 = _window_mean(one), _window_mean(other)
    variance_1 = np.maximum(_window_mean(one * one) - mean_1 * mean_1, 0)
    variance_2 = np.maximum(_window_mean(other * other) - mean_2 * mean_2, 0)
    covariance = np.maximum(_window_mean(one * other) - mean_1 * mean_2, 0)
    noise_1, noise_2 = noise
    deviations = np.sqrt((variance_1 + noise_1) * (variance_2 + noise_2))
    correlation = (covariance + np.sqrt(noise_1 * noise_2)) / deviations
    contrast = np.sqrt(np.maximum(variance_1 + noise_1, variance_2 + noise_2))
    return np.asarray(correlation, np.float32), np.asarray(contrast, np.float32)


def _flow_agreement(backward: Plane, forward: Plane) -> Plane:
    """Return 1 where the two flows are opposite, and less the more they differ from that."""
    difference = np.square(forward + backward).sum(-1)
    lengths = np.square(forward).sum(-1) + np.square(backward).sum(-1)
    tolerance = _AGREEMENT_AREA * difference.size + _AGREEMENT_LENGTHS * lengths
    return np.asarray(1 / (1 + difference / tolerance), np.float32)


def _dis_flow(image: Plane, other: Plane) -> Plane:
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    dis.setFinestScale(1)
    no_initial_flow: Any = None
    grey, other_grey = (np.clip(48 * plane + 128, 0, 255).astype(np.uint8) for plane in (image, other))
    return np.asarray(dis.calc(grey, other_grey, no_initial_flow), np.float32)


def _sample(plane: Plane, x: Plane, y: Plane) -> Plane:
    return np.asarray(cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _window_mean(plane: Plane) -> Plane:
    return np.asarray(cv2.blur(plane, _WINDOW), np.float32)
