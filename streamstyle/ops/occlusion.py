"""Where the previous frame shows the same thing: judged by both flows between them, or by one and by what is seen.

Formulas of Sundaram, Brox and Keutzer, Dense point trajectories by GPU-accelerated large displacement optical flow
(ECCV 2010), with the constants of Ruder, Dosovitskiy and Brox (arXiv 1604.08610).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.gpu.dispatch import find_kernels
from streamstyle.ops.warp import torch_backward_warp

_SIGMA = 0.8
"""Standard deviation in pixels of the Gaussian by which disocclusions grow."""

_EDGE_TOLERANCE = 0.125
"""Pixels outside the image that still count as its edge: the flow of a still camera is noisy by as much.

It is small because new content in a slow pan must not be replaced by the old edge.
"""

_LEVELS = 16.0
"""Root mean square difference from the previous frame, in levels, that still counts as the same thing."""

_GRADIENT_SHARE = 2.0
"""Squared difference that is explained by an error of the flow, relative to the squared gradient."""

_GAUSSIAN = [math.exp(-(k**2) / (2 * _SIGMA**2)) for k in range(3)]


def consistency_weight(
    backward: Tensor,  # [2, H, W] float32, pixels: p + backward(p) is the position of p in the previous frame
    forward: Tensor,  # [2, H, W] float32, pixels: p + forward(p) is the position in this frame of p of the previous one
) -> Tensor:
    """Return [H, W] float32 in [0, 1]: 1 where the previous frame can be trusted to show the same thing.

    Motion boundaries are 0 and disocclusions -1 before smoothing by a Gaussian and clipping: disocclusions grow, and
    boundaries only fade.
    """
    if kernels := find_kernels(backward, forward):
        return kernels.run("consistency_weight", backward, forward)[0]
    return torch_consistency_weight(backward, forward)


def torch_consistency_weight(backward: Tensor, forward: Tensor) -> Tensor:
    """The torch twin of `consistency_weight`, and its specification."""
    weight = torch.ones_like(backward[0])
    weight.masked_fill_(motion_boundary(backward), 0)
    weight.masked_fill_(disocclusion_mask(backward, forward), -1)
    return _smooth(_smooth(weight, 0), 1).clamp_(0, 1)


def photometric_weight(
    backward: Tensor,  # [2, H, W] float32, pixels: p + backward(p) is the position of p in the previous frame
    previous: Tensor,  # [H, W] float32: grey levels of the previous frame, 0 to 255
    image: Tensor,  # [H, W] float32: of this frame
) -> Tensor:
    """Return [H, W] float32 in [0, 1]: `consistency_weight`, but by what is seen in place of the forward flow.

    Disoccluded is what looks different, (I(p) - I'(p + b(p)))^2 > 16^2 + 2 |grad I|^2, in the mean over 5x5 pixels,
    where the gradient stands for grain and for errors of the flow; and, as there, what was outside the image.
    """
    if kernels := find_kernels(backward, previous, image, name="photometric_weight"):
        return kernels.run("photometric_weight", backward, previous, image)[0]
    return torch_photometric_weight(backward, previous, image)


def torch_photometric_weight(backward: Tensor, previous: Tensor, image: Tensor) -> Tensor:
    """The torch twin of `photometric_weight`, and its specification."""
    carried = torch_backward_warp(previous[None], backward, "bilinear")[0]
    excess = (image - carried).square_() - _GRADIENT_SHARE * squared_gradient(image[None])
    excess = F.avg_pool2d(F.pad(excess[None, None], (2, 2, 2, 2), mode="replicate"), 5, stride=1)[0, 0]
    weight = torch.ones_like(image)
    weight.masked_fill_(motion_boundary(backward), 0)
    weight.masked_fill_((excess > _LEVELS**2) | _is_outside(backward), -1)
    return _smooth(_smooth(weight, 0), 1).clamp_(0, 1)


def disocclusion_mask(backward: Tensor, forward: Tensor) -> Tensor:  # both [2, H, W] float32
    """Return [H, W] bool, True where a pixel was not visible in the previous frame.

    This is where the flows do not cancel, |f~ + b|^2 > 0.01 (|f~|^2 + |b|^2) + 0.5, with b the backward flow at p and
    f~ the forward flow at p + b; and where p + b is outside the image.
    """
    warped_forward = torch_backward_warp(forward, backward, "bilinear")
    length = warped_forward.square().sum(0) + backward.square().sum(0)
    return ((warped_forward + backward).square_().sum(0) > length.mul_(0.01).add_(0.5)) | _is_outside(backward)


def motion_boundary(backward: Tensor) -> Tensor:  # [2, H, W] float32
    """Return [H, W] bool, True where the flow changes abruptly: |grad u|^2 + |grad v|^2 > 0.01 |b|^2 + 0.002."""
    return squared_gradient(backward) > backward.square().sum(0).mul_(0.01).add_(0.002)


def _is_outside(backward: Tensor) -> Tensor:
    height, width = backward.shape[-2:]
    steps = torch.arange(max(height, width), dtype=torch.float32, device=backward.device)
    x, y = backward[0] + steps[:width], backward[1] + steps[:height, None]
    return (
        (x < -_EDGE_TOLERANCE)
        | (x > width - 1 + _EDGE_TOLERANCE)
        | (y < -_EDGE_TOLERANCE)
        | (y > height - 1 + _EDGE_TOLERANCE)
    )


def squared_gradient(planes: Tensor) -> Tensor:  # [C, H, W] float32
    """Return [H, W], the sum of the squared central differences of all planes along both axes."""
    padded = F.pad(planes[None], (1, 1, 1, 1), mode="replicate")[0]
    dx = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    dy = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    return dx.square_().add_(dy.square_()).sum(0).div_(4)


def _smooth(image: Tensor, axis: int) -> Tensor:
    """Return the image smoothed by the Gaussian along one axis, with edge pixels repeated."""
    total = image * _GAUSSIAN[0]
    for step in range(1, len(_GAUSSIAN)):
        total.add_(_shift(image, axis, step) + _shift(image, axis, -step), alpha=_GAUSSIAN[step])
    return total.div_(_GAUSSIAN[0] + 2 * sum(_GAUSSIAN[1:]))


def _shift(image: Tensor, axis: int, step: int) -> Tensor:
    """Return the image shifted so that p shows p + step along an axis, with edge pixels repeated."""
    size = image.shape[axis]
    indices = torch.arange(size, device=image.device).add_(step).clamp_(0, size - 1)
    return image.index_select(axis, indices)
