"""The gradient without autograd equals autograd's, and that in tiles equals that of the whole image."""

import pytest
import torch

from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import load_loss_network
from streamstyle.optimise.gradient import frame_targets, losses_and_gradient
from streamstyle.optimise.losses import compute_losses, compute_targets

PERCEPTUAL, STYLE = 30.0, 8.0
SIZES = [(16, 16), (37, 50), (139, 213)]


def by_autograd(network: VggFeatures, image: torch.Tensor, stylised: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    leaf = image.clone().requires_grad_(True)
    losses = compute_losses(network, leaf[None], compute_targets(network, stylised[None]))
    terms = torch.stack((PERCEPTUAL * losses.content, STYLE * losses.style))
    return terms.detach(), torch.autograd.grad(terms.sum(), leaf)[0]


@pytest.mark.parametrize(("height", "width"), [(32, 48), (37, 50), (16, 16)])
def test_the_gradient_equals_autograd(height: int, width: int) -> None:
    """In float64 only the order of sums differs."""
    torch.manual_seed(0)
    network = load_loss_network().double().to(memory_format=torch.channels_last)
    image, stylised = torch.rand(2, 3, height, width, dtype=torch.float64)
    found, gradient = losses_and_gradient(network, image, compute_targets(network, stylised[None]), PERCEPTUAL, STYLE)
    expected_losses, expected = by_autograd(network, image, stylised)
    assert torch.allclose(found, expected_losses.float(), rtol=1e-5)  # Gram matrices are compared in float32
    assert torch.allclose(gradient.double(), expected, atol=1e-4 * float(expected.abs().max()))


def test_the_bfloat16_gradient_points_the_same_way() -> None:
    """Products rounded to 8 bits over 11 layers leave the direction within a cosine of 0.99."""
    torch.manual_seed(0)
    stylised = torch.rand(3, 64, 96)
    image = torch.nn.functional.avg_pool2d(stylised, 3, 1, 1)
    expected_losses, expected = by_autograd(load_loss_network(), image, stylised)
    fast = load_loss_network().to(torch.bfloat16).to(memory_format=torch.channels_last)
    found, gradient = losses_and_gradient(fast, image, compute_targets(fast, stylised[None]), PERCEPTUAL, STYLE)
    assert torch.nn.functional.cosine_similarity(gradient.flatten(), expected.flatten(), dim=0) > 0.99
    assert torch.allclose(found, expected_losses, rtol=0.05)


@pytest.fixture(scope="module")
def network() -> VggFeatures:
    return load_loss_network().to(memory_format=torch.channels_last)


def pictures(height: int, width: int) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_tiled_targets_equal_untiled_ones(network: VggFeatures, height: int, width: int) -> None:
    stylised = pictures(height, width)[0]
    whole, tiled = compute_targets(network, stylised[None]), frame_targets(network, stylised, tile=48)
    torch.testing.assert_close(tiled.content, whole.content, rtol=1e-5, atol=1e-4)
    for layer, gram in whole.grams.items():
        torch.testing.assert_close(tiled.grams[layer], gram)  # float32


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_tiled_losses_and_gradient_equal_untiled_ones(network: VggFeatures, height: int, width: int) -> None:
    """Only the order of sums differs, in float32 over 11 layers."""
    image, stylised = pictures(height, width)
    targets = compute_targets(network, stylised[None])
    expected, slope = losses_and_gradient(network, image, targets, PERCEPTUAL, STYLE)
    found, gradient = losses_and_gradient(network, image, targets, PERCEPTUAL, STYLE, tile=48)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=0)
    torch.testing.assert_close(gradient, slope, rtol=0, atol=1e-5 * float(slope.abs().max()))
