"""Backward warping."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from streamstyle.ops.warp import backward_warp
from tests.films import pan, texture

MODES = ("bicubic", "bilinear")
SIDES = st.integers(32, 80)


def picture(width: int, height: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(texture(width, height, seed)).permute(2, 0, 1).float() / 255


def constant(right: float, down: float, width: int, height: int) -> Tensor:
    return torch.tensor([right, down]).view(2, 1, 1).expand(2, height, width).contiguous()


@given(
    width=SIDES, height=SIDES, right=st.integers(-100, 100), down=st.integers(-100, 100), mode=st.sampled_from(MODES)
)
@settings(max_examples=25, deadline=None)
def test_a_shift_by_whole_pixels_is_exact_and_repeats_the_edge(width, height, right, down, mode):
    image = picture(width, height)
    rows = (torch.arange(height) + down).clamp(0, height - 1)
    columns = (torch.arange(width) + right).clamp(0, width - 1)
    assert torch.equal(backward_warp(image, constant(right, down, width, height), mode), image[:, rows][:, :, columns])


@pytest.mark.parametrize("mode", MODES)
def test_warping_a_still_scene_hundreds_of_times_does_not_blur_it(mode):
    image = warped = picture(50, 40)
    for _ in range(300):
        warped = backward_warp(warped, torch.zeros(2, 40, 50), mode)
    assert torch.equal(warped, image)


def test_a_pan_warped_by_its_true_flow_is_the_next_frame():
    scene = pan(step=(3, -2))
    before, after = (torch.from_numpy(scene.frames[t]).permute(2, 0, 1).float() for t in (0, 1))
    carried = backward_warp(before, torch.from_numpy(scene.backward[1]))
    seen = ~torch.from_numpy(scene.uncovered[1])
    assert torch.equal(carried[:, seen], after[:, seen])


def test_a_shift_by_half_a_pixel_is_midway():
    ramp = torch.arange(40.0).expand(3, 32, 40) / 40
    for mode in MODES:
        carried = backward_warp(ramp, constant(0.5, 0, 40, 32), mode)
        assert torch.allclose(carried[:, :, 2:36], ramp[:, :, 2:36] + 0.5 / 40)


def test_bicubic_keeps_more_detail_than_bilinear():
    image = picture(96, 64)
    rough = {mode: backward_warp(image, constant(0.5, 0.5, 96, 64), mode).diff(dim=2).abs().mean() for mode in MODES}
    assert rough["bilinear"] < rough["bicubic"] < 1.02 * image.diff(dim=2).abs().mean()


def test_each_pixel_follows_its_own_flow():
    image = picture(48, 32)
    flow = torch.zeros(2, 32, 48)
    flow[0, 10, 20], flow[1, 10, 20] = 5, -3
    carried = backward_warp(image, flow)
    assert torch.equal(carried[:, 10, 20], image[:, 7, 25])
    carried[:, 10, 20] = image[:, 10, 20]
    assert torch.equal(carried, image)
