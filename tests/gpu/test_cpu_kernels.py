"""The CPU kernels, built by g++, against their torch twins."""

from __future__ import annotations

import re

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.gpu.cpu_kernels import CpuKernels
from streamstyle.gpu.dispatch import csrc_folder
from streamstyle.gpu.kernels import kernels_of
from streamstyle.ops import network_ends
from streamstyle.ops.carried_trust import (
    PARTICLE_TRUST,
    SOURCE_TRUST,
    torch_local_excess,
    torch_particle_trust,
    torch_source_trust,
    torch_stretch_trust,
)
from streamstyle.ops.filters import (
    gaussian_taps,
    torch_add_doubled,
    torch_block_means,
    torch_gaussian_blur,
    torch_halve,
)
from streamstyle.ops.image import LEVELS_SQUARED
from streamstyle.ops.layers import (
    LayerBlend,
    torch_add_detail,
    torch_blend_layers,
    torch_energy_blocks,
    torch_gradient_blocks,
    torch_tone_blocks,
)
from streamstyle.ops.luma import BT601, BT709, LumaWeights
from streamstyle.ops.network_ends import depth_to_space, network_input, torch_depth_to_space, torch_network_input
from streamstyle.ops.occlusion import torch_consistency_weight, torch_photometric_weight
from streamstyle.ops.relu import torch_relu_pool, torch_relu_pool_backward
from streamstyle.ops.screened_poisson import chebyshev_factors, torch_solve_screened_poisson
from streamstyle.ops.temporal import torch_temporal_term
from streamstyle.ops.warp import lanczos_table, torch_backward_warp
from streamstyle.ops.yuv import torch_rgb_to_yuv420
from tests.films import moving_square

SIZES = [(1, 1), (2, 3), (5, 1), (48, 64), (37, 51)]


