"""Blends of styles, their strength, and the style images behind them."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from streamstyle.errors import StyleError
from streamstyle.models.metadata import NetworkShape
from streamstyle.models.style_net import DENSE, SEPARABLE, StyleNet, StyleNetConfig
from streamstyle.models.weights import (
    load_loss_network,
    load_style_net,
    load_style_predictor,
    save_weights,
    style_metadata,
)
from streamstyle.styles.blending import (
    NetworkLoader,
    blend_weights,
    load_blend,
    net_from_image,
    style_targets,
    weight_cosine,
)
from streamstyle.styles.library import builtin_styles, get_style, image_digest
from streamstyle.styles.spec import BlendPart, StyleBlend, parse_style
from tests.scenes import texture


def blend_of(*parts: tuple[Path, float]) -> StyleBlend:
    return StyleBlend("blend", tuple(BlendPart(path, share) for path, share in parts))


def paint(blend: StyleBlend, picture: Tensor, strength: float = 1.0) -> Tensor:
    with torch.inference_mode():
        return load_blend(blend, strength)(picture)


@pytest.fixture(scope="module")
def picture() -> Tensor:
    """A photo-like picture: smooth colours and a bright disc."""
    down, across = torch.meshgrid(torch.linspace(0, 1, 96), torch.linspace(0, 1, 128), indexing="ij")
    disc = ((down - 0.4) ** 2 + (across - 0.6) ** 2 < 0.03).float()
    return torch.stack([across, down, 0.6 - 0.4 * down]).lerp(torch.tensor([1.0, 0.9, 0.5]).view(3, 1, 1), disc)[None]


@pytest.fixture
def red_and_blue(tmp_path: Path) -> tuple[Path, Path]:
    """Two images, each of stripes in shades of one colour."""
    stripes = (np.arange(128)[None, :, None] // 8 % 2).repeat(128, 0)
    paths = tmp_path / "red.png", tmp_path / "blue.png"
    for path, colour in zip(paths, ((20, 30, 220), (220, 60, 20)), strict=True):
        image = (stripes * np.array(colour) + (1 - stripes) * np.array(colour) // 3).astype(np.uint8)
        cv2.imwrite(str(path), image)
    return paths


@pytest.mark.slow
def test_an_image_as_style_gives_its_colours(picture: Tensor, red_and_blue: tuple[Path, Path]) -> None:
    red, blue = (paint(blend_of((path, 1)), picture).mean((0, 2, 3)) for path in red_and_blue)
    assert red[0] - red[2] > 0.1 + blue[0] - blue[2]


@pytest.mark.slow
def test_a_blend_lies_between_its_parts(picture: Tensor, red_and_blue: tuple[Path, Path]) -> None:
    red, blue = red_and_blue
    only_red, only_blue = paint(blend_of((red, 1)), picture), paint(blend_of((blue, 1)), picture)
    half = paint(blend_of((red, 2), (blue, 2)), picture)
    apart = (only_red - only_blue).square().mean()
    assert (half - only_red).square().mean() < apart
    assert (half - only_blue).square().mean() < apart
    assert torch.allclose(paint(blend_of((red, 3), (red, 1)), picture), only_red, atol=1e-3)


def test_a_builtin_style_blends_with_an_image(picture: Tensor, red_and_blue: tuple[Path, Path]) -> None:
    wave = get_style("wave").path
    blend = paint(blend_of((wave, 0.5), (red_and_blue[0], 0.5)), picture)
    assert blend.std() > 0.05, "contrast is kept"


def test_strength_goes_from_the_source_to_the_style(picture: Tensor) -> None:
    wave = blend_of((get_style("wave").path, 1))
    none, half, full = (paint(wave, picture, strength) for strength in (0, 0.5, 1))
    to_style = [float((image - full).square().mean()) for image in (none, half)]
    assert to_style[0] > 2 * to_style[1]
    assert (none - picture).square().mean() < 0.8 * (full - picture).square().mean()


def test_networks_of_different_shape_are_not_blended(tmp_path: Path) -> None:
    small = StyleNet(StyleNetConfig(width=4, blocks=1, half_ends=True))
    save_weights(path := tmp_path / "small.safetensors", small, style_metadata(small))
    with pytest.raises(StyleError, match="cannot be blended"):
        load_blend(blend_of((path, 1), (get_style("wave").path, 1)), 1)


def test_an_image_and_a_strength_take_the_shape_of_a_style(tmp_path: Path, red_and_blue: tuple[Path, Path]) -> None:
    """Styles that were learned when the built-in ones were dense go on working."""
    predictor = load_style_predictor(shape=NetworkShape.dense)
    dense = net_from_image(np.zeros((64, 64, 3), np.uint8), predictor)
    save_weights(path := tmp_path / "dense.safetensors", dense, style_metadata(dense))
    blended = load_blend(blend_of((path, 1), (red_and_blue[0], 1)), 0.5)
    assert blended.config == DENSE
    assert weight_cosine(blended, dense) > 0.75


def test_a_blend_is_the_weighted_mean_of_the_networks_weights() -> None:
    torch.manual_seed(0)
    one, other = (StyleNet(StyleNetConfig(width=4, blocks=0)) for _ in range(2))
    quarter = blend_weights([one, other], [0.25, 0.75]).state_dict()
    for name, tensor in quarter.items():
        assert torch.allclose(tensor, 0.25 * one.state_dict()[name] + 0.75 * other.state_dict()[name], atol=1e-6)


def test_a_style_trained_from_noise_cannot_be_blended(tmp_path: Path) -> None:
    unrelated = StyleNet(SEPARABLE)
    save_weights(path := tmp_path / "stranger.safetensors", unrelated, style_metadata(unrelated))
    with pytest.raises(StyleError, match="neither in a blend nor at a strength below 1"):
        load_blend(blend_of((path, 1), (get_style("wave").path, 1)), 1)
    with pytest.raises(StyleError, match="neither in a blend nor at a strength below 1"):
        load_blend(blend_of((path, 1)), 0.5)
    assert weight_cosine(load_blend(blend_of((path, 1)), 1), unrelated) > 0.99


def test_the_built_in_styles_can_be_blended() -> None:
    original = NetworkLoader().identity(StyleNet(SEPARABLE))
    assert all(weight_cosine(load_style_net(style.path), original) > 0.65 for style in builtin_styles())


CPU = torch.device("cpu")


def write_image(path: Path, seed: int) -> Path:
    cv2.imwrite(str(path), texture(80, 64, seed))
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_image(tmp_path / "painting.png", 1)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write_image(tmp_path / "other.png", 2)


@pytest.fixture
def trained(tmp_path: Path, image: Path) -> Path:
    network = StyleNet(StyleNetConfig(width=4, blocks=1, half_ends=True))
    path = tmp_path / "trained.safetensors"
    save_weights(path, network, style_metadata(network, image_sha256=image_digest(image)))
    return path


def test_a_missing_style_image_is_named(trained: Path, image: Path) -> None:
    with pytest.raises(StyleError, match=r"there is no image .*gone"):
        style_targets(
            StyleBlend("learned", (BlendPart(trained),)), image.with_name("gone.png"), 1, load_loss_network(), CPU
        )


def test_an_image_that_is_not_needed_is_refused(image: Path, other: Path) -> None:
    with pytest.raises(StyleError, match=r"other\.png is not needed"):
        style_targets(StyleBlend("image", (BlendPart(image),)), other, 1, load_loss_network(), CPU)


def test_the_grams_of_a_blend_are_the_weighted_mean(image: Path, other: Path) -> None:
    network = load_loss_network()
    one, two, both = (
        style_targets(StyleBlend("a mix", tuple(parts)), None, 0.5, network, CPU)
        for parts in ([BlendPart(image)], [BlendPart(other)], [BlendPart(image, 3), BlendPart(other, 1)])
    )
    for layer in both:
        assert torch.allclose(both[layer], 0.75 * one[layer] + 0.25 * two[layer], rtol=1e-5)
        assert not torch.allclose(one[layer], two[layer], rtol=1e-2)


def test_the_image_of_a_trained_style_selects_its_network(
    image: Path, trained: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamstyle.styles.library.library_folder", lambda: trained.parent)
    (part,) = parse_style(str(image)).parts
    assert (part.path, part.image) == (trained, image)
    assert parse_style(str(trained)).parts[0].image is None


def test_half_way_between_two_styles_looks_half_way(picture: Tensor) -> None:
    """So a script can interpolate weights evenly: no style prevails over another until late."""
    alone = {style.name: paint(blend_of((style.path, 1)), picture) for style in builtin_styles()}
    for one, other in combinations(builtin_styles(), 2):
        between = paint(blend_of((one.path, 0.5), (other.path, 0.5)), picture)
        to_one, to_other = ((between - alone[style.name]).square().mean().sqrt() for style in (one, other))
        assert 0.3 < to_one / (to_one + to_other) < 0.7, (one.name, other.name)
