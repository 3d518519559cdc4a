"""Each kernel beside its twin in torch, and beside the time that its bytes need to move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import pytest
import torch

from benchmarks.report import Report, Row
from benchmarks.timing import SIZES, device, device_name, timer
from streamstyle.gpu.device import tune_malloc
from streamstyle.gpu.dispatch import find_kernels
from streamstyle.ops.carried_trust import (
    STRETCH,
    local_excess,
    source_trust,
    stretch_trust,
    torch_local_excess,
    torch_source_trust,
    torch_stretch_trust,
)
from streamstyle.ops.filters import (
    add_doubled,
    block_means,
    gaussian_blur,
    halve,
    torch_add_doubled,
    torch_block_means,
    torch_gaussian_blur,
    torch_halve,
)
from streamstyle.ops.layers import (
    DETAIL_SIGMA,
    LayerBlend,
    add_detail,
    blend_layers,
    energy_blocks,
    gradient_blocks,
    tone_blocks,
    tone_difference,
    torch_add_detail,
    torch_blend_layers,
    torch_energy_blocks,
    torch_gradient_blocks,
    torch_tone_blocks,
)
from streamstyle.ops.luma import BT709
from streamstyle.ops.network_ends import depth_to_space, network_input, torch_depth_to_space, torch_network_input
from streamstyle.ops.occlusion import (
    consistency_weight,
    photometric_weight,
    torch_consistency_weight,
    torch_photometric_weight,
)
from streamstyle.ops.relu import relu_pool, relu_pool_backward, torch_relu_pool, torch_relu_pool_backward
from streamstyle.ops.screened_poisson import solve_screened_poisson, torch_solve_screened_poisson
from streamstyle.ops.temporal import temporal_term, torch_temporal_term
from streamstyle.ops.warp import backward_warp, torch_backward_warp
from streamstyle.ops.yuv import rgb_to_yuv420, torch_rgb_to_yuv420

PAIRS = 25
WEIGHTS = (9000.0, 691.0, 40000.0)


@dataclass(frozen=True)
class Case:
    """A kernel, its twin, and the bytes a pixel that have to be read and written."""

    name: str
    kernel: Callable[[], Any]
    twin: Callable[[], Any]
    bytes: float


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_kernels(width: int, height: int, report: Report) -> None:
    """They agree with their twins; how long each takes is told, in pairs run in turn."""
    where = device()
    if find_kernels(torch.zeros(1, device=where)) is None:
        pytest.skip("there are no kernels: `pip install -e .` with a C++ compiler, or `.[cuda]` with a GPU")
    tune_malloc()  # as a run does: pages that are asked for anew would be half of what is timed
    bandwidth = _bandwidth(where)
    rows: list[Row] = []
    for case in _cases(height, width, where):
        _assert_close(case)
        kernel, twin = _time_pairs(case)
        floor = case.bytes * width * height / bandwidth
        row: Row = {"": case.name, "torch, ms": 1e3 * twin, "kernel, ms": 1e3 * kernel, "times as fast": twin / kernel}
        rows.append(row | {"bytes need, ms": 1e3 * floor, "share of copy bandwidth": floor / kernel})
    report.show(f"Kernels at {width}x{height} on {device_name(where)}, copying at {bandwidth / 1e9:.0f} GB/s", rows)


def _bandwidth(device: torch.device) -> float:
    """Return the bytes a second, read and written, that a copy of a quarter of a gigabyte moves."""
    source = torch.ones(1 << 26, device=device)
    target = torch.ones_like(source)
    copy = timer(lambda: target.copy_(source))
    return 2 * source.nbytes / median(copy() for _ in range(9))


def _cases(height: int, width: int, device: torch.device) -> list[Case]:
    random = torch.Generator().manual_seed(0)
    carried, stylised, image = torch.rand(3, 3, height, width, generator=random).to(device)
    coarse = 4 * torch.randn(1, 2, height // 40, width // 40, generator=random)
    backward = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")[0].contiguous().to(device)
    forward = 0.05 - backward
    trust = torch_consistency_weight(backward, forward)
    term = torch_temporal_term(carried, stylised, trust, *WEIGHTS)
    planes = torch.rand(10, height, width, generator=random).to(device)
    tone = tone_difference(carried, stylised, trust)
    small = torch.rand(3, height // 2, width // 2, generator=random).to(device) - 0.5
    blend = LayerBlend(9000, 691, 0.3, (1.0, 1.0), 0.4)
    framed = image[None, :, : height // 4 * 4, : width // 4 * 4]
    features = planes.new_empty(1, 12, height // 2, width // 2).uniform_().to(memory_format=torch.channels_last)
    activations = torch.randn(1, 16, height, width, generator=random).to(device, torch.bfloat16)
    activations = activations.to(memory_format=torch.channels_last)
    pooled = torch_relu_pool(activations)
    held = (carried, stylised, trust, *WEIGHTS)
    return [
        Case(
            "consistency weight",
            lambda: consistency_weight(backward, forward),
            lambda: torch_consistency_weight(backward, forward),
            20,
        ),
        Case(
            "photometric weight",
            lambda: photometric_weight(backward, 255 * carried[0], 255 * image[0]),
            lambda: torch_photometric_weight(backward, 255 * carried[0], 255 * image[0]),
            20,
        ),
        *(
            Case(
                f"warp, {mode}",
                partial(backward_warp, image, backward, mode),
                partial(torch_backward_warp, image, backward, mode),
                32,
            )
            for mode in ("bicubic", "bilinear")
        ),
        Case(
            "warp, Lanczos, the ten planes of live",
            lambda: backward_warp(planes, backward, "lanczos"),
            lambda: torch_backward_warp(planes, backward, "lanczos"),
            88,
        ),
        Case(
            "blur",
            lambda: gaussian_blur(image, DETAIL_SIGMA),
            lambda: torch_gaussian_blur(image, DETAIL_SIGMA),
            24,
        ),
        Case(
            "trust by the carried source",
            lambda: source_trust(planes[9], image[0], trust),
            lambda: torch_source_trust(planes[9], image[0], trust),
            16,
        ),
        Case(
            "trust in stretched flow",
            lambda: stretch_trust(backward, trust),
            lambda: torch_stretch_trust(backward, trust, STRETCH**-2),
            16,
        ),
        Case(
            "excess of the source",
            lambda: local_excess(planes[9], image[0]),
            lambda: torch_local_excess(planes[9], image[0]),
            12,
        ),
        Case(
            "blend of layers",
            lambda: blend_layers(planes, stylised, image, image[0], trust, tone, blend)[0],
            lambda: torch_blend_layers(planes, stylised, image, image[0], trust, tone, blend)[0],
            124,
        ),
        Case(
            "tone of blocks",
            lambda: tone_blocks(carried, stylised, trust),
            lambda: torch_tone_blocks(carried, stylised, trust),
            28,
        ),
        Case(
            "energy of blocks",
            lambda: energy_blocks(carried, stylised),
            lambda: torch_energy_blocks(carried, stylised),
            24,
        ),
        Case(
            "gradients of blocks",
            lambda: gradient_blocks(carried, image, stylised),
            lambda: torch_gradient_blocks(carried, image, stylised),
            36,
        ),
        Case("means of blocks", lambda: block_means(image), lambda: torch_block_means(image), 12),
        Case("half the size", lambda: halve(image), lambda: torch_halve(image), 15),
        Case(
            "sum of coarse layer and detail",
            lambda: add_detail(image, stylised, tone[:1]),
            lambda: torch_add_detail(image, stylised, tone[:1]),
            36,
        ),
        Case(
            "sum with half the size",
            lambda: add_doubled(image, small),
            lambda: torch_add_doubled(image, small),
            27,
        ),
        Case(
            "temporal term, once a frame",
            lambda: temporal_term(*held).centre,
            lambda: torch_temporal_term(*held).centre,
            44,
        ),
        Case(
            "its value and gradient",
            lambda: term.loss_and_gradient(image)[1],
            lambda: term.torch_loss_and_gradient(image)[1],
            40,
        ),
        Case(
            "the inverse Hessian",
            lambda: solve_screened_poisson(image, term.weight, WEIGHTS[2]),
            lambda: torch_solve_screened_poisson(image, term.weight, WEIGHTS[2]),
            28 if device.type == "cpu" else 384,
        ),
        Case(
            "ReLU and pooling",
            lambda: relu_pool(activations),
            lambda: torch_relu_pool(activations),
            40,
        ),
        Case(
            "their gradient",
            lambda: relu_pool_backward(pooled, activations),
            lambda: torch_relu_pool_backward(pooled, activations),
            72,
        ),
        Case(
            "into a style network",
            lambda: network_input(framed),
            lambda: torch_network_input(framed),
            24,
        ),
        Case(
            "out of a style network",
            lambda: depth_to_space(features),
            lambda: torch_depth_to_space(features),
            24,
        ),
        Case(
            "planes for the encoder",
            lambda: rgb_to_yuv420(image, BT709),
            lambda: torch_rgb_to_yuv420(image, BT709),
            13.5,
        ),
    ]


def _assert_close(case: Case) -> None:
    found, wanted = case.kernel(), case.twin()
    differ = (found.float() - wanted.float()).abs() > 1e-4 * wanted.float().abs().max()
    assert differ.float().mean() < 1e-3, "what is within rounding of a verdict may fall otherwise, no more"


def _time_pairs(case: Case) -> tuple[float, float]:
    kernel, twin = timer(case.kernel), timer(case.twin)
    both = [(kernel(), twin()) for _ in range(PAIRS)]
    return median(seconds for seconds, _ in both), median(seconds for _, seconds in both)
