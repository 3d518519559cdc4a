"""The descent that lives on the device takes the decisions of `minimise`, which reads its numbers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from streamstyle.optimise.lbfgs import DeviceLBFGS, Evaluate, minimise_on_device, minimise_on_host


def rosenbrock(point: Tensor) -> tuple[Tensor, Tensor]:
    x, y = point
    loss = (1 - x) ** 2 + 100 * (y - x * x) ** 2
    return loss, torch.stack([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])


def test_the_minimum_of_rosenbrocks_function_is_found() -> None:
    end, losses = minimise_on_host(rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64), torch.tensor(200.0), 100)
    assert torch.allclose(end, torch.ones(2, dtype=torch.float64), atol=1e-6)
    assert losses == rosenbrock(end)[0]


def test_without_a_curvature_the_first_step_is_small() -> None:
    tried = []

    def watched(point: Tensor) -> tuple[Tensor, Tensor]:
        tried.append(point)
        return rosenbrock(point)

    end, _ = minimise_on_host(watched, torch.tensor([-1.2, 1.0], dtype=torch.float64), None, 100)
    assert torch.allclose(end, torch.ones(2, dtype=torch.float64), atol=1e-6)
    assert float((tried[1] - tried[0]).square().mean().sqrt()) == pytest.approx(0.005)
    assert torch.equal(minimise_on_host(rosenbrock, end, None, 3)[0], end)  # where nothing pulls, nothing moves


def test_on_the_host_rounding_ends_the_descent() -> None:
    calls = []

    def coarse(point: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(1)
        return point.square().sum().bfloat16(), 2 * point

    minimise_on_host(coarse, torch.full((50,), 3.0), torch.tensor(2.5), 1000)
    assert len(calls) < 100


def test_a_far_too_small_curvature_still_converges() -> None:
    end, _ = minimise_on_host(rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64), torch.tensor(0.02), 100)
    assert rosenbrock(end)[0] < 1e-6


def test_with_the_exact_curvature_one_step_suffices() -> None:
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


def test_iterations_is_the_number_of_evaluations() -> None:
    calls = []

    def counted(point: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(1)
        return rosenbrock(point)

    minimise_on_host(counted, torch.zeros(2), torch.tensor(1.0), 7)
    assert len(calls) == 7


def test_on_the_host_the_tolerance_ends_the_descent() -> None:
    calls = []

    def counted(point: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(1)
        return rosenbrock(point)

    minimise_on_host(counted, torch.tensor([-1.2, 1.0]), torch.tensor(200.0), 50, tolerance=0.5)
    assert len(calls) < 10


SIZE = 40


def valleys(point: Tensor) -> tuple[Tensor, Tensor]:
    """Rosenbrock's valley, one for each two numbers: steps go uphill in it, and bend the wrong way."""
    x, y = point[::2], point[1::2]
    gradient = torch.stack([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)], dim=1).flatten()
    return torch.stack([(1 - x).square().sum(), 100 * (y - x * x).square().sum()]), gradient


class RecordedEvaluations:
    """Counts evaluations and remembers where they were."""

    def __init__(self, evaluate: Evaluate) -> None:
        self.evaluate, self.places = evaluate, list[Tensor]()

    def __call__(self, point: Tensor) -> tuple[Tensor, Tensor]:
        self.places.append(point.clone())
        return self.evaluate(point)


