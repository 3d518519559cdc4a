"""Artefacts of carrying a picture along: tone that lags, seams, ghosts, and flicker where flow ends (docs/metrics.md).

All values are in levels (0..255). Tone lag, seam and ghost compare a film with its per-frame stylisation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.evaluate.reference_flow import Correspondence
from streamstyle.ops.luma import BT709
from streamstyle.ops.warp import backward_warp

LEVELS = 255.0

_TONE_CELL = 8
"""Side in pixels of the squares whose mean colour is their tone."""

_EDGE_SIGMA = 1.0
"""Standard deviation, at half size, of the Gaussian before an edge's gradient: texture finer than some four pixels of
the film is no edge."""

_REACH = 3
"""Pixels, at half size, that the Gaussian reaches."""

_WEIGHTS = [math.exp(-(k**2) / (2 * _EDGE_SIGMA**2)) for k in range(-_REACH, _REACH + 1)]
_GAUSSIAN = [weight / sum(_WEIGHTS) for weight in _WEIGHTS]

_STEP_RESPONSE = _GAUSSIAN[_REACH] + _GAUSSIAN[_REACH + 1]
"""The difference over two pixels that is left of a step of 1."""

_SAME_EDGE = 3
"""Side, at half size, of the square within which another picture's edge counts as the same one."""

_SHARE_WINDOW = 5
"""Side, at half size, of the square over which the share of what was carried is fitted."""

_FLAT_VARIANCE = (4 / LEVELS) ** 2
"""Local variance up to which a picture is too flat for the share to be known; it is then taken as 0."""

_GHOST_MEMORY = 0.9
"""Factor on the share from frame to frame: a ghost is followed for some ten frames. Without it the errors of the flow
that is measured along add up: 10.7 levels instead of 0.8 on frame 56 of a film that carries nearly all."""

_SOURCE_TOLERANCE = 12 / LEVELS
"""Difference of the carried source that resampling and noise explain, and which is no ghost."""

_SAME_WINDOW, _SAME_CHANGE = 7, 0.1
"""The flow counts as right where the source changes by less than this root mean square, over so many pixels square."""

_MIN_SHARE = 1e-3
"""Share of the pixels that must be left out by the weight for the error there to be defined."""


@dataclass(frozen=True, slots=True)
class Artefacts:
    """The artefacts of one frame of a film; None where there is nothing to compare."""

    tone_lag: float | None = None
    seam: float | None = None
    ghost: float | None = None
    boundary_error: float | None = None


class ArtefactTracker:
    """Measures the artefacts of all films at once, frame by frame; the first film is the source."""

    def __init__(self, per_frame: Sequence[int | None]) -> None:
        """`per_frame` is, for each film, the index of its per-frame stylisation among the films."""
        self._per_frame = per_frame
        self._previous: Sequence[Tensor] = ()
        self._carried_sources: list[Tensor] = []

    def step(
        self,
        frames: Sequence[Tensor],  # [3, H, W] each, one per film
        backward: Correspondence | None,  # from this frame's pixels to the previous frame; None where a shot begins
    ) -> list[Artefacts]:
        """Advance to the next frame and measure it in every film."""
        source = _luma(frames[0])
        if backward is None or not self._previous:
            measured = [Artefacts(tone_lag=self._tone_lag(frames, film)) for film in range(len(frames))]
            self._carried_sources = [source] * len(frames)
        else:
            measured = self._compare(frames, source, backward)
        self._previous = frames
        return measured

    def _tone_lag(self, frames: Sequence[Tensor], film: int) -> float | None:
        reference = self._per_frame[film]
        return None if reference is None else float(tone_lag(frames[film], frames[reference]))

    def _compare(self, frames: Sequence[Tensor], source: Tensor, backward: Correspondence) -> list[Artefacts]:
        carried = [backward_warp(image, backward.flow, "bilinear") for image in self._previous]
        weight = boundary_weight(frames[0], carried[0], backward.weight)
        halves = [half_size(image) for image in frames]
        edges = [edge_strength(half) for half in halves]
        measured = []
        for film, (image, previous, reference) in enumerate(zip(frames, carried, self._per_frame, strict=True)):
            error = boundary_error(image, previous, weight)
            if reference is None:
                measured.append(Artefacts(boundary_error=error))
                continue
            half_carried = half_size(previous)
            share = F.interpolate(
                carried_share(halves[film], half_carried, halves[reference])[None, None],
                source.shape[1:],
                mode="bilinear",
            )[0]
            moved = backward_warp(self._carried_sources[film], backward.flow)
            self._carried_sources[film] = torch.lerp(source, moved, _GHOST_MEMORY * share)
            explained = torch.stack((edges[0], edges[reference], edge_strength(half_carried)))
            measured.append(
                Artefacts(
                    tone_lag=float(tone_lag(image, frames[reference])),
                    seam=float(seam(edges[film], explained)),
                    ghost=float(ghost(self._carried_sources[film], source)),
                    boundary_error=error,
                )
            )
        return measured


