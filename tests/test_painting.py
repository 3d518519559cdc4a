"""Which painting a style was learned from."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
import torch

from streamstyle.errors import StyleError
from streamstyle.library import image_digest
from streamstyle.mix import BlendPart, StyleBlend
from streamstyle.nets.transformer import StyleNetConfig, StyleNet
from streamstyle.nets.weights import load_loss_network, save_weights, style_metadata
from streamstyle.painting import style_image_path, style_targets
from streamstyle.styles.spec import parse_style
from tests.scenes import texture

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
def learned(tmp_path: Path, image: Path) -> Path:
    network = StyleNet(StyleNetConfig(width=4, blocks=1, half_ends=True))
    path = tmp_path / "learned.safetensors"
    save_weights(path, network, style_metadata(network, image_sha256=image_digest(image)))
    return path


def test_an_image_is_its_own_painting(image: Path) -> None:
    assert style_image_path(BlendPart(image), None) == image


def test_a_style_without_its_image_says_what_to_give(learned: Path) -> None:
    with pytest.raises(StyleError, match=r"learned does not hold its painting.*--style-image"):
        style_image_path(BlendPart(learned), None)


def test_the_image_of_a_style_is_known_again_and_no_other_taken_for_it(learned: Path, image: Path, other: Path) -> None:
    assert style_image_path(BlendPart(learned), image) == image
    with pytest.raises(StyleError, match=r"other\.png is not the image that learned was learned from"):
        style_image_path(BlendPart(learned), other)
    with pytest.raises(StyleError, match="cannot be read"):
        style_targets(
            StyleBlend("learned", (BlendPart(learned),)), image.with_name("gone.png"), 1, load_loss_network(), CPU
        )


def test_an_image_that_is_not_needed_is_refused(image: Path, other: Path) -> None:
    with pytest.raises(StyleError, match=r"other\.png is not needed"):
        style_targets(StyleBlend("image", (BlendPart(image),)), other, 1, load_loss_network(), CPU)


def test_the_grams_of_a_blend_are_the_mean_of_its_paintings(image: Path, other: Path) -> None:
    network = load_loss_network()
    one, two, both = (
        style_targets(StyleBlend("a mix", tuple(parts)), None, 0.5, network, CPU)
        for parts in ([BlendPart(image)], [BlendPart(other)], [BlendPart(image, 3), BlendPart(other, 1)])
    )
    for layer in both:
        assert torch.allclose(both[layer], 0.75 * one[layer] + 0.25 * two[layer], rtol=1e-5)
        assert not torch.allclose(one[layer], two[layer], rtol=1e-2)


def test_an_image_that_a_style_was_learned_from_stays_known(
    image: Path, learned: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamstyle.library.library_folder", lambda: learned.parent)
    (ingredient,) = parse_style(str(image)).parts
    assert (ingredient.path, ingredient.image) == (learned, image)
    assert parse_style(str(learned)).parts[0].image is None
