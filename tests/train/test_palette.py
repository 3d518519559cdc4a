"""The distance of palettes depends on colours and their proportions, not on where they are."""

import numpy as np
import pytest
import torch

from streamstyle.ops.image import to_tensor
from streamstyle.train.palette import palette, palette_distance

RED, BLUE = (200, 30, 30), (20, 40, 180)


def stripes(*colours: tuple[int, int, int], transposed: bool = False) -> np.ndarray:
    image = np.repeat(np.array(colours, np.uint8)[:, None], 64, 1).repeat(64 // len(colours), 0)
    return image.swapaxes(0, 1).copy() if transposed else image


def distance(image: np.ndarray, other: np.ndarray) -> float:
    torch.manual_seed(0)
    return float(palette_distance(to_tensor(image)[None], palette(other)[None]))


def test_the_same_colours_elsewhere_are_at_no_distance() -> None:
    assert distance(stripes(RED, BLUE), stripes(BLUE, RED, transposed=True)) == pytest.approx(0, abs=1e-6)


def test_other_proportions_are_nearer_than_other_colours() -> None:
    half, most, green = stripes(RED, BLUE), stripes(RED, RED, RED, BLUE), stripes((0, 250, 0))
    assert 1e-3 < distance(half, most) < 0.5 * distance(half, green)


def test_colours_move_towards_the_palette_along_the_gradient() -> None:
    torch.manual_seed(0)
    image = torch.rand(1, 3, 40, 40).requires_grad_()
    target = palette(stripes(RED, BLUE))[None]
    before = palette_distance(image, target)
    (gradient,) = torch.autograd.grad(before, image)
    assert palette_distance(image - 200 * gradient, target) < before