def smooth_flow(channels: int, height: int, width: int, seed: int = 0, cell: int = 8) -> Tensor:
    """Smooth noise, similar to optical flow."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.randn(1, channels, height // cell + 2, width // cell + 2, generator=random)
    return F.interpolate(coarse, (height, width), mode="bilinear")[0].contiguous()


def pictures(count: int, height: int, width: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(1), dtype=dtype)


def run_temporal_loss(kernels: CpuKernels, image: Tensor, centre: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
    """Return the gradient and the loss above the minimum, with a total variation weight of 40000."""
    return kernels.run("temporal_loss_and_gradient", image, centre, weight, 40000, scale=LEVELS_SQUARED / image.numel())


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_warp_equals_its_twin(cpu_kernels: CpuKernels, mode: str, height: int, width: int, dtype: torch.dtype) -> None:
    image, flow = pictures(1, height, width, dtype)[0], 6 * smooth_flow(2, height, width).to(dtype)
    tables = (lanczos_table().to(dtype),) if mode == "lanczos" else ()
    carried, twin = cpu_kernels.run(f"warp_{mode}", image, flow, *tables)[0], torch_backward_warp(image, flow, mode)
    # grid_sample's coordinates run from -1 to 1, where float32 resolves 64 · 2^-24 pixels
    torch.testing.assert_close(carried, twin, rtol=0, atol=2e-5 if dtype == torch.float32 else 1e-12)


@pytest.mark.parametrize("amplitude", [0.02, 0.5, 6.0, 40.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_neighbours_that_move_alike_are_warped_as_if_alone(
    cpu_kernels: CpuKernels, amplitude: float, dtype: torch.dtype
) -> None:
    image, flow = pictures(1, 60, 135, dtype)[0], amplitude * smooth_flow(2, 60, 135, cell=40).to(dtype)
    warped = cpu_kernels.run("warp_lanczos", image, flow, lanczos_table().to(dtype))[0]
    atol = 1e-6 if dtype == torch.float32 else 1e-12
    torch.testing.assert_close(warped, torch_backward_warp(image, flow, "lanczos"), rtol=0, atol=atol)


@pytest.mark.parametrize("channels", [1, 4, 5, 12, 13])
def test_any_number_of_channels_is_warped(cpu_kernels: CpuKernels, channels: int) -> None:
    image, flow = pictures(5, 20, 30).flatten(0, 1)[:channels], 6 * smooth_flow(2, 20, 30)
    warped = cpu_kernels.run("warp_lanczos", image, flow, lanczos_table())[0]
    torch.testing.assert_close(warped, torch_backward_warp(image, flow, "lanczos"), rtol=0, atol=1e-6)


def test_zero_flow_returns_the_image_bit_for_bit(cpu_kernels: CpuKernels) -> None:
    image = pictures(1, 30, 40)[0]
    for mode in ("bilinear", "bicubic"):
        assert torch.equal(cpu_kernels.run(f"warp_{mode}", image, torch.zeros(2, 30, 40))[0], image)
    assert torch.equal(cpu_kernels.run("warp_lanczos", image, torch.zeros(2, 30, 40), lanczos_table())[0], image)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("seed", range(3))
def test_the_consistency_weight_equals_its_twin(cpu_kernels: CpuKernels, height: int, width: int, seed: int) -> None:
    backward = 4 * smooth_flow(2, height, width, seed, cell=40)
    forward = -backward + 0.5 * smooth_flow(2, height, width, seed + 10)
    weight, twin = (
        cpu_kernels.run("consistency_weight", backward, forward)[0],
        torch_consistency_weight(backward, forward),
    )
    # sums of five in another order; pixels within rounding of a threshold could differ, but none does here
    torch.testing.assert_close(weight, twin, rtol=0, atol=1e-6)
    if height > 30:
        assert 0.02 < float(weight.mean()) < 0.98  # the weight is not trivial


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("seed", range(3))
def test_the_photometric_weight_equals_its_twin(cpu_kernels: CpuKernels, height: int, width: int, seed: int) -> None:
    backward = 4 * smooth_flow(2, height, width, seed, cell=40)
    previous = 128 + 40 * smooth_flow(1, height, width, seed)[0]
    image = (
        torch_backward_warp(previous[None], backward, "bilinear")[0] + 20 * smooth_flow(1, height, width, seed + 1)[0]
    )
    weight, twin = (
        cpu_kernels.run("photometric_weight", backward, previous, image)[0],
        torch_photometric_weight(backward, previous, image),
    )
    # sums of 25 in another order; pixels within rounding of a threshold could differ, but none does here
    torch.testing.assert_close(weight, twin, rtol=0, atol=1e-6)
    if height > 30:
        assert 0.02 < float(weight.mean()) < 0.98  # the weight is not trivial


def test_the_consistency_weight_of_a_moving_square(cpu_kernels: CpuKernels) -> None:
    scene = moving_square(step=(4, 0))
    backward, forward = torch.from_numpy(scene.backward[1]), torch.from_numpy(scene.forward[1])
    weight = cpu_kernels.run("consistency_weight", backward, forward)[0]
    assert not weight[torch.from_numpy(scene.uncovered[1])].any()
    torch.testing.assert_close(weight, torch_consistency_weight(backward, forward), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("pixel_weight", [0.0, 691.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_temporal_term_equals_its_twin(
    cpu_kernels: CpuKernels, height: int, width: int, pixel_weight: float, dtype: torch.dtype
) -> None:
    carried, stylised, image = pictures(3, height, width, dtype)
    trust = pictures(1, height, width, dtype)[0, 0]
    trust[0, 0] = 0
    twin = torch_temporal_term(carried, stylised, trust, 9000, pixel_weight, 40000)
    centre, weight, minimum = cpu_kernels.run(
        "temporal_term", carried, stylised, trust, 9000, pixel_weight, scale=LEVELS_SQUARED / image.numel()
    )
    # torch sums in float32, pairwise; here rows are summed in float32 and rows upon rows in float64
    close = {"rtol": 1e-5, "atol": 1e-6} if dtype == torch.float32 else {"rtol": 1e-12, "atol": 1e-12}
    torch.testing.assert_close(centre, twin.centre, **close)
    torch.testing.assert_close(weight, twin.weight, **close)
    torch.testing.assert_close(minimum, twin.minimum, **close)

    gradient, above = run_temporal_loss(cpu_kernels, image, twin.centre, twin.weight)
    loss, slope = twin.torch_loss_and_gradient(image)
    torch.testing.assert_close(above + twin.minimum, loss, **close)
    torch.testing.assert_close(gradient, slope, rtol=close["rtol"], atol=close["rtol"] * float(slope.abs().max()))


def test_the_gradient_equals_finite_differences_of_the_loss(cpu_kernels: CpuKernels) -> None:
    carried, stylised, image = pictures(3, 5, 6, torch.float64)
    trust = pictures(1, 5, 6, torch.float64)[0, 0]
    centre, weight, _ = cpu_kernels.run("temporal_term", carried, stylised, trust, 9000, 691)

    def loss(x: Tensor) -> Tensor:
        return run_temporal_loss(cpu_kernels, x, centre, weight)[1]

    step, slopes = 1e-4, torch.empty_like(image)
    for place in range(image.numel()):
        nudge = torch.zeros_like(image)
        nudge.view(-1)[place] = step
        slopes.view(-1)[place] = (loss(image + nudge) - loss(image - nudge)) / (2 * step)
    # the loss is a parabola: central differences are exact but for rounding, 2^-53 of the loss over the step
    torch.testing.assert_close(
        run_temporal_loss(cpu_kernels, image, centre, weight)[0], slopes, rtol=0, atol=1e-14 * float(loss(image)) / step
    )


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_screened_poisson_equation_is_solved_as_by_its_twin(
    cpu_kernels: CpuKernels, height: int, width: int, dtype: torch.dtype
) -> None:
    right_side, weight = pictures(1, height, width, dtype)[0], 0.1 + pictures(1, height, width, dtype)[0, 0]
    factors = torch.tensor(chebyshev_factors(), dtype=dtype)
    found = cpu_kernels.run("screened_poisson", right_side, weight, factors, 4.0)[0]
    twin = torch_solve_screened_poisson(right_side, weight, 4.0)
    # sums in another order and a product with the reciprocal in place of a quotient, over seven steps
    torch.testing.assert_close(found, twin, rtol=0, atol=5e-6 if dtype == torch.float32 else 1e-14)


POOLED_SIZES = [(2, 2), (3, 5), (16, 24), (9, 6)]


def features(channels: int, height: int, width: int, dtype: torch.dtype) -> Tensor:
    """Activations before ReLU, channels last, of few values, so that many are equal."""
    drawn = torch.randint(-3, 4, (1, channels, height, width), generator=torch.Generator().manual_seed(2))
    return (drawn / 3).to(dtype, memory_format=torch.channels_last)


def channels_last(each: Tensor) -> Tensor:
    return each[0].permute(1, 2, 0)


@pytest.mark.parametrize(("height", "width"), POOLED_SIZES)
@pytest.mark.parametrize("channels", [3, 16])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_relu_and_pooling_and_their_gradient_equal_the_twins_bit_for_bit(
    cpu_kernels: CpuKernels, height: int, width: int, channels: int, dtype: torch.dtype
) -> None:
    """Values are compared and copied, nothing is added or rounded."""
    activations = features(channels, height, width, dtype)
    pooled = torch_relu_pool(activations)
    assert torch.equal(cpu_kernels.run("relu_pool", channels_last(activations))[0], channels_last(pooled))
    gradient = 1 + features(channels, height // 2, width // 2, dtype)
    found = cpu_kernels.run("relu_pool_backward", channels_last(gradient), channels_last(activations))[0]
    assert torch.equal(found, channels_last(torch_relu_pool_backward(gradient, activations)))


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("sigma", [0.3, 1.6, 8 / 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_blur_equals_its_twin(
    cpu_kernels: CpuKernels, sigma: float, height: int, width: int, dtype: torch.dtype
) -> None:
    image = pictures(1, height, width, dtype)[0]
    blurred = cpu_kernels.run("gaussian_blur", image, gaussian_taps(sigma).to(dtype))[0]
    # sums of up to 17 in another order
    atol = 1e-6 if dtype == torch.float32 else 1e-14
    torch.testing.assert_close(blurred, torch_gaussian_blur(image, sigma), rtol=0, atol=atol)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_images_at_other_sizes_equal_their_twins(
    cpu_kernels: CpuKernels, height: int, width: int, dtype: torch.dtype
) -> None:
    image, small = pictures(1, height, width, dtype)[0], pictures(1, -(-height // 2), -(-width // 2), dtype)[0] - 0.5
    atol = 1e-6 if dtype == torch.float32 else 1e-14  # sums of 64 in another order
    means = cpu_kernels.run("block_means", image)[0]
    torch.testing.assert_close(means, torch_block_means(image), rtol=0, atol=atol)
    halves = cpu_kernels.run("halve", image)[0]
    torch.testing.assert_close(halves, torch_halve(image), rtol=0, atol=atol)
    sums = cpu_kernels.run("add_doubled", image, small)[0]
    torch.testing.assert_close(sums, torch_add_doubled(image, small), rtol=0, atol=atol)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_layers_equal_their_twins(cpu_kernels: CpuKernels, height: int, width: int, dtype: torch.dtype) -> None:
    stylised, detail, first = pictures(3, height, width, dtype)
    tone = pictures(1, -(-height // 8), -(-width // 8), dtype)[0]
    planes = pictures(4, height, width, dtype).flatten(0, 1)[:10].contiguous()
    source, trust = first[0], first[1]
    atol = 1e-6 if dtype == torch.float32 else 1e-14  # sums of 25 in another order
    found = cpu_kernels.run("source_trust", planes[9], source, trust, *SOURCE_TRUST)[0]
    torch.testing.assert_close(found, torch_source_trust(planes[9], source, trust), rtol=0, atol=atol)
    excess = cpu_kernels.run("local_excess", planes[9], source)[0]
    torch.testing.assert_close(excess, torch_local_excess(planes[9], source), rtol=0, atol=0)
    around = 0.1 * tone[0]
    found = cpu_kernels.run("particle_trust", excess, around, trust, *PARTICLE_TRUST)[0]
    torch.testing.assert_close(found, torch_particle_trust(excess, around, trust), rtol=0, atol=atol)
    backward = planes[:2].contiguous()
    found = cpu_kernels.run("stretch_trust", backward, trust, 4.0)[0]
    torch.testing.assert_close(found, torch_stretch_trust(backward, trust, 4.0), rtol=0, atol=atol)
    image = cpu_kernels.run("add_detail", stylised, detail - 0.5, 3 * tone[0])[0]
    torch.testing.assert_close(image, torch_add_detail(stylised, detail - 0.5, 3 * tone[:1]), rtol=0, atol=atol)
    blend = LayerBlend(9000, 691, 0.3, (0.9, 0.0), 0.4)
    numbers = (9000, 691, 0.3, 0.9, 0.0, 0.4)
    found_layers = cpu_kernels.run("blend_layers", planes, stylised, detail, source, trust, tone, *numbers)
    twins = torch_blend_layers(planes, stylised, detail, source, trust, tone, blend)
    for layer, twin in zip(found_layers, twins, strict=True):
        torch.testing.assert_close(layer, twin, rtol=0, atol=atol)
    means = cpu_kernels.run("tone_blocks", planes[:3], stylised, trust)[0]
    torch.testing.assert_close(means, torch_tone_blocks(planes[:3], stylised, trust), rtol=0, atol=atol)
    means = cpu_kernels.run("energy_blocks", stylised, detail)[0]
    torch.testing.assert_close(means, torch_energy_blocks(stylised, detail), rtol=0, atol=2 * atol)
    means = cpu_kernels.run("gradient_blocks", detail, planes[:3], stylised)[0]
    torch.testing.assert_close(means, torch_gradient_blocks(detail, planes[:3], stylised), rtol=0, atol=2 * atol)


@pytest.mark.parametrize(("height", "width"), [(4, 4), (8, 4), (16, 20), (48, 64)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_ends_of_a_network_equal_their_twins(
    cpu_kernels: CpuKernels, height: int, width: int, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_ends, "find_kernels", lambda _: cpu_kernels)
    images = 0.5 + 0.05 * pictures(2, height, width, dtype)
    atol = 4e-6 if dtype == torch.float32 else 1e-6  # taps of a fifth in float32; differences up to four, in [-2, 2]
    torch.testing.assert_close(network_input(images), torch_network_input(images), rtol=0, atol=atol)
    grey = torch.full((1, 3, height, width), 0.4, dtype=dtype)
    assert torch.equal(network_input(grey), (4 * (grey[:, :1, ::2, ::2] - 0.5)).expand(-1, 12, -1, -1))
    features = pictures(8, height, width, dtype).view(2, 12, height, width).to(memory_format=torch.channels_last)
    atol = 1e-6 if dtype == torch.float32 else 1e-14
    torch.testing.assert_close(depth_to_space(features), torch_depth_to_space(features), rtol=0, atol=atol)


@pytest.mark.parametrize(("height", "width"), [(2, 2), (4, 6), (48, 64)])
@pytest.mark.parametrize("luma", [BT601, BT709])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rgb_to_yuv420_equals_its_twin(
    cpu_kernels: CpuKernels, luma: LumaWeights, height: int, width: int, dtype: torch.dtype
) -> None:
    image = 1.2 * pictures(1, height, width, dtype)[0] - 0.1
    planes, twin = (
        cpu_kernels.run("rgb_to_yuv420", image, luma.red, luma.blue)[0].view(-1, width).int(),
        torch_rgb_to_yuv420(image, luma).int(),
    )
    assert planes.shape == (3 * height // 2, width)
    assert (planes - twin).abs().max() <= 1  # a sum within rounding of a half may round either way
    assert (planes != twin).float().mean() < 1e-3


def test_the_same_input_gives_the_same_bits(cpu_kernels: CpuKernels) -> None:
    carried, stylised, image = pictures(3, 48, 64)
    term = cpu_kernels.run("temporal_term", carried, stylised, carried[0].contiguous(), 9000, 691)
    for first, again in zip(
        run_temporal_loss(cpu_kernels, image, *term[:2]), run_temporal_loss(cpu_kernels, image, *term[:2]), strict=True
    ):
        assert torch.equal(first, again)


def test_the_table_has_every_cpu_kernel() -> None:
    exported = {
        name: path.stem
        for path in csrc_folder().glob("*.cpp")
        for name in re.findall(r"EXPORTED (\w+)##suffix\(", path.read_text())
    }
    assert exported == {name: kernel.source for name, kernel in kernels_of("cpu").items()}


def test_inputs_are_made_contiguous(cpu_kernels: CpuKernels) -> None:
    image, flow = pictures(1, 20, 30)[0], smooth_flow(2, 20, 30)
    turned = image.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    assert not turned.is_contiguous()
    assert torch.equal(
        cpu_kernels.run("warp_bicubic", turned, flow)[0], cpu_kernels.run("warp_bicubic", image, flow)[0]
    )
