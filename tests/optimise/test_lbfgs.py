"""L-BFGS on the host, and on the device with the same decisions."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from streamstyle.optimise.blocks import WHOLE, Blocks
from streamstyle.optimise.lbfgs import DeviceLBFGS, Evaluate, InverseHessian, minimise_on_device, minimise_on_host


def over(curvature: float | Tensor) -> InverseHessian:
    """The inverse Hessian of a known diagonal."""
    return lambda gradient: gradient / curvature


def rosenbrock(point: Tensor) -> tuple[Tensor, Tensor]:
    x, y = point
    loss = (1 - x) ** 2 + 100 * (y - x * x) ** 2
    return loss, torch.stack([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])


def test_the_minimum_of_rosenbrocks_function_is_found() -> None:
    end, losses = minimise_on_host(rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64), over(200.0), 100)
    assert torch.allclose(end, torch.ones(2, dtype=torch.float64), atol=1e-6)
    assert losses == rosenbrock(end)[0]


def test_without_a_curvature_the_first_step_is_small() -> None:
    tried = []

    def recorded(point: Tensor) -> tuple[Tensor, Tensor]:
        tried.append(point)
        return rosenbrock(point)

    end, _ = minimise_on_host(recorded, torch.tensor([-1.2, 1.0], dtype=torch.float64), None, 100)
    assert torch.allclose(end, torch.ones(2, dtype=torch.float64), atol=1e-6)
    assert float((tried[1] - tried[0]).square().mean().sqrt()) == pytest.approx(0.005)
    assert torch.equal(minimise_on_host(rosenbrock, end, None, 3)[0], end)  # where the gradient is 0


def test_on_the_host_rounding_ends_the_descent() -> None:
    calls = []

    def coarse(point: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(1)
        return point.square().sum().bfloat16(), 2 * point

    minimise_on_host(coarse, torch.full((50,), 3.0), over(2.5), 1000)
    assert len(calls) < 100


def test_a_far_too_small_curvature_still_converges() -> None:
    end, _ = minimise_on_host(rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64), over(0.02), 100)
    assert rosenbrock(end)[0] < 1e-6


def test_with_the_exact_curvature_one_step_suffices() -> None:
    curvature = torch.logspace(-3, 3, 50, dtype=torch.float64)
    goal = torch.linspace(-1, 1, 50, dtype=torch.float64)

    def bowl(point: Tensor) -> tuple[Tensor, Tensor]:
        return (0.5 * curvature * (point - goal).square()).sum(), curvature * (point - goal)

    assert torch.allclose(minimise_on_host(bowl, torch.zeros_like(goal), over(curvature), 2)[0], goal)


def test_the_result_is_never_worse_than_the_start() -> None:
    generator = torch.Generator().manual_seed(0)

    def noisy(point: Tensor) -> tuple[Tensor, Tensor]:
        gradient = 2 * point + 0.5 * torch.randn(point.shape, generator=generator)
        return point.square().sum(), gradient

    start = torch.ones(20)
    for iterations in (1, 2, 5, 30):
        assert noisy(minimise_on_host(noisy, start, over(0.1), iterations)[0])[0] <= noisy(start)[0]


def test_iterations_is_the_number_of_evaluations() -> None:
    calls = []

    def counted(point: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(1)
        return rosenbrock(point)

    minimise_on_host(counted, torch.zeros(2), over(1.0), 7)
    assert len(calls) == 7


def test_on_the_host_the_tolerance_ends_the_descent() -> None:
    calls = []

    def counted(point: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(1)
        return rosenbrock(point)

    minimise_on_host(counted, torch.tensor([-1.2, 1.0]), over(200.0), 50, tolerance=0.5)
    assert len(calls) < 10


def test_the_last_step_is_made_without_an_evaluation() -> None:
    """Of a bowl whose curvature is known it is the whole way, and lowers the loss by less than the tolerance."""
    calls = []

    def bowl(point: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(1)
        return 0.5 * point.square().sum()[None] + 100, point

    for iterations in (1, 30):
        end, losses = minimise_on_host(bowl, torch.ones(3), over(1.0), iterations, tolerance=0.05)
        assert torch.equal(end, torch.zeros(3))
        assert losses == 101.5  # of the start
    assert len(calls) == 2


SIZE = 40


def valleys(point: Tensor) -> tuple[Tensor, Tensor]:
    """A sum of Rosenbrock functions of two variables each, where steps overshoot."""
    x, y = point[::2], point[1::2]
    gradient = torch.stack([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)], dim=1).flatten()
    return torch.stack([(1 - x).square().sum(), 100 * (y - x * x).square().sum()]), gradient


class RecordedEvaluations:
    """Records the points of evaluations."""

    def __init__(self, evaluate: Evaluate) -> None:
        self.evaluate, self.points = evaluate, list[Tensor]()

    def __call__(self, point: Tensor) -> tuple[Tensor, Tensor]:
        self.points.append(point.clone())
        return self.evaluate(point)


def start(seed: int) -> Tensor:
    return torch.randn(SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def waves(point: Tensor) -> tuple[Tensor, Tensor]:
    """A function with negative curvature: some steps are not remembered, and the history misleads."""
    return torch.stack([(1 - point.cos()).sum(), 0.01 * point.square().sum()]), point.sin() + 0.02 * point


def count_rejected_steps(evaluations: RecordedEvaluations) -> int:
    """Return the number of evaluations that were no better than the best before."""
    sums = torch.stack([valleys(place)[0].sum() for place in evaluations.points])
    return int((sums[1:] >= sums.cummin(0).values[:-1]).sum())


@pytest.mark.parametrize("curvature", [0.5, 2000.0])
@pytest.mark.parametrize("history", [1, 4, 10])
@pytest.mark.parametrize("evaluate", [valleys, waves])
def test_device_and_host_evaluate_at_the_same_points(evaluate: Evaluate, history: int, curvature: float) -> None:
    """In float64, because the descent is chaotic."""
    by_host, by_device = RecordedEvaluations(evaluate), RecordedEvaluations(evaluate)
    scaled = torch.linspace(0.5, 2, SIZE, dtype=torch.float64) * curvature
    point, losses = minimise_on_host(by_host, start(1), over(scaled), 30, history=history)
    lbfgs = DeviceLBFGS(by_device, over(scaled), start(1), loss_count=2, history=history)
    lbfgs.reset(start(1))
    for _ in range(30):
        lbfgs.step()
    for one, other in zip(by_host.points, by_device.points, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(lbfgs.point, point, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(lbfgs.losses, losses, rtol=1e-6, atol=1e-9)
    assert evaluate is waves or count_rejected_steps(by_host) > 0


def bowl_of_two_curvatures(point: Tensor) -> tuple[Tensor, Tensor]:
    """An image, [1, 8, 16], whose right half bends three hundred times as much as its left half, unevenly each."""
    curvature = torch.linspace(1, 2, point.numel(), dtype=point.dtype).view_as(point).clone()
    curvature[..., 8:] *= 300
    return (0.5 * curvature * (point - 1).square()).sum()[None], curvature * (point - 1)


@pytest.mark.parametrize("history", [1, 3])
def test_blocks_have_curvatures_of_their_own(history: int) -> None:
    gaps = {}
    for blocks in (WHOLE, Blocks(8)):
        zeros = torch.zeros(1, 8, 16, dtype=torch.float64)
        end, _ = minimise_on_host(bowl_of_two_curvatures, zeros, over(600.0), 8, history=history, blocks=blocks)
        gaps[blocks] = float(bowl_of_two_curvatures(end)[0])
    assert gaps[Blocks(8)] < 0.1 * gaps[WHOLE]


@pytest.mark.parametrize("side", [4, 5, 64])
@pytest.mark.parametrize("curvature", [0.5, 2000.0])
@pytest.mark.parametrize("evaluate", [valleys, waves])
def test_with_blocks_device_and_host_evaluate_at_the_same_points(
    evaluate: Evaluate, curvature: float, side: int
) -> None:
    def shaped(point: Tensor) -> tuple[Tensor, Tensor]:
        losses, gradient = evaluate(point.flatten())
        return losses, gradient.view_as(point)

    by_host, by_device = RecordedEvaluations(shaped), RecordedEvaluations(shaped)
    image = start(1).view(1, 5, 8)
    point, losses = minimise_on_host(by_host, image, over(curvature), 20, history=2, blocks=Blocks(side))
    lbfgs = DeviceLBFGS(by_device, over(curvature), image, loss_count=2, history=2, blocks=Blocks(side))
    lbfgs.reset(image)
    for _ in range(20):
        lbfgs.step()
    for one, other in zip(by_host.points, by_device.points, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(lbfgs.point, point, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(lbfgs.losses, losses, rtol=1e-6, atol=1e-9)


def test_a_block_as_large_as_the_image_is_the_whole() -> None:
    ends = []
    for blocks in (WHOLE, Blocks(64)):
        zeros = torch.zeros(1, 8, 16, dtype=torch.float64)
        ends.append(minimise_on_host(bowl_of_two_curvatures, zeros, over(600.0), 8, blocks=blocks)[0])
    torch.testing.assert_close(*ends)


@pytest.mark.parametrize("inverse_hessian", [None, over(200.0)])
def test_minimise_on_device_finds_the_minimum_of_minimise_on_host(inverse_hessian: InverseHessian | None) -> None:
    evaluations = RecordedEvaluations(valleys)
    point, losses = minimise_on_host(valleys, start(3), inverse_hessian, 25)
    found, its_losses = minimise_on_device(evaluations, start(3), inverse_hessian, 25)
    torch.testing.assert_close(found, point, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(its_losses, losses, rtol=1e-6, atol=1e-9)
    assert len(evaluations.points) == 25 + 1


def test_on_the_device_rounding_ends_the_descent() -> None:
    def coarse(point: Tensor) -> tuple[Tensor, Tensor]:
        return point.square().bfloat16().to(point.dtype).sum()[None], 2 * point

    evaluations = RecordedEvaluations(coarse)
    point, _ = minimise_on_host(evaluations, start(1), over(2.5), 1000)
    assert len(evaluations.points) < 100
    lbfgs = DeviceLBFGS(coarse, over(2.5), start(1), loss_count=1)
    lbfgs.reset(start(1))
    for evaluated in range(len(evaluations.points) + 3):
        assert bool(lbfgs.converged) == (evaluated >= len(evaluations.points))
        lbfgs.step()
    torch.testing.assert_close(lbfgs.point, point)


def test_after_convergence_nothing_changes() -> None:
    evaluations = RecordedEvaluations(valleys)
    point, losses = minimise_on_host(evaluations, start(1), over(2000.0), 100, tolerance=0.05)
    assert len(evaluations.points) < 90
    lbfgs = DeviceLBFGS(valleys, over(2000.0), start(1), loss_count=2, tolerance=0.05)
    lbfgs.reset(start(1))
    for evaluated in range(100):
        assert bool(lbfgs.converged) == (evaluated >= len(evaluations.points))
        lbfgs.step()
    torch.testing.assert_close(lbfgs.point, point)
    torch.testing.assert_close(lbfgs.losses, losses)


def test_reset_forgets_the_previous_frame() -> None:
    lbfgs = DeviceLBFGS(valleys, over(200.0), start(1), loss_count=2)
    ends = []
    for seed in (1, 2, 1):
        lbfgs.reset(start(seed))
        for _ in range(12):
            lbfgs.step()
        ends.append(lbfgs.point.clone())
    assert torch.equal(ends[0], ends[2])
    assert not torch.equal(ends[0], ends[1])


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_loss_that_is_not_finite_leaves_the_start_unchanged(bad: float) -> None:
    finite = False

    def evaluate(point: Tensor) -> tuple[Tensor, Tensor]:
        return valleys(point) if finite else (torch.full((2,), bad, dtype=point.dtype), torch.full_like(point, bad))

    lbfgs = DeviceLBFGS(evaluate, over(200.0), start(1), loss_count=2)
    lbfgs.reset(start(1))
    for _ in range(3):
        lbfgs.step()
    assert torch.equal(lbfgs.point, start(1))
    finite = True  # in the next frame
    lbfgs.reset(start(1))
    for _ in range(12):
        lbfgs.step()
    assert lbfgs.losses.sum() < valleys(start(1))[0].sum()
