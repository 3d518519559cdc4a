"""ReLU and pooling of activations in one pass."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from streamstyle.ops.relu import relu_pool, relu_pool_backward

pytestmark = pytest.mark.usefixtures("_with_each_backend")


def one_channel(*rows: tuple[float, ...], dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.tensor(rows, dtype=dtype)[None, None].to(memory_format=torch.channels_last)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_gradient_goes_to_the_first_maximum_above_zero(dtype: torch.dtype) -> None:
    activations = one_channel((1, 3, -1, -2, 2, 2, 7), (3, 0, -3, -4, 2, 1, 7), dtype=dtype)
    assert torch.equal(relu_pool(activations), one_channel((3, 0, 2), dtype=dtype))
    gradient = one_channel((5, 6, -7), dtype=dtype)
    wanted = one_channel((0, 5, 0, 0, -7, 0, 0), (0, 0, 0, 0, 0, 0, 0), dtype=dtype)
    assert torch.equal(relu_pool_backward(gradient, activations), wanted)


def test_the_gradient_equals_that_of_autograd() -> None:
    activations = torch.randn(1, 8, 10, 12, generator=torch.Generator().manual_seed(0))
    activations = activations.to(memory_format=torch.channels_last).requires_grad_()
    pooled = torch.nn.functional.max_pool2d(activations.relu(), 2)
    gradient = torch.randn_like(pooled)
    (wanted,) = torch.autograd.grad(pooled, activations, gradient)
    found = activations.detach()
    torch.testing.assert_close(relu_pool(found), pooled.detach(), rtol=0, atol=0)
    torch.testing.assert_close(relu_pool_backward(gradient, found), wanted, rtol=0, atol=0)
