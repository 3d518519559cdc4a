"""Blur and local means."""

import pytest
import torch

from streamstyle.ops.filters import add_doubled, block_means, enlarge_means, gaussian_blur, gaussian_taps, smooth_blocks

pytestmark = pytest.mark.usefixtures("_with_each_backend")


def test_a_point_becomes_a_gaussian() -> None:
    image = torch.zeros(1, 21, 23)
    image[0, 10, 11] = 1
    x, y = torch.arange(23.0)[None] - 11, torch.arange(21.0)[:, None] - 10
    expected = torch.exp(-(x**2 + y**2) / (2 * 1.6**2))
    expected *= (x.abs() <= 5) & (y.abs() <= 5)  # cut off at three sigma
    torch.testing.assert_close(gaussian_blur(image, 1.6)[0], expected / expected.sum(), rtol=0, atol=1e-6)


def test_a_flat_image_stays_flat_up_to_its_edges() -> None:
    torch.testing.assert_close(gaussian_blur(torch.full((3, 9, 7), 0.3), 2.0), torch.full((3, 9, 7), 0.3))


def test_the_widest_gaussian_fits_the_kernel() -> None:
    assert len(gaussian_taps(8 / 3)) == 17
    with pytest.raises(ValueError, match="sigma cannot be 3"):
        gaussian_taps(3)


def test_local_means_of_a_ramp_are_the_ramp() -> None:
    ramp = torch.arange(80.0).expand(1, 72, 80)
    enlarged = enlarge_means(smooth_blocks(block_means(ramp)), 72, 80)
    torch.testing.assert_close(enlarged[..., 12:-12], ramp[..., 12:-12])


def test_sizes_that_are_no_multiples_of_the_block_are_kept() -> None:
    image = torch.full((2, 13, 21), 0.7)
    assert block_means(image).shape == (2, 2, 3)
    torch.testing.assert_close(enlarge_means(block_means(image), 13, 21), image)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 9), (24, 32)])
def test_what_is_added_at_half_the_size_keeps_its_mean_and_is_clipped(height: int, width: int) -> None:
    image, small = torch.full((3, height, width), 0.5), torch.full((3, -(-height // 2), -(-width // 2)), 0.25)
    torch.testing.assert_close(add_doubled(image, small), torch.full_like(image, 0.75))
    assert torch.equal(add_doubled(image, 4 * small), torch.ones_like(image))
    with pytest.raises(ValueError, match="not half the size"):
        add_doubled(image, torch.zeros(3, height + 1, width))
