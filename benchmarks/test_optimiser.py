"""One frame's optimisation: led by the host, resident on its device, and there recorded as a CUDA graph."""

from __future__ import annotations

from functools import partial
from statistics import median
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.report import Report, Row
from benchmarks.timing import SIZES, count_synchronisations, device, device_name, seconds
from streamstyle.gpu.cuda_graph import capture
from streamstyle.gpu.device import tune_malloc
from streamstyle.models.weights import load_consistency_loss_network
from streamstyle.ops.temporal import TemporalTerm, temporal_term
from streamstyle.optimise import frame_optimiser
from streamstyle.optimise.frame_optimiser import FrameOptimiser
from streamstyle.settings import ConsistencySettings, Method

ROUNDS = 7


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_optimiser(
    width: int, height: int, pytestconfig: pytest.Config, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They find the same picture; all evaluations are made, none ends early."""
    where = device()
    tune_malloc()
    monkeypatch.setattr(frame_optimiser, "TOLERANCE", 0.0)
    settings = ConsistencySettings(method=Method.consistent, iterations=pytestconfig.getoption("--iterations"))
    network = load_consistency_loss_network(settings, where)
    assert network is not None
    ways: dict[str, Any] = {"led by the host": None, "resident": lambda work: work}
    if where.type == "cuda":
        ways["resident, recorded"] = capture
    optimisers = {name: FrameOptimiser(network, settings, _fail, record) for name, record in ways.items()}
    term, painted = _frame(height, width, where)
    found = {name: optimise(term, painted) for name, optimise in optimisers.items()}
    picture, losses = found["led by the host"]
    for _, its in found.values():
        torch.testing.assert_close(its.sum(), losses.sum(), rtol=5e-3, atol=0)
    if where.type == "cuda":
        _same(found["resident, recorded"], found["resident"])
    waited = {name: count_synchronisations(partial(optimise, term, painted)) for name, optimise in optimisers.items()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):  # in turn, so that what else the machine does bears on all alike
        for name, optimise in optimisers.items():
            times[name].append(seconds(partial(optimise, term, painted)))
    host = median(times["led by the host"])
    rows: list[Row] = [
        {
            "": name,
            "ms an evaluation": 1e3 * median(taken) / settings.iterations,
            "of the host's": median(taken) / host,
            "waits a frame": waited[name],
            "objective, of the host's": float(found[name][1].sum() / losses.sum()),
            "levels apart": float(255 * (found[name][0] - picture).abs().mean()),
        }
        for name, taken in times.items()
    ]
    report.show(f"{settings.iterations} evaluations at {width}x{height} on {device_name(where)}", rows)


def _frame(height: int, width: int, device: torch.device) -> tuple[TemporalTerm, Tensor]:
    random = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 3, height // 8, width // 8, generator=random)
    painted = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")[0].clamp(0, 1)
    carried = (painted + 0.1 * torch.randn(painted.shape, generator=random)).clamp(0, 1)
    trust = torch.rand(height, width, generator=random)
    carried, painted, trust = (each.to(device) for each in (carried, painted, trust))
    return temporal_term(carried, painted, trust, 9000, 691, 40000), painted


def _same(one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> None:
    """A graph does what the same work does without one."""
    for recorded_so, done_so in zip(one, other, strict=True):
        torch.testing.assert_close(recorded_so, done_so, rtol=1e-4, atol=1e-4)


def _fail(message: str) -> None:
    raise AssertionError(message)
