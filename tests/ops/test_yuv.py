"""RGB to yuv420p against FFmpeg's libswscale."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from streamstyle.media.colour import BT601 as TAG_601
from streamstyle.media.colour import BT709 as TAG_709
from streamstyle.media.colour import ColourTags, FromRGB
from streamstyle.ops.image import to_tensor
from streamstyle.ops.luma import BT601, BT709, LumaWeights
from streamstyle.ops.yuv import rgb_to_yuv420
from tests.films import pan


def by_swscale(picture: np.ndarray, tag: int) -> np.ndarray:
    return FromRGB("yuv420p", ColourTags(tag, tag, tag, full_range=False))(picture).to_ndarray()


def pictures() -> list[np.ndarray]:
    """A scene, noise in all colours, and sharp edges between saturated colours."""
    random = np.random.default_rng(0)
    edges = np.zeros((32, 48, 3), np.uint8)
    edges[5:21, 7:30] = 255, 0, 0
    edges[13:, 20:] = 0, 0, 255
    return [pan(frames=1, width=96, height=64).frames[0], random.integers(0, 256, (64, 96, 3), np.uint8), edges]


@pytest.mark.usefixtures("_with_each_backend")
@pytest.mark.parametrize(("tag", "luma"), [(TAG_601, BT601), (TAG_709, BT709)])
@pytest.mark.parametrize("number", range(3))
def test_planes_equal_those_of_libswscale_within_a_level(number: int, tag: int, luma: LumaWeights) -> None:
    picture = pictures()[number]
    ours, theirs = rgb_to_yuv420(to_tensor(picture), luma).numpy().astype(int), by_swscale(picture, tag).astype(int)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1
    assert (ours != theirs).mean() < 0.03  # libswscale rounds on the way


@pytest.mark.usefixtures("_with_each_backend")
@pytest.mark.parametrize(
    ("colour", "levels"),
    [
        ((1, 1, 1), (235, 128, 128)),
        ((0, 0, 0), (16, 128, 128)),
        ((0, 0, 1), (32, 240, 118)),
        ((1, 0, 0), (63, 102, 240)),
    ],
)
def test_colours_have_the_levels_of_bt_709(colour: tuple[float, ...], levels: tuple[int, ...]) -> None:
    planes = rgb_to_yuv420(torch.tensor(colour).view(3, 1, 1).expand(3, 8, 12).contiguous(), BT709)
    assert [int(plane.unique()) for plane in (planes[:8], planes[8:10], planes[10:])] == list(levels)
