"""Tiles of an image: each pixel in one core, margins around."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.models.tiling import TiledStyleNet, split_into_tiles
from streamstyle.models.weights import load_style_net
from streamstyle.styles.library import builtin_styles


@pytest.mark.parametrize(("height", "width"), [(1, 1), (15, 16), (100, 333), (1080, 1920)])
def test_cores_cover_every_pixel_once_and_margins_reach_as_far_as_they_should(height: int, width: int) -> None:
    seen = torch.zeros(height, width)
    for tile in split_into_tiles(height, width, side=100, margin=48, grid=16):
        tile.target(seen).add_(1)
        assert torch.equal(tile.inner(tile.crop(seen)), tile.target(seen))
        for span, size in ((tile.rows, height), (tile.columns, width)):
            assert span.first == max(0, span.start - 48)
            assert span.last == min(size, span.end + 48)
            assert span.start % 16 == 0
    assert (seen == 1).all()


def picture(height: int, width: int, seed: int = 1) -> Tensor:
    """Calm on the left, and busy on the right: each half by itself would be painted otherwise."""
    coarse = torch.rand(1, 3, height // 8 + 1, width // 8 + 1, generator=torch.Generator().manual_seed(seed))
    picture = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)
    picture[..., : width // 2] = 0.4 + 0.1 * picture[..., : width // 2]
    return picture


@pytest.mark.parametrize("config", [StyleNetConfig(8, 1, half_ends=True), StyleNetConfig(8, 1)])
@pytest.mark.parametrize(("height", "width"), [(90, 46), (33, 161)])
def test_tiles_join_without_a_trace(config: StyleNetConfig, height: int, width: int) -> None:
    torch.manual_seed(0)
    network = StyleNet(config).eval().requires_grad_(False)
    whole = network(picture(height, width))
    for side in (64, 1000):
        assert torch.allclose(TiledStyleNet(network, side)(picture(height, width)), whole, atol=2e-5)


def test_a_style_that_ships_paints_in_tiles_what_it_paints_whole() -> None:
    network = load_style_net(builtin_styles()[0].path).eval().requires_grad_(False)
    image = picture(72, 240)
    whole, alone = network(image), torch.cat([network(half) for half in image.chunk(2, dim=-1)], dim=-1)
    assert torch.allclose(TiledStyleNet(network, 128)(image), whole, atol=1e-3)
    assert float((alone - whole).abs().mean()) > 0.03  # as tiles would look that know nothing of each other


def test_in_bfloat16_the_difference_is_its_rounding() -> None:
    network = load_style_net(builtin_styles()[0].path).eval().requires_grad_(False)
    image = picture(72, 240)
    exact, network = network(image), network.to(torch.bfloat16)
    whole, tiles = network(image), TiledStyleNet(network, 128)(image)
    assert float((tiles - whole).abs().mean()) < 1.5 * float((whole - exact).abs().mean())


def test_each_picture_is_measured_anew() -> None:
    torch.manual_seed(0)
    painter = TiledStyleNet(StyleNet(StyleNetConfig(8, 1, half_ends=True)).eval(), 64)
    first = painter(picture(33, 161))
    painter(picture(33, 161, seed=2))
    assert torch.equal(painter(picture(33, 161)), first)
