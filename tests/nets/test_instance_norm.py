import pytest
import torch
from torch import nn

from streamstyle.nets.instance_norm import InstanceNorm


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_it_is_instance_norm_both_ways(layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    ours, theirs = InstanceNorm(6), nn.InstanceNorm2d(6, affine=True)
    nn.init.normal_(ours.weight)
    nn.init.normal_(ours.bias)
    theirs.load_state_dict(ours.state_dict())
    incoming = torch.randn(3, 6, 9, 7)
    results = []
    for norm in (ours, theirs):
        picture = (5 * torch.randn(3, 6, 9, 7, generator=torch.manual_seed(1)) + 2).to(memory_format=layout)
        picture.requires_grad_()
        normal = norm(picture)
        normal.backward(incoming)
        results.append((normal, picture.grad, norm.weight.grad, norm.bias.grad))
    for mine, reference in zip(*results, strict=True):
        assert torch.allclose(mine, reference, atol=2e-5)


def test_without_gradients_it_is_the_same() -> None:
    norm, picture = InstanceNorm(4), torch.randn(2, 4, 8, 8)
    with torch.inference_mode():
        still = norm(picture)
    assert torch.allclose(still, norm(picture.requires_grad_()), atol=1e-6)
