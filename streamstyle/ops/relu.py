"""ReLU and max pooling of a loss network's activations in one pass, and the gradient, without autograd.

Nothing is recorded for the gradient: it finds the maxima again.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.gpu.dispatch import find_feature_kernels


def relu_pool(
    features: Tensor,  # [1, C, H, W] float, channels last
) -> Tensor:  # [1, C, H/2, W/2], rounded down, channels last
    """Return the largest of each 2x2 positions, or 0 where all are negative."""
    if kernels := find_feature_kernels(features):
        return _nchw(kernels.run("relu_pool", _hwc(features))[0])
    return torch_relu_pool(features)


def torch_relu_pool(features: Tensor) -> Tensor:
    """The torch twin of `relu_pool`, and its specification."""
    return F.relu(F.max_pool2d(features, 2), inplace=True)


def relu_pool_backward(
    gradient: Tensor,  # [1, C, H/2, W/2] float, channels last: with respect to the result of `relu_pool`
    features: Tensor,  # [1, C, H, W]
) -> Tensor:  # [1, C, H, W], channels last
    """Return the gradient with respect to the features: at the first maximum of each 2x2 positions, if it is above
    0."""
    if kernels := find_feature_kernels(gradient, features):
        return _nchw(kernels.run("relu_pool_backward", _hwc(gradient), _hwc(features))[0])
    return torch_relu_pool_backward(gradient, features)


def torch_relu_pool_backward(gradient: Tensor, features: Tensor) -> Tensor:
    """The torch twin of `relu_pool_backward`, and its specification."""
    pooled, indices = F.max_pool2d(features, 2, return_indices=True)
    gradient = torch.ops.aten.threshold_backward(gradient, pooled, 0)
    result: Tensor = torch.ops.aten.max_pool2d_with_indices_backward(
        gradient, features, [2, 2], [2, 2], [0, 0], [1, 1], False, indices
    )
    return result


def _hwc(features: Tensor) -> Tensor:  # [H, W, C]
    """Return the same memory in the order it has with channels last."""
    return features[0].permute(1, 2, 0)


def _nchw(features: Tensor) -> Tensor:  # [1, C, H, W]
    return features.permute(2, 0, 1)[None]
