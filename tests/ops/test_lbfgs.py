import pytest
import torch
from torch import Tensor

from streamstyle.ops.lbfgs import minimise_on_host


def rosenbrock(point: Tensor) -> tuple[Tensor, Tensor]:
    x, y = point
    loss = (1 - x) ** 2 + 100 * (y - x * x) ** 2
    return loss, torch.stack([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])


def test_rosenbrocks_valley_is_walked_to_its_end() -> None:
    end, losses = minimise_on_host(rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64), torch.tensor(200.0), 100)
    assert torch.allclose(end, torch.ones(2, dtype=torch.float64), atol=1e-6)
    assert losses == rosenbrock(end)[0]


def test_where_no_curvature_is_known_the_first_step_is_small_and_the_end_the_same() -> None:
    tried = []

    def watched(point: Tensor) -> tuple[Tensor, Tensor]:
        tried.append(point)
        return rosenbrock(point)

    end, _ = minimise_on_host(watched, torch.tensor([-1.2, 1.0], dtype=torch.float64), None, 100)
    assert torch.allclose(end, torch.ones(2, dtype=torch.float64), atol=1e-6)
    assert float((tried[1] - tried[0]).square().mean().sqrt()) == pytest.approx(0.005)
    assert torch.equal(minimise_on_host(rosenbrock, end, None, 3)[0], end)  # where nothing pulls, nothing moves


def test_where_rounding_leaves_no_way_down_it_ends() -> None:
    calls = []

    def coarse(point: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(1)
        return point.square().sum().bfloat16(), 2 * point

    minimise_on_host(coarse, torch.full((50,), 3.0), torch.tensor(2.5), 1000)
    assert len(calls) < 100


def test_a_curvature_far_too_small_only_costs_a_few_attempts() -> None:
    end, _ = minimise_on_host(rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64), torch.tensor(0.02), 100)
    assert rosenbrock(end)[0] < 1e-6


def test_a_known_curvature_makes_one_step_enough() -> None:
    curvature = torch.logspace(-3, 3, 50, dtype=torch.float64)
    goal = torch.linspace(-1, 1, 50, dtype=torch.float64)

    def bowl(point: Tensor) -> tuple[Tensor, Tensor]:
        return (0.5 * curvature * (point - goal).square()).sum(), curvature * (point - goal)

    assert torch.allclose(minimise_on_host(bowl, torch.zeros_like(goal), curvature, 2)[0], goal)


def test_the_result_is_never_worse_than_the_start() -> None:
    generator = torch.Generator().manual_seed(0)

    def noisy(point: Tensor) -> tuple[Tensor, Tensor]:
        gradient = 2 * point + 0.5 * torch.randn(point.shape, generator=generator)
        return point.square().sum(), gradient

    start = torch.ones(20)
    for iterations in (1, 2, 5, 30):
        assert noisy(minimise_on_host(noisy, start, torch.tensor(0.1), iterations)[0])[0] <= noisy(start)[0]


def test_as_many_evaluations_as_asked_for() -> None:
    calls = []

    def counted(point: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(1)
        return rosenbrock(point)

    minimise_on_host(counted, torch.zeros(2), torch.tensor(1.0), 7)
    assert len(calls) == 7


def test_it_stops_where_nothing_is_left_to_gain() -> None:
    calls = []

    def counted(point: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(1)
        return rosenbrock(point)

    minimise_on_host(counted, torch.tensor([-1.2, 1.0]), torch.tensor(200.0), 50, tolerance=0.5)
    assert len(calls) < 10
