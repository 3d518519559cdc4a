"""The descent that lives on the device takes the decisions of `minimise`, which reads its numbers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from streamstyle.ops.device_lbfgs import DeviceDescent, descend_on_device
from streamstyle.ops.lbfgs import Evaluate, minimise

SIZE = 40


def valleys(point: Tensor) -> tuple[Tensor, Tensor]:
    """Rosenbrock's valley, one for each two numbers: steps go uphill in it, and bend the wrong way."""
    x, y = point[::2], point[1::2]
    gradient = torch.stack([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)], dim=1).flatten()
    return torch.stack([(1 - x).square().sum(), 100 * (y - x * x).square().sum()]), gradient


class Walk:
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


def taken_back(walk: Walk) -> int:
    """Evaluations that were no better than the best before them."""
    sums = torch.stack([valleys(place)[0].sum() for place in walk.places])
    return int((sums[1:] >= sums.cummin(0).values[:-1]).sum())


@pytest.mark.parametrize("curvature", [0.5, 2000.0])
@pytest.mark.parametrize("history", [1, 4, 10])
@pytest.mark.parametrize("evaluate", [valleys, waves])
def test_it_evaluates_where_minimise_does(evaluate: Evaluate, history: int, curvature: float) -> None:
    """In float64, for a valley is chaotic."""
    by_host, by_device = Walk(evaluate), Walk(evaluate)
    scaled = torch.linspace(0.5, 2, SIZE, dtype=torch.float64) * curvature
    point, losses = minimise(by_host, start(1), scaled, 30, history=history)
    descent = DeviceDescent(by_device, start(1), losses=2, history=history)
    descent.begin(start(1), scaled)
    for _ in range(30):
        descent.advance()
    for one, other in zip(by_host.places, by_device.places, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(descent.point, point, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(descent.losses, losses, rtol=1e-6, atol=1e-9)
    assert evaluate is waves or taken_back(by_host) > 0


@pytest.mark.parametrize("curvature", [None, torch.full((SIZE,), 200.0, dtype=torch.float64)])
def test_from_beginning_to_end_it_finds_what_minimise_finds(curvature: Tensor | None) -> None:
    walk = Walk(valleys)
    point, losses = minimise(valleys, start(3), curvature, 25)
    found, its_losses = descend_on_device(walk, start(3), curvature, 25)
    torch.testing.assert_close(found, point, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(its_losses, losses, rtol=1e-6, atol=1e-9)
    assert len(walk.places) == 25 + 1


def test_it_ends_where_rounding_leaves_no_way_down() -> None:
    def coarse(point: Tensor) -> tuple[Tensor, Tensor]:
        return point.square().bfloat16().to(point.dtype).sum()[None], 2 * point

    walk = Walk(coarse)
    point, _ = minimise(walk, start(1), torch.full((SIZE,), 2.5, dtype=torch.float64), 1000)
    assert len(walk.places) < 100
    descent = DeviceDescent(coarse, start(1), losses=1)
    descent.begin(start(1), torch.full((SIZE,), 2.5, dtype=torch.float64))
    for evaluated in range(len(walk.places) + 3):
        assert bool(descent.settled) == (evaluated >= len(walk.places))
        descent.advance()
    torch.testing.assert_close(descent.point, point)


def test_once_settled_nothing_changes_any_more() -> None:
    scaled = torch.full((SIZE,), 2000.0, dtype=torch.float64)
    walk = Walk(valleys)
    point, losses = minimise(walk, start(1), scaled, 100, tolerance=0.05)
    assert len(walk.places) < 90
    descent = DeviceDescent(valleys, start(1), losses=2, tolerance=0.05)
    descent.begin(start(1), scaled)
    for evaluated in range(100):
        assert bool(descent.settled) == (evaluated >= len(walk.places))
        descent.advance()
    torch.testing.assert_close(descent.point, point)
    torch.testing.assert_close(descent.losses, losses)


def test_it_begins_anew_as_if_it_had_seen_nothing() -> None:
    scaled = torch.full((SIZE,), 200.0, dtype=torch.float64)
    descent = DeviceDescent(valleys, start(1), losses=2)
    ends = []
    for seed in (1, 2, 1):
        descent.begin(start(seed), scaled)
        for _ in range(12):
            descent.advance()
        ends.append(descent.point.clone())
    assert torch.equal(ends[0], ends[2])
    assert not torch.equal(ends[0], ends[1])


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_where_nothing_can_be_measured_it_stays_at_its_start(bad: float) -> None:
    def broken(point: Tensor) -> tuple[Tensor, Tensor]:
        return torch.full((2,), bad, dtype=point.dtype), torch.full_like(point, bad)

    descent = DeviceDescent(broken, start(1), losses=2)
    descent.begin(start(1), torch.ones(SIZE, dtype=torch.float64))
    for _ in range(3):
        descent.advance()
    assert torch.equal(descent.point, start(1))
    descent._evaluate = valleys  # the next frame is sound
    descent.begin(start(1), torch.full((SIZE,), 200.0, dtype=torch.float64))
    for _ in range(12):
        descent.advance()
    assert descent.losses.sum() < valleys(start(1))[0].sum()
