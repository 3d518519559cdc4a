"""What a picture is, enlarged: its colours, its flat areas, its place; and crisper than a bicubic enlargement."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.models.tiling import upscale_tiled
from streamstyle.models.upscaler import Upscaler, UpscalerConfig
from streamstyle.models.weights import load_upscaler, load_upscaler_for_inference

LEVEL = 1 / 255


@pytest.fixture(scope="module")
def network() -> Upscaler:
    return load_upscaler().eval().requires_grad_(False)


@pytest.fixture(scope="module")
def untaught() -> Upscaler:
    """A network that has learned nonsense, and adds a lot of it."""
    torch.manual_seed(0)
    network = Upscaler(UpscalerConfig(width=8, depth=2)).eval().requires_grad_(False)
    for layer in network.layers:
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.normal_(layer.weight, std=0.2)
            torch.nn.init.normal_(layer.bias, std=0.5)
    return network


def strokes(height: int, width: int, softness: float = 2.0) -> Tensor:
    """Slanted strokes of two colours with soft edges, `softness` pixels wide."""
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    waves = torch.sin((x + 0.6 * y) * 0.35) + 0.4 * torch.sin((y - 0.3 * x) * 0.21)
    edge = torch.sigmoid(waves * 12 / softness)
    dark, light = torch.tensor([0.15, 0.2, 0.4]), torch.tensor([0.85, 0.8, 0.6])
    return (dark[:, None, None] + (light - dark)[:, None, None] * edge)[None]


def sharpness(image: Tensor) -> float:
    return float(image.diff(dim=-1).abs().amax((-1, -2)).mean())


@pytest.mark.parametrize("colour", [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.9, 0.1, 0.4)])
def test_what_is_flat_stays_flat_whatever_the_network_has_learned(
    untaught: Upscaler, colour: tuple[float, ...]
) -> None:
    flat = torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, 20, 30)
    larger = untaught(flat)
    assert larger.shape == (1, 3, 40, 60)
    assert torch.allclose(larger, F.interpolate(flat, scale_factor=2.0), atol=1e-5)


def test_a_step_of_one_pixel_is_a_step_of_two(untaught: Upscaler, network: Upscaler) -> None:
    for each in (untaught, network):
        wide = strokes(40, 61)
        here, there = each(wide[..., :-1]), each(wide[..., 1:])
        inner = 2 * each.receptive_radius  # pixels that see no border
        assert torch.allclose(here[..., inner + 2 : -inner], there[..., inner : -inner - 2], atol=1e-5)


def test_colours_stay(network: Upscaler) -> None:
    picture = strokes(60, 90)
    means = network(picture).mean((0, 2, 3)) - picture.mean((0, 2, 3))
    assert float(means.abs().max()) < 0.5 * LEVEL


def test_soft_strokes_become_crisp_ones_with_faint_halos(network: Upscaler) -> None:
    whole = strokes(120, 180, softness=1.0)  # twice the size, and its waves twice as long
    picture = F.avg_pool2d(whole, 2)
    larger = network(picture)
    plain = F.interpolate(picture, scale_factor=2.0, mode="bicubic", antialias=True)
    assert float((larger - whole).square().mean()) < 0.6 * float((plain - whole).square().mean())
    assert sharpness(larger) > 1.05 * sharpness(plain)
    halo, step = max(larger.amax() - whole.amax(), whole.amin() - larger.amin()), whole.amax() - whole.amin()
    assert float(halo) < 0.2 * float(step)


def test_no_grid_is_left_on_a_slope(network: Upscaler) -> None:
    slope = torch.linspace(0.2, 0.8, 64).expand(1, 3, 48, 64)
    larger = network(slope)[..., 24:-24]
    assert float(larger.diff(dim=-2).abs().max()) < 0.25 * LEVEL, "rows are alike"
    steps = larger.diff(dim=-1)
    assert float((steps[..., ::2].mean() - steps[..., 1::2].mean()).abs()) < 0.25 * LEVEL, "columns rise evenly"


@pytest.mark.parametrize(("height", "width"), [(33, 61), (90, 46)])
def test_tiles_join_without_a_trace(untaught: Upscaler, height: int, width: int) -> None:
    picture = torch.rand(1, 3, height, width, generator=torch.manual_seed(1))
    whole = upscale_tiled(untaught, picture, None)
    for side in (16, 40, 1000):
        assert torch.allclose(upscale_tiled(untaught, picture, side), whole, atol=1e-5)


def test_in_the_arithmetic_of_a_run_it_is_the_same_within_a_level(network: Upscaler) -> None:
    picture = strokes(60, 90)
    fast = load_upscaler_for_inference(torch.device("cpu"))(picture)
    assert float((fast - network(picture)).abs().max()) < LEVEL