def tone_lag(image: Tensor, per_frame: Tensor) -> Tensor:  # [3, H, W] float32 in [0, 1] each
    """Return the mean difference of tone in levels: of means over 8x8 pixels, smoothed over 3x3 of these squares."""
    cells = F.avg_pool2d((image - per_frame)[None], _TONE_CELL, ceil_mode=True, count_include_pad=False)
    smoothed: Tensor = F.avg_pool2d(cells, 3, stride=1, padding=1, count_include_pad=False)
    return LEVELS * smoothed.abs().mean()


def half_size(image: Tensor) -> Tensor:  # [C, H, W]
    """Return the image at half its size, the means of 2x2 pixels."""
    return F.avg_pool2d(image[None], 2, ceil_mode=True, count_include_pad=False)[0]


def edge_strength(image: Tensor) -> Tensor:  # [3, H, W] float32 in [0, 1], at half size -> [H, W]
    """Return how strong an edge each pixel is on, in levels: a straight step of so many levels has its height.

    Root mean square over the channels of the gradient, after a Gaussian that leaves little texture finer than four
    pixels of the film.
    """
    smooth = F.pad(_gaussian(image)[None], (1, 1, 1, 1), mode="replicate")[0]
    across = smooth[:, 1:-1, 2:] - smooth[:, 1:-1, :-2]
    down = smooth[:, 2:, 1:-1] - smooth[:, :-2, 1:-1]
    return LEVELS / _STEP_RESPONSE * (across.square() + down.square()).mean(0).sqrt()


def seam(
    edges: Tensor,  # [H, W], from `edge_strength` of the output
    explained: Tensor,  # [N, H, W], from `edge_strength` of the pictures that the output may have its edges from
) -> Tensor:
    """Return the root mean square, in levels, of what an edge is stronger than any other picture's near it."""
    allowed = F.max_pool2d(explained.amax(0)[None], _SAME_EDGE, stride=1, padding=_SAME_EDGE // 2)[0]
    return (edges - allowed).clamp_min(0).square().mean().sqrt()


def carried_share(image: Tensor, carried: Tensor, per_frame: Tensor) -> Tensor:  # [3, H, W] each -> [H, W]
    """Return the share in [0, 1] that the carried picture has in an image.

    A least squares fit of `image` by `carried` and `per_frame` over a square around each pixel, without the means. An
    image that has nothing of the carried picture gets 0 even if it resembles neither; so does a flat one.
    """
    change, carried, per_frame = (_without_mean(each) for each in (image - per_frame, carried, per_frame))
    products = (
        (carried, carried),
        (per_frame, per_frame),
        (carried, per_frame),
        (change, carried),
        (change, per_frame),
    )
    cc, jj, cj, dc, dj = _box(torch.stack([(a * b).mean(0) for a, b in products]), _SHARE_WINDOW)
    cc, jj = cc + _FLAT_VARIANCE, jj + _FLAT_VARIANCE
    share: Tensor = (dc * jj - dj * cj) / (cc * jj - cj.square())
    return share.clamp(0, 1)


def ghost(carried_source: Tensor, source: Tensor) -> Tensor:  # [1, H, W] float32 in [0, 1] each
    """Return the root mean square, in levels, of what the source would show that is not there.

    `carried_source` is the source, mixed from frame to frame with its own past in the shares that the output has.
    """
    difference = F.avg_pool2d((carried_source - source)[None], 3, stride=1, padding=1, count_include_pad=False)
    return LEVELS * (difference.abs() - _SOURCE_TOLERANCE).clamp_min(0).square().mean().sqrt()


def boundary_weight(source: Tensor, carried: Tensor, weight: Tensor) -> Tensor:  # [3, H, W] twice, [H, W] -> [H, W]
    """Return the weight of what the consistency weight leaves out although the source confirms the flow."""
    change = _box((source - carried).square().mean(0, keepdim=True), _SAME_WINDOW)[0]
    return (1 - weight) * (change < _SAME_CHANGE**2)


def boundary_error(image: Tensor, carried: Tensor, weight: Tensor) -> float | None:  # [3, H, W] twice, [H, W]
    """Return the weighted mean difference in levels; None where hardly any pixel has a weight."""
    if float(weight.mean()) < _MIN_SHARE:
        return None
    return float(LEVELS * (weight * (image - carried).abs().mean(0)).sum() / weight.sum())


def _luma(image: Tensor) -> Tensor:  # [3, H, W] -> [1, H, W]
    return torch.einsum("c,chw->hw", image.new_tensor(BT709), image)[None]


def _box(planes: Tensor, side: int) -> Tensor:  # [C, H, W]
    """Return means over squares, first along the columns and then along the rows."""
    columns = F.avg_pool2d(planes[None], (side, 1), stride=1, padding=(side // 2, 0), count_include_pad=False)
    return F.avg_pool2d(columns, (1, side), stride=1, padding=(0, side // 2), count_include_pad=False)[0]


def _without_mean(image: Tensor) -> Tensor:  # [C, H, W]
    return image - _box(image, _SHARE_WINDOW)


def _gaussian(image: Tensor) -> Tensor:  # [C, H, W]
    kernel = image.new_tensor(_GAUSSIAN)
    padded = F.pad(image[:, None], (_REACH,) * 4, mode="replicate")
    smooth: Tensor = F.conv2d(F.conv2d(padded, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))
    return smooth[:, 0]
