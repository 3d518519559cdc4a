import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.models.weights import load_loss_network
from streamstyle.optimise.losses import style_grams
from streamstyle.train.grid import grid_loss
from streamstyle.train.loss import StyleLoss, flatness


def sky_and_leaves() -> Tensor:
    """Return an image whose upper half is flat and whose lower half is textured."""
    torch.manual_seed(0)
    picture = torch.full((1, 3, 64, 64), 0.4)
    picture[..., 32:, :] = torch.rand(1, 3, 8, 16).repeat_interleave(4, 2).repeat_interleave(4, 3)
    return picture


def test_a_sky_is_flat_and_leaves_are_not() -> None:
    flat = flatness(sky_and_leaves())[0, 0]
    assert flat[:20].min() > 0.99
    assert flat[40:].mean() < 0.05


def test_a_sky_with_codec_blocks_counts_as_flat() -> None:
    blocks = torch.rand(1, 1, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3).mul(2 / 255)
    assert flatness(0.4 + blocks.expand(-1, 3, -1, -1)).min() > 0.8


def test_style_is_compared_at_every_scale() -> None:
    """Large shapes of a painting that fine ones hide at its own size count at half the size."""
    network = load_loss_network()
    style_loss = StyleLoss(network, 1.0, 0.0, 0.0)
    photo = sky_and_leaves()
    at_scales = [style_grams(network, F.avg_pool2d(photo[0], 2**scale)) for scale in range(3)]

    def loss(*scales: int) -> float:
        grams = [at_scales[scale] for scale in scales]
        return float(style_loss.loss(photo, photo, [[each] for each in grams]) - grid_loss(photo))

    assert loss(0, 1, 2) < 1e-6
    assert loss(0, 1, 1) > 0.05
    assert loss(0, 2, 2) > 0.05


def test_layers_count_by_their_shares() -> None:
    network, photo = load_loss_network(), sky_and_leaves()
    grams = [style_grams(network, 1 - photo[0])]

    def error(**shares: float) -> float:
        return float(StyleLoss(network, 1.0, 0.0, 0.0, style_layers=shares).errors(photo, photo, grams)[1])

    first, second = error(relu1_1=1.0), error(relu3_1=1.0)
    assert abs(first - second) > 0.01
    assert error(relu1_1=6.0, relu3_1=2.0) == pytest.approx(0.75 * first + 0.25 * second, rel=1e-5)


def test_grain_costs_more_in_a_sky_than_in_leaves() -> None:
    style_loss = StyleLoss(load_loss_network(), 1.0, 1.0, 0.0)
    smooth = StyleLoss(style_loss.network, 1.0, 0.0, 0.0)
    photo = sky_and_leaves()
    grams = style_grams(style_loss.network, photo[0])
    grain = 0.1 * torch.randn(1, 3, 32, 64)

    def roughness(rows: slice) -> float:
        stylised = torch.full_like(photo, 0.4)
        stylised[..., rows, :] += grain
        return float(style_loss.loss(photo, stylised, [[grams]]) - smooth.loss(photo, stylised, [[grams]]))

    assert roughness(slice(0, 32)) > 4 * roughness(slice(32, 64))
