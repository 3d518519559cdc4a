"""The upscaler keeps colours, flat areas and positions, and is sharper than bicubic interpolation."""

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
def random_network() -> Upscaler:
    """A network with large random weights, which adds much detail."""
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
def test_a_flat_image_stays_flat_with_any_weights(random_network: Upscaler, colour: tuple[float, ...]) -> None:
    flat = torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, 20, 30)
    larger = random_network(flat)
    assert larger.shape == (1, 3, 40, 60)
    assert torch.allclose(larger, F.interpolate(flat, scale_factor=2.0), atol=1e-5)


def test_a_shift_by_one_pixel_becomes_a_shift_by_two(random_network: Upscaler, network: Upscaler) -> None:
    for each in (random_network, network):
        wide = strokes(40, 61)
        here, there = each(wide[..., :-1]), each(wide[..., 1:])
        inner = 2 * each.receptive_radius  # pixels that see no border
        assert torch.allclose(here[..., inner + 2 : -inner], there[..., inner : -inner - 2], atol=1e-5)


def test_mean_colours_are_kept(network: Upscaler) -> None:
    picture = strokes(60, 90)
    means = network(picture).mean((0, 2, 3)) - picture.mean((0, 2, 3))
    assert float(means.abs().max()) < 0.5 * LEVEL


def test_soft_strokes_become_sharp_with_faint_halos(network: Upscaler) -> None:
    whole = strokes(120, 180, softness=1.0)  # twice the size, and its waves twice as long
    picture = F.avg_pool2d(whole, 2)
    larger = network(picture)
    plain = F.interpolate(picture, scale_factor=2.0, mode="bicubic", antialias=True)
    assert float((larger - whole).square().mean()) < 0.6 * float((plain - whole).square().mean())
    assert sharpness(larger) > 1.05 * sharpness(plain)
    halo, step = max(larger.amax() - whole.amax(), whole.amin() - larger.amin()), whole.amax() - whole.amin()
    assert float(halo) < 0.2 * float(step)


def test_a_gradient_gets_no_grid(network: Upscaler) -> None:
    slope = torch.linspace(0.2, 0.8, 64).expand(1, 3, 48, 64)
    larger = network(slope)[..., 24:-24]
    assert float(larger.diff(dim=-2).abs().max()) < 0.25 * LEVEL, "rows are alike"
    steps = larger.diff(dim=-1)
    assert float((steps[..., ::2].mean() - steps[..., 1::2].mean()).abs()) < 0.25 * LEVEL, "columns rise evenly"


@pytest.mark.parametrize(("height", "width"), [(33, 61), (90, 46)])
def test_tiles_give_the_result_of_the_whole_image(random_network: Upscaler, height: int, width: int) -> None:
    picture = torch.rand(1, 3, height, width, generator=torch.manual_seed(1))
    whole = upscale_tiled(random_network, picture, None)
    for side in (16, 40, 1000):
        assert torch.allclose(upscale_tiled(random_network, picture, side), whole, atol=1e-5)


def test_the_compute_dtype_of_a_run_changes_less_than_one_level(network: Upscaler) -> None:
    picture = strokes(60, 90)
    fast = load_upscaler_for_inference(torch.device("cpu"))(picture)
    assert float((fast - network(picture)).abs().max()) < LEVEL
