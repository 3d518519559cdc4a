"""Which image a style is measured and optimised against."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from streamstyle.errors import StyleError
from streamstyle.media.images import read_image
from streamstyle.models.metadata import STYLE_IMAGE
from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.models.weights import load_style_net, save_weights, style_metadata
from streamstyle.styles.library import builtin_styles, image_digest
from streamstyle.styles.spec import BlendPart
from streamstyle.styles.style_image import (
    STYLE_IMAGE_SIDE,
    encode_style_image,
    read_style_image,
    style_image_digest,
    style_image_path,
)
from tools.add_style_image import add_style_image


def write_image(path: Path, seed: int) -> Path:
    blocks = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(blocks, (720, 600)))
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_image(tmp_path / "painting.png", 1)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write_image(tmp_path / "other.png", 2)


@pytest.fixture
def without(tmp_path: Path, image: Path) -> Path:
    """A style that was trained on the image and does not hold it."""
    network = StyleNet(StyleNetConfig(width=4, blocks=1, half_ends=True))
    path = tmp_path / "without.safetensors"
    save_weights(path, network, style_metadata(network, image_sha256=image_digest(image)))
    return path


@pytest.fixture
def holding(tmp_path: Path, image: Path, without: Path) -> Path:
    """The same style with its image."""
    path = tmp_path / "holding.safetensors"
    path.write_bytes(without.read_bytes())
    add_style_image(path, image)
    return path


def test_a_style_that_holds_its_image_needs_no_other(holding: Path, image: Path, other: Path) -> None:
    assert style_image_path(BlendPart(holding), None) == holding
    assert style_image_path(BlendPart(holding), image) == image, "the original is better"
    assert style_image_path(BlendPart(holding), other) == holding, "it may be that of another part of the blend"


def test_the_image_of_any_other_style_has_to_be_given(without: Path, image: Path, other: Path) -> None:
    with pytest.raises(StyleError, match=r"without does not contain its style image.*--style-image"):
        style_image_path(BlendPart(without), None)
    assert style_image_path(BlendPart(without), image) == image
    with pytest.raises(StyleError, match=r"other\.png is not the image that without was trained on"):
        style_image_path(BlendPart(without), other)


def test_an_image_is_its_own_style_image(image: Path) -> None:
    assert style_image_path(BlendPart(image), None) == image


def test_the_stored_image_is_the_painting_at_512_pixels(holding: Path, image: Path) -> None:
    stored = read_style_image(holding)
    assert min(stored.shape[:2]) == STYLE_IMAGE_SIDE
    original = cv2.resize(read_image(image), stored.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(stored.astype(float) - original).mean() < 3
    assert style_image_digest(holding) == style_image_digest(image)
    assert load_style_net(holding).config.width == 4, "the network is still there"


def test_a_small_image_is_stored_as_it_is(image: Path) -> None:
    small = read_image(image)[:40, :50]
    decoded = cv2.imdecode(np.frombuffer(encode_style_image(small), np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == (40, 50, 3)


def test_a_style_without_its_image_is_not_read_as_one(without: Path) -> None:
    with pytest.raises(StyleError, match=r"without\.safetensors does not contain its style image"):
        read_style_image(without)


def test_only_the_image_that_a_style_was_trained_on_is_added(without: Path, other: Path) -> None:
    before = without.read_bytes()
    with pytest.raises(StyleError, match=r"other\.png is not the image"):
        add_style_image(without, other)
    assert without.read_bytes() == before


SMALL_SCANS = {"water_lilies", "small_horse", "vision_after_the_sermon"}


def test_every_built_in_style_holds_its_painting() -> None:
    for style in builtin_styles():
        side = 256 if style.name in SMALL_SCANS else STYLE_IMAGE_SIDE
        assert min(read_style_image(style.path).shape[:2]) == side, style.name
        assert style_image_path(BlendPart(style.path), None) == style.path
    assert STYLE_IMAGE == "style_image", "the files have the tensor under this name"
