import pytest
import torch

from streamstyle.models.vgg import CONTENT_LAYER, STYLE_LAYERS, VggFeatures
from streamstyle.models.weights import load_loss_network
from streamstyle.optimise.losses import compute_losses, compute_targets, gram_matrix, split_gram


@pytest.fixture(scope="module")
def network() -> VggFeatures:
    return load_loss_network()


def test_losses_of_an_image_to_itself_are_0(network: VggFeatures) -> None:
    picture = torch.rand(1, 3, 48, 64)
    losses = compute_losses(network, picture, compute_targets(network, picture))
    assert losses.content == 0
    assert losses.style == 0


def test_blur_raises_content_and_style_loss(network: VggFeatures) -> None:
    picture = torch.rand(1, 3, 64, 64)
    targets = compute_targets(network, picture)
    slight, strong = (
        compute_losses(network, torch.nn.functional.avg_pool2d(picture, size, 1, size // 2), targets) for size in (3, 7)
    )
    assert 0 < slight.content < strong.content
    assert 0 < slight.style < strong.style


def test_moving_content_changes_content_loss_but_hardly_style_loss(network: VggFeatures) -> None:
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


def test_the_network_returns_every_layer_that_losses_use(network: VggFeatures) -> None:
    found = network(torch.rand(1, 3, 64, 64))
    assert set(found) == {*STYLE_LAYERS, CONTENT_LAYER}
    assert found["relu1_1"].shape == (1, 16, 64, 64)
    assert found["relu5_1"].shape == (1, 128, 4, 4)


def test_gram_matrix_is_the_correlation_of_channels() -> None:
    features = torch.rand(2, 3, 4, 5)
    expected = torch.einsum("nchw,ndhw->ncd", features, features) / (3 * 4 * 5)
    assert torch.allclose(gram_matrix(features), expected)


def test_gram_matrix_is_invariant_to_positions() -> None:
    features = torch.rand(1, 3, 6, 8)
    moved = features.flip(3).roll(3, dims=2)
    assert torch.allclose(gram_matrix(features), gram_matrix(moved), atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 13), (48, 64), (30, 40)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_split_gram_equals_the_exact_product(height: int, width: int, dtype: torch.dtype) -> None:
    features = torch.rand(2, 8, height, width, generator=torch.Generator().manual_seed(0)).to(dtype)
    rows = features.permute(0, 2, 3, 1).flatten(1, 2)
    exact = torch.stack([places.double().T @ places.double() for places in rows]).float()
    # of bfloat16 each part is rounded to 8 bits; the sum of many is nearer than a part is
    torch.testing.assert_close(split_gram(rows), exact, rtol=4e-3 if dtype == torch.bfloat16 else 1e-5, atol=0)


def test_split_gram_has_the_gradient_of_the_product() -> None:
    rows = torch.rand(1, 60, 4, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(4, 4)
    (slope,) = torch.autograd.grad((split_gram(rows) * weights).sum(), rows)
    (expected,) = torch.autograd.grad(((rows[0].T @ rows[0]).float() * weights).sum(), rows)
    torch.testing.assert_close(slope, expected)
