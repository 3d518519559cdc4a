"""Which painting a style was learned from."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
import torch

from streamstyle.errors import StyleError
from streamstyle.library import image_digest
from streamstyle.mix import Ingredient, Mix
from streamstyle.nets.transformer import TransformerConfig, TransformerNet
from streamstyle.nets.weights import load_loss_network, save_weights, style_metadata
from streamstyle.painting import image_of, painting_grams
from streamstyle.styles.spec import parse_style
from tests.scenes import texture

CPU = torch.device("cpu")


def picture(path: Path, seed: int) -> Path:
    cv2.imwrite(str(path), texture(80, 64, seed))
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return picture(tmp_path / "painting.png", 1)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return picture(tmp_path / "other.png", 2)


@pytest.fixture
def learned(tmp_path: Path, image: Path) -> Path:
    network = TransformerNet(TransformerConfig(width=4, blocks=1, half_ends=True))
    path = tmp_path / "learned.safetensors"
    save_weights(path, network, style_metadata(network, image_sha256=image_digest(image)))
    return path


def test_an_image_is_its_own_painting(image: Path) -> None:
    assert image_of(Ingredient(image), None) == image


def test_a_style_without_its_image_says_what_to_give(learned: Path) -> None:
    with pytest.raises(StyleError, match=r"learned does not hold its painting.*--style-image"):
        image_of(Ingredient(learned), None)


def test_the_image_of_a_style_is_known_again_and_no_other_taken_for_it(learned: Path, image: Path, other: Path) -> None:
    assert image_of(Ingredient(learned), image) == image
    with pytest.raises(StyleError, match=r"other\.png is not the image that learned was learned from"):
        image_of(Ingredient(learned), other)
    with pytest.raises(StyleError, match="cannot be read"):
        painting_grams(Mix("learned", (Ingredient(learned),)), image.with_name("gone.png"), 1, load_loss_network(), CPU)


def test_an_image_that_is_not_needed_is_refused(image: Path, other: Path) -> None:
    with pytest.raises(StyleError, match=r"other\.png is not needed"):
        painting_grams(Mix("image", (Ingredient(image),)), other, 1, load_loss_network(), CPU)


def test_the_grams_of_a_blend_are_the_mean_of_its_paintings(image: Path, other: Path) -> None:
    network = load_loss_network()
    one, two, both = (
        painting_grams(Mix("a mix", tuple(parts)), None, 0.5, network, CPU)
        for parts in ([Ingredient(image)], [Ingredient(other)], [Ingredient(image, 3), Ingredient(other, 1)])
    )
    for layer in both:
        assert torch.allclose(both[layer], 0.75 * one[layer] + 0.25 * two[layer], rtol=1e-5)
        assert not torch.allclose(one[layer], two[layer], rtol=1e-2)


def test_an_image_that_a_style_was_learned_from_stays_known(
    image: Path, learned: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamstyle.library.library_folder", lambda: learned.parent)
    (ingredient,) = parse_style(str(image)).ingredients
    assert (ingredient.path, ingredient.image) == (learned, image)
    assert parse_style(str(learned)).ingredients[0].image is None
