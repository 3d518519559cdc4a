"""Tiles cover an image, and stylising in tiles gives the result of the whole."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.models.tiling import TiledStyleNet, split_into_tiles
from streamstyle.models.weights import load_style_net
from streamstyle.styles.library import builtin_styles


@pytest.mark.parametrize(("height", "width"), [(1, 1), (15, 16), (100, 333), (1080, 1920)])
def test_cores_cover_every_pixel_once_with_full_margins(height: int, width: int) -> None:
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
    """Return an image, smooth on the left and detailed on the right, whose halves differ in statistics."""
    coarse = torch.rand(1, 3, height // 8 + 1, width // 8 + 1, generator=torch.Generator().manual_seed(seed))
    picture = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)
    picture[..., : width // 2] = 0.4 + 0.1 * picture[..., : width // 2]
    return picture


SEPARABLE = StyleNetConfig(8, 1, half_ends=True, separable=True, eighth_blocks=1)


@pytest.mark.parametrize("config", [StyleNetConfig(8, 1, half_ends=True), StyleNetConfig(8, 1), SEPARABLE])
@pytest.mark.parametrize(("height", "width"), [(90, 46), (33, 161), (17, 203)])
def test_tiles_give_the_result_of_the_whole_image(config: StyleNetConfig, height: int, width: int) -> None:
    torch.manual_seed(0)
    network = StyleNet(config).eval().requires_grad_(False)
    whole = network(picture(height, width))
    for side in (64, 1000):
        assert torch.allclose(TiledStyleNet(network, side)(picture(height, width)), whole, atol=2e-5)


@pytest.mark.slow
def test_tiles_of_a_built_in_style_give_the_result_of_the_whole() -> None:
    network = load_style_net(builtin_styles()[0].path).eval().requires_grad_(False)
    image = picture(72, 240)
    whole, alone = network(image), torch.cat([network(half) for half in image.chunk(2, dim=-1)], dim=-1)
    assert torch.allclose(TiledStyleNet(network, 128)(image), whole, atol=1e-3)
    assert float((alone - whole).abs().mean()) > 0.03  # tiles with statistics of their own


def test_in_bfloat16_tiles_differ_by_rounding_only() -> None:
    network = load_style_net(builtin_styles()[0].path).eval().requires_grad_(False)
    image = picture(72, 240)
    exact, network = network(image), network.to(torch.bfloat16)
    whole, tiles = network(image), TiledStyleNet(network, 128)(image)
    assert float((tiles - whole).abs().mean()) < 1.5 * float((whole - exact).abs().mean())


def test_statistics_are_reset_for_each_image() -> None:
    torch.manual_seed(0)
    tiled = TiledStyleNet(StyleNet(StyleNetConfig(8, 1, half_ends=True)).eval(), 64)
    first = tiled(picture(33, 161))
    tiled(picture(33, 161, seed=2))
    assert torch.equal(tiled(picture(33, 161)), first)
