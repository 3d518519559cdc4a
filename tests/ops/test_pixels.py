import numpy as np
import pytest
import torch

from streamstyle.ops.pixels import to_tensor, to_numpy


def test_all_256_values_survive_the_way_there_and_back() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)
    assert np.array_equal(to_numpy(to_tensor(image)), image)


@pytest.mark.parametrize(("value", "stored"), [(-0.2, 0), (1.3, 255), (0.5, 128)])
def test_what_lies_outside_is_clipped(value: float, stored: int) -> None:
    assert to_numpy(torch.full((3, 2, 2), value)).max() == stored


def test_red_stays_red() -> None:
    image = np.zeros((2, 4, 3), np.uint8)
    image[..., 0] = 255
    tensor = to_tensor(image)
    assert tensor.shape == (3, 2, 4)
    assert tensor[0].min() == 1
    assert tensor[1:].max() == 0