def start(seed: int) -> Tensor:
    return torch.randn(SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def waves(point: Tensor) -> tuple[Tensor, Tensor]:
    """Hills: along some steps the slope falls, so they are not remembered, and those that are mislead."""
    return torch.stack([(1 - point.cos()).sum(), 0.01 * point.square().sum()]), point.sin() + 0.02 * point


def count_rejected_steps(walk: RecordedEvaluations) -> int:
    """Evaluations that were no better than the best before them."""
    sums = torch.stack([valleys(place)[0].sum() for place in walk.places])
    return int((sums[1:] >= sums.cummin(0).values[:-1]).sum())


@pytest.mark.parametrize("curvature", [0.5, 2000.0])
@pytest.mark.parametrize("history", [1, 4, 10])
@pytest.mark.parametrize("evaluate", [valleys, waves])
def test_device_and_host_evaluate_at_the_same_points(evaluate: Evaluate, history: int, curvature: float) -> None:
    """In float64, for a valley is chaotic."""
    by_host, by_device = RecordedEvaluations(evaluate), RecordedEvaluations(evaluate)
    scaled = torch.linspace(0.5, 2, SIZE, dtype=torch.float64) * curvature
    point, losses = minimise_on_host(by_host, start(1), scaled, 30, history=history)
    descent = DeviceLBFGS(by_device, start(1), loss_count=2, history=history)
    descent.reset(start(1), scaled)
    for _ in range(30):
        descent.step()
    for one, other in zip(by_host.places, by_device.places, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(descent.point, point, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(descent.losses, losses, rtol=1e-6, atol=1e-9)
    assert evaluate is waves or count_rejected_steps(by_host) > 0


@pytest.mark.parametrize("curvature", [None, torch.full((SIZE,), 200.0, dtype=torch.float64)])
def test_minimise_on_device_finds_the_minimum_of_minimise_on_host(curvature: Tensor | None) -> None:
    walk = RecordedEvaluations(valleys)
    point, losses = minimise_on_host(valleys, start(3), curvature, 25)
    found, its_losses = minimise_on_device(walk, start(3), curvature, 25)
    torch.testing.assert_close(found, point, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(its_losses, losses, rtol=1e-6, atol=1e-9)
    assert len(walk.places) == 25 + 1


def test_on_the_device_rounding_ends_the_descent() -> None:
    def coarse(point: Tensor) -> tuple[Tensor, Tensor]:
        return point.square().bfloat16().to(point.dtype).sum()[None], 2 * point

    walk = RecordedEvaluations(coarse)
    point, _ = minimise_on_host(walk, start(1), torch.full((SIZE,), 2.5, dtype=torch.float64), 1000)
    assert len(walk.places) < 100
    descent = DeviceLBFGS(coarse, start(1), loss_count=1)
    descent.reset(start(1), torch.full((SIZE,), 2.5, dtype=torch.float64))
    for evaluated in range(len(walk.places) + 3):
        assert bool(descent.converged) == (evaluated >= len(walk.places))
        descent.step()
    torch.testing.assert_close(descent.point, point)


def test_after_convergence_nothing_changes() -> None:
    scaled = torch.full((SIZE,), 2000.0, dtype=torch.float64)
    walk = RecordedEvaluations(valleys)
    point, losses = minimise_on_host(walk, start(1), scaled, 100, tolerance=0.05)
    assert len(walk.places) < 90
    descent = DeviceLBFGS(valleys, start(1), loss_count=2, tolerance=0.05)
    descent.reset(start(1), scaled)
    for evaluated in range(100):
        assert bool(descent.converged) == (evaluated >= len(walk.places))
        descent.step()
    torch.testing.assert_close(descent.point, point)
    torch.testing.assert_close(descent.losses, losses)


def test_reset_forgets_the_previous_frame() -> None:
    scaled = torch.full((SIZE,), 200.0, dtype=torch.float64)
    descent = DeviceLBFGS(valleys, start(1), loss_count=2)
    ends = []
    for seed in (1, 2, 1):
        descent.reset(start(seed), scaled)
        for _ in range(12):
            descent.step()
        ends.append(descent.point.clone())
    assert torch.equal(ends[0], ends[2])
    assert not torch.equal(ends[0], ends[1])


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_loss_that_is_not_finite_leaves_the_start_unchanged(bad: float) -> None:
    def broken(point: Tensor) -> tuple[Tensor, Tensor]:
        return torch.full((2,), bad, dtype=point.dtype), torch.full_like(point, bad)

    descent = DeviceLBFGS(broken, start(1), loss_count=2)
    descent.reset(start(1), torch.ones(SIZE, dtype=torch.float64))
    for _ in range(3):
        descent.step()
    assert torch.equal(descent.point, start(1))
    descent._evaluate = valleys  # the next frame is sound
    descent.reset(start(1), torch.full((SIZE,), 200.0, dtype=torch.float64))
    for _ in range(12):
        descent.step()
    assert descent.losses.sum() < valleys(start(1))[0].sum()
