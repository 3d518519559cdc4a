import numpy as np
import pytest
import torch

from streamstyle.ops.image import suppress_faint_detail, to_numpy, to_tensor


def test_all_256_levels_survive_the_round_trip() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)
    assert np.array_equal(to_numpy(to_tensor(image)), image)


@pytest.mark.parametrize(("value", "stored"), [(-0.2, 0), (1.3, 255), (0.5, 128)])
def test_values_outside_0_to_1_are_clipped(value: float, stored: int) -> None:
    assert to_numpy(torch.full((3, 2, 2), value)).max() == stored


def test_red_stays_red() -> None:
    image = np.zeros((2, 4, 3), np.uint8)
    image[..., 0] = 255
    tensor = to_tensor(image)
    assert tensor.shape == (3, 2, 4)
    assert tensor[0].min() == 1
    assert tensor[1:].max() == 0


def blocks_of(levels: float) -> torch.Tensor:
    """A checkerboard with squares of 8 pixels that differ by `levels` of 255."""
    rows, columns = torch.arange(64)[:, None] // 8, torch.arange(64) // 8
    return (0.3 + ((rows + columns) % 2) * levels / 255).expand(1, 3, 64, 64).contiguous()


def contrast(picture: torch.Tensor) -> float:
    inner = picture[..., 16:48, 16:48]
    return float(inner.max() - inner.min()) * 255


def test_blocks_of_one_level_vanish_and_strong_edges_stay() -> None:
    assert contrast(suppress_faint_detail(blocks_of(1))) < 0.1
    assert contrast(suppress_faint_detail(blocks_of(3))) < 1
    assert contrast(suppress_faint_detail(blocks_of(100))) > 98


def test_a_gradient_of_brightness_is_unchanged() -> None:
    slope = torch.linspace(0, 1, 128).expand(1, 3, 64, 128).contiguous()
    filtered = suppress_faint_detail(slope)
    assert (filtered - slope)[..., 16:-16].abs().max() < 1 / 255
    assert filtered.diff(dim=-1).min() > 0


def test_a_flat_image_is_unchanged() -> None:
    grey = torch.full((1, 3, 32, 48), 0.4)
    assert torch.equal(suppress_faint_detail(grey), grey)
