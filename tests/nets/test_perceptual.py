import pytest
import torch

from streamstyle.nets.loss_network import CONTENT_LAYER, STYLE_LAYERS, VggFeatures
from streamstyle.nets.perceptual import compute_losses, compute_targets
from streamstyle.nets.weights import load_loss_network


@pytest.fixture(scope="module")
def network() -> VggFeatures:
    return load_loss_network()


def test_a_picture_is_at_no_distance_from_itself(network: VggFeatures) -> None:
    picture = torch.rand(1, 3, 48, 64)
    losses = compute_losses(network, picture, compute_targets(network, picture))
    assert losses.content == 0
    assert losses.style == 0


def test_blur_costs_content_and_style_and_more_of_it_costs_more(network: VggFeatures) -> None:
    picture = torch.rand(1, 3, 64, 64)
    targets = compute_targets(network, picture)
    slight, strong = (
        compute_losses(network, torch.nn.functional.avg_pool2d(picture, size, 1, size // 2), targets) for size in (3, 7)
    )
    assert 0 < slight.content < strong.content
    assert 0 < slight.style < strong.style


def test_moving_things_about_costs_content_but_hardly_style(network: VggFeatures) -> None:
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)
    moved, other = picture.roll(24, 3), picture.clamp(0.4, 0.6)
    targets = compute_targets(network, picture)
    assert compute_losses(network, moved, targets).style < 0.1 * compute_losses(network, other, targets).style
    assert compute_losses(network, moved, targets).content > 0.5 * compute_losses(network, other, targets).content


def test_bfloat16_agrees_with_its_float32_twin(network: VggFeatures) -> None:
    """Gradients point the same way: the cosine of a sum of rounded products over 11 layers stays above 0.99."""
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 64, 96)
    start = torch.nn.functional.avg_pool2d(picture, 3, 1, 1)
    gradients = []
    for dtype in (torch.float32, torch.bfloat16):
        rounded = load_loss_network().to(dtype)
        targets, leaf = compute_targets(rounded, picture), start.clone().requires_grad_(True)
        losses = compute_losses(rounded, leaf, targets)
        gradients.append(torch.autograd.grad(30 * losses.content + 8 * losses.style, leaf)[0].flatten())
    assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.99


def test_every_layer_that_a_loss_reads_is_there_at_unit_strength(network: VggFeatures) -> None:
    found = network(torch.rand(1, 3, 64, 64))
    assert set(found) == {*STYLE_LAYERS, CONTENT_LAYER}
    assert found["relu1_1"].shape == (1, 16, 64, 64)
    assert found["relu5_1"].shape == (1, 128, 4, 4)
