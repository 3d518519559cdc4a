"""Warping error, stability error and sharpness of images whose measures are known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from streamstyle.evaluate import metrics
from streamstyle.evaluate.metrics import sharpness
from streamstyle.ops.image import to_tensor
from tests.films import Picture, moving_square, pan


def warping_error(later: Tensor, earlier: Tensor, backward: Tensor, weight: Tensor) -> Tensor:
    return metrics.warping_error(metrics.squared_difference(later, earlier, backward), weight)


def stability_error(later: Tensor, earlier: Tensor, backward: Tensor, weight: Tensor) -> Tensor:
    return metrics.stability_error(metrics.squared_difference(later, earlier, backward), weight)


def tensors(frames: Picture) -> list[Tensor]:
    return [to_tensor(frame) for frame in frames]


def test_a_film_that_follows_its_motion_has_no_warping_error() -> None:
    scene = pan(3, step=(2, 1))
    earlier, later = tensors(scene.frames)[:2]
    weight = torch.from_numpy(~scene.uncovered[1]).float()
    error = warping_error(later, earlier, torch.from_numpy(scene.backward[1]), weight)
    assert float(error) == pytest.approx(0, abs=1e-10)


def test_a_flash_by_a_tenth_is_a_warping_error_of_a_hundredth() -> None:
    """Every pixel is 0.1 brighter: the squared difference is 0.01 whatever the motion."""
    scene = pan(3, step=(2, 1))
    earlier, later = (image * 0.5 for image in tensors(scene.frames)[:2])
    weight = torch.from_numpy(~scene.uncovered[1]).float()
    error = warping_error(later + 0.1, earlier, torch.from_numpy(scene.backward[1]), weight)
    assert float(error) == pytest.approx(0.01, rel=1e-4)


def test_disoccluded_pixels_do_not_count() -> None:
    """A square uncovers background: colouring that strip red changes nothing, colouring the whole frame does."""
    scene = moving_square(3, step=(4, 0))
    earlier, later = tensors(scene.frames)[:2]
    backward, visible = torch.from_numpy(scene.backward[1]), torch.from_numpy(~scene.uncovered[1])
    clean = float(warping_error(later, earlier, backward, visible.float()))
    red = torch.tensor([1.0, 0.0, 0.0])[:, None, None].expand_as(later)
    strip = float(warping_error(torch.where(visible, later, red), earlier, backward, visible.float()))
    everything = float(warping_error(red, earlier, backward, visible.float()))
    assert strip == pytest.approx(clean, abs=1e-9)
    assert everything > clean + 0.05


def test_warping_error_is_a_mean_over_the_trusted_pixels() -> None:
    """Half the image flashes by 0.2: 0.04 where only that half is trusted, 0.02 where all is."""
    still = torch.full((3, 20, 20), 0.4)
    half = still.clone()
    half[:, :10] += 0.2
    flow = torch.zeros(2, 20, 20)
    trusted = torch.zeros(20, 20)
    trusted[:10] = 1
    assert float(warping_error(half, still, flow, trusted)) == pytest.approx(0.04, rel=1e-4)
    assert float(warping_error(half, still, flow, torch.ones(20, 20))) == pytest.approx(0.02, rel=1e-4)
    assert float(warping_error(half, still, flow, torch.zeros(20, 20))) == 0


def test_sharpness_of_a_slope_is_its_steepness() -> None:
    slope = torch.linspace(0, 0.63, 64).expand(3, 48, 64)
    assert float(sharpness(slope)) == pytest.approx(0.01, rel=1e-4)
    assert float(sharpness(slope.transpose(1, 2))) == pytest.approx(0.01, rel=1e-4)


def test_sharpness_weighs_green_ten_times_as_much_as_blue() -> None:
    slope = torch.linspace(0, 1, 64).expand(48, 64)
    green, blue = torch.zeros(3, 48, 64), torch.zeros(3, 48, 64)
    green[1], blue[2] = slope, slope
    assert float(sharpness(green)) == pytest.approx(0.7152 / 0.0722 * float(sharpness(blue)), rel=1e-4)


def test_blur_lowers_sharpness() -> None:
    image = to_tensor(pan(1).frames[0])
    blurred = torch.nn.functional.avg_pool2d(image, 9, 1, 4, count_include_pad=False)
    assert float(sharpness(blurred)) < 0.8 * float(sharpness(image))


def test_stability_error_is_a_root_mean_over_all_pixels() -> None:
    """A flash by a tenth, trusted in half of the pixels: a tenth times the root of a half."""
    earlier = torch.full((3, 8, 8), 0.4)
    weight = torch.cat([torch.ones(4, 8), torch.zeros(4, 8)])
    error = stability_error(earlier + 0.1, earlier, torch.zeros(2, 8, 8), weight)
    assert float(error) == pytest.approx(0.1 * 0.5**0.5, rel=1e-4)
