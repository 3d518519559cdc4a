"""The approximate solution of the screened Poisson equation, as a preconditioner of the temporal objective."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from streamstyle.ops.screened_poisson import solve_screened_poisson
from streamstyle.ops.temporal import temporal_term

HEIGHT, WIDTH = 12, 9


def random(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def matrix(weight: Tensor, smoothness: float) -> Tensor:
    """The solver's matrix for one channel, column by column."""
    count = weight.numel()
    columns = torch.zeros(count, 3, *weight.shape, dtype=weight.dtype)
    columns[:, 0] = torch.eye(count, dtype=weight.dtype).view(count, *weight.shape)
    return torch.stack([solve_screened_poisson(each, weight, smoothness)[0].flatten() for each in columns], dim=1)


@pytest.mark.parametrize("smoothness", [0.0, 1.0, 40000.0])
def test_the_matrix_is_symmetric_and_positive_definite(smoothness: float) -> None:
    solver = matrix(691 + 9000 * random(HEIGHT, WIDTH), smoothness)
    torch.testing.assert_close(solver, solver.T)
    assert torch.linalg.eigvalsh(solver).min() > 0


def test_most_of_the_way_back_to_the_centre_is_found() -> None:
    """The right side is the gradient of the temporal term somewhere, and the solution the way back to the centre."""
    carried, stylised, image = random(3, 3, HEIGHT, WIDTH)
    term = temporal_term(carried, stylised, 0.5 + 0.5 * random(HEIGHT, WIDTH), 9000, 691, 40000)
    _, gradient = term.loss_and_gradient(image)
    offset = image - term.centre
    found = term.inverse_hessian(gradient)
    assert float((found - offset).square().mean().sqrt()) < 0.25 * float(offset.square().mean().sqrt())
    by_diagonal = gradient / (2 * 255**2 / image.numel() * (term.weight + 4 * term.tv_weight))
    assert float((by_diagonal - offset).square().mean().sqrt()) > 0.4 * float(offset.square().mean().sqrt())


def test_without_total_variation_the_solution_is_a_division() -> None:
    """The polynomial is made for eigenvalues from 0.04 to 2, and 4 % off at 1."""
    weight, right_side = 1 + random(HEIGHT, WIDTH), random(3, HEIGHT, WIDTH)
    torch.testing.assert_close(solve_screened_poisson(right_side, weight, 0.0), right_side / weight, rtol=0.05, atol=0)


def test_where_nothing_weighs_the_inverse_is_finite() -> None:
    picture = random(3, HEIGHT, WIDTH)
    term = temporal_term(picture, picture, torch.zeros(HEIGHT, WIDTH, dtype=torch.float64), 9000, 0)
    assert term.inverse_hessian(picture).isfinite().all()
