"""Measures of a picture against another, and of a picture alone."""

from __future__ import annotations

import torch
from torch import Tensor

from streamstyle.ops.luma import BT709
from streamstyle.ops.warp import backward_warp


def squared_difference(
    picture: Tensor,  # [3, H, W] float32 in [0, 1]
    other: Tensor,  # [3, H, W] float32 in [0, 1]
    flow: Tensor,  # [2, H, W] float32, pixels: of the source film, from `picture` to `other`
) -> Tensor:  # [H, W]
    """Return the squared difference between a picture and another warped to it, mean over the channels."""
    return (picture - backward_warp(other, flow, mode="bilinear")).square().mean(0)


def warping_error(
    squared: Tensor,  # [H, W] from `squared_difference`
    weight: Tensor,  # [H, W] float32 in [0, 1]: where that flow can be trusted
) -> Tensor:
    """Return the mean squared difference between two frames where that is fair.

    Weighted sum over sum of weights, as in Lai et al. 2018 (arXiv 1808.00449), section 4.2; 0 where nothing can be
    trusted.
    """
    return (weight * squared).sum() / weight.sum().clamp_min(1e-6)


def stability_error(
    squared: Tensor,  # [H, W] from `squared_difference`
    weight: Tensor,  # [H, W] float32 in [0, 1]
) -> Tensor:
    """Return the root of the weighted squared difference's mean over all pixels, trusted or not.

    The square root of what the temporal loss of Ruder et al. 2016 (arXiv 1604.08610), equation 7, is; Chen et al. 2017
    (arXiv 1703.09211) report it as e_stab.
    """
    return (weight * squared).mean().sqrt()


def sharpness(image: Tensor) -> Tensor:  # [3, H, W] float32 in [0, 1]
    """Return the mean magnitude of the gradient of luma, per pixel: what blur takes away."""
    luma = torch.einsum("c,chw->hw", image.new_tensor(BT709), image)
    right = luma[:-1, 1:] - luma[:-1, :-1]
    down = luma[1:, :-1] - luma[:-1, :-1]
    return (right.square() + down.square()).sqrt().mean()
