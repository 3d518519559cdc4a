"""In tiles the losses are those of the whole picture."""

import pytest
import torch

from streamstyle.nets.descent import losses_and_gradient
from streamstyle.nets.loss_network import LossNetwork
from streamstyle.nets.perceptual import targets_of
from streamstyle.nets.tiled_descent import tiled_losses_and_gradient, tiled_targets_of
from streamstyle.nets.tiles import tiles_of
from streamstyle.nets.weights import load_loss_network

WEIGHTS = 30.0, 8.0
SIZES = [(16, 16), (37, 50), (139, 213)]


@pytest.fixture(scope="module")
def network() -> LossNetwork:
    return load_loss_network().to(memory_format=torch.channels_last)


def pictures(height: int, width: int) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_targets_are_those_of_the_whole(network: LossNetwork, height: int, width: int) -> None:
    painted = pictures(height, width)[0]
    whole, tiled = targets_of(network, painted[None]), tiled_targets_of(network, painted, side=48)
    torch.testing.assert_close(tiled.content, whole.content, rtol=1e-5, atol=1e-4)
    for layer, gram in whole.grams.items():
        torch.testing.assert_close(tiled.grams[layer], gram)  # float32


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_losses_and_gradient_are_those_of_the_whole(network: LossNetwork, height: int, width: int) -> None:
    """What differs is the order of sums, in float32 over 11 layers."""
    image, painted = pictures(height, width)
    targets = targets_of(network, painted[None])
    expected, slope = losses_and_gradient(network, image, targets, *WEIGHTS)
    found, gradient = tiled_losses_and_gradient(network, image, targets, *WEIGHTS, side=48)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=0)
    torch.testing.assert_close(gradient, slope, rtol=0, atol=1e-5 * float(slope.abs().max()))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (15, 16), (100, 333), (1080, 1920)])
def test_cores_cover_every_pixel_once_and_margins_reach_as_far_as_they_should(height: int, width: int) -> None:
    seen = torch.zeros(height, width)
    for tile in tiles_of(height, width, side=100, margin=48, grid=16):
        tile.place(seen).add_(1)
        assert torch.equal(tile.core(tile.cut(seen)), tile.place(seen))
        for span, size in ((tile.rows, height), (tile.columns, width)):
            assert span.first == max(0, span.start - 48)
            assert span.last == min(size, span.end + 48)
            assert span.start % 16 == 0
    assert (seen == 1).all()
