"""The grid of four pixels that a network draws is found, and taken out."""

import torch

from streamstyle.train.grid import grid_error, without_grid


def test_a_grid_is_taken_out_of_an_image_and_little_else() -> None:
    torch.manual_seed(0)
    grid = 0.03 * (torch.rand(1, 3, 4, 4) - 0.5).repeat(1, 1, 32, 32)
    scene = 0.3 + 0.005 * torch.randn(1, 3, 128, 128)
    scene[..., 60:] += 0.4  # a vertical edge, which touches one position in the cell only
    cleaned = without_grid(scene + grid)
    assert grid_error(cleaned - scene) < 0.1 * grid_error(grid)
    assert (cleaned - scene).square().mean() < 0.25 * grid.square().mean()
    assert (without_grid(scene) - scene).abs().max() < 0.03


def test_the_grid_error_is_that_of_what_repeats_every_four_pixels() -> None:
    torch.manual_seed(0)
    grid = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(32).expand(1, 3, 128, 128)
    offset, noise = torch.full((1, 3, 128, 128), 0.5), 0.4 * torch.randn(1, 3, 128, 128)
    assert torch.isclose(grid_error(grid), grid.var(correction=0))
    assert grid_error(offset) < 1e-9
    assert grid_error(noise) < 0.05 * noise.var()
