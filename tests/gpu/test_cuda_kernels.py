"""The CUDA kernels on a simulated GPU, thread by thread, launched by CudaKernels; no GPU is needed."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from streamstyle.gpu.cuda_kernels import CudaKernels
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
from streamstyle.ops.luma import BT709
from streamstyle.ops.network_ends import depth_to_space, network_input, torch_depth_to_space, torch_network_input
from streamstyle.ops.occlusion import torch_consistency_weight
from streamstyle.ops.screened_poisson import torch_chebyshev_step
from streamstyle.ops.temporal import torch_temporal_term
from streamstyle.ops.warp import lanczos_table, torch_backward_warp
from streamstyle.ops.yuv import torch_rgb_to_yuv420
from tests.gpu.simulated_gpu import KERNEL_NAME, SimulatedGPU

SIZES = [(1, 1), (9, 33), (8, 32), (37, 70)]
"""Less than a block of 8x32, one pixel more each way, exactly one block, and several blocks with a remainder."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture(params=["forwards", "backwards"])
def gpu(built: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SimulatedGPU:
    compiler = shutil.which("g++")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs g++ and Linux")
    monkeypatch.setattr(torch.cuda, "device", lambda device: nullcontext())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: SimpleNamespace(cuda_stream=7))
    simulated = SimulatedGPU(compiler, built)
    simulated.backwards = request.param == "backwards"
    return simulated


@pytest.fixture
def kernels(gpu: SimulatedGPU) -> CudaKernels:
    return CudaKernels(gpu, csrc_folder())


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def flow(height: int, width: int, seed: int = 0) -> Tensor:
    coarse = 6 * (random(1, 2, height // 9 + 2, width // 9 + 2, seed=seed) - 0.5)
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")[0].contiguous()


def run_temporal_loss(kernels: CudaKernels, image: Tensor, centre: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
    """Return the gradient and the loss above the minimum, with a total variation weight of 40000."""
    return kernels.run("temporal_loss_and_gradient", image, centre, weight, 40000, scale=LEVELS_SQUARED / image.numel())


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
def test_warp_equals_its_twin(kernels: CudaKernels, mode: Any, height: int, width: int) -> None:
    image, along = random(4, height, width), flow(height, width)
    tables = (lanczos_table(),) if mode == "lanczos" else ()
    carried, twin = kernels.run(f"warp_{mode}", image, along, *tables)[0], torch_backward_warp(image, along, mode)
    torch.testing.assert_close(carried, twin, rtol=0, atol=2e-5)  # grid_sample resolves positions to 64 · 2^-24 pixels


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_consistency_weight_equals_its_twin(kernels: CudaKernels, height: int, width: int) -> None:
    backward = flow(height, width)
    forward = 0.4 * flow(height, width, seed=5) - backward
    weight, twin = kernels.run("consistency_weight", backward, forward)[0], torch_consistency_weight(backward, forward)
    torch.testing.assert_close(weight, twin, rtol=0, atol=1e-6)
    if height > 30:
        assert 0.02 < float(weight.mean()) < 0.98


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_temporal_term_and_its_gradient_equal_their_twins(kernels: CudaKernels, height: int, width: int) -> None:
    carried, stylised, image = random(3, 3, height, width)
    trust = random(height, width, seed=1)
    centre, weight, minimum = kernels.run(
        "temporal_term", carried, stylised, trust, 9000, 691, scale=LEVELS_SQUARED / image.numel()
    )
    twin = torch_temporal_term(carried, stylised, trust, 9000, 691, 40000)
    torch.testing.assert_close(centre, twin.centre)
    torch.testing.assert_close(weight, twin.weight)
    torch.testing.assert_close(minimum, twin.minimum, rtol=1e-5, atol=0)  # float32, summed in another order

    gradient, above = run_temporal_loss(kernels, image, twin.centre, twin.weight)
    loss, slope = twin.torch_loss_and_gradient(image)
    torch.testing.assert_close(above + twin.minimum, loss, rtol=1e-5, atol=0)
    torch.testing.assert_close(gradient, slope, rtol=1e-5, atol=1e-5 * float(slope.abs().max()))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_a_step_of_the_screened_poisson_equation_equals_its_twin(kernels: CudaKernels, height: int, width: int) -> None:
    right_side, estimate, step = random(3, 3, height, width)
    weight, numbers = random(height, width, seed=1), (4.0, 0.5, 0.9)
    found = kernels.run("screened_poisson_step", right_side, estimate, step, weight, *numbers)
    twins = torch_chebyshev_step(right_side, estimate, step, weight, *numbers)
    for image, twin in zip(found, twins, strict=True):
        torch.testing.assert_close(image, twin, rtol=0, atol=2e-6)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("sigma", [0.3, 1.6, 8 / 3])
def test_the_blur_equals_its_twin(kernels: CudaKernels, sigma: float, height: int, width: int) -> None:
    image = random(3, height, width)
    blurred = kernels.run("gaussian_blur", image, gaussian_taps(sigma))[0]
    torch.testing.assert_close(blurred, torch_gaussian_blur(image, sigma), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_images_at_other_sizes_equal_their_twins(kernels: CudaKernels, height: int, width: int) -> None:
    image, small = random(3, height, width), random(3, -(-height // 2), -(-width // 2), seed=1) - 0.5
    means = kernels.run("block_means", image)[0]
    torch.testing.assert_close(means, torch_block_means(image), rtol=0, atol=1e-6)
    halves = kernels.run("halve", image)[0]
    torch.testing.assert_close(halves, torch_halve(image), rtol=0, atol=1e-6)
    sums = kernels.run("add_doubled", image, small)[0]
    torch.testing.assert_close(sums, torch_add_doubled(image, small), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_layers_equal_their_twins(kernels: CudaKernels, height: int, width: int) -> None:
    stylised, detail, first = random(3, 3, height, width)
    tone = random(3, -(-height // 8), -(-width // 8))
    planes, source, trust = random(10, height, width, seed=1), first[0], first[1]
    found = kernels.run("source_trust", planes[9], source, trust, *SOURCE_TRUST)[0]
    torch.testing.assert_close(found, torch_source_trust(planes[9], source, trust), rtol=0, atol=1e-6)
    excess = kernels.run("local_excess", planes[9], source)[0]
    torch.testing.assert_close(excess, torch_local_excess(planes[9], source), rtol=0, atol=0)
    around = 0.1 * tone[0]
    found = kernels.run("particle_trust", excess, around, trust, *PARTICLE_TRUST)[0]
    torch.testing.assert_close(found, torch_particle_trust(excess, around, trust), rtol=0, atol=1e-6)
    backward = planes[:2].contiguous()
    found = kernels.run("stretch_trust", backward, trust, 4.0)[0]
    torch.testing.assert_close(found, torch_stretch_trust(backward, trust, 4.0), rtol=0, atol=1e-6)
    image = kernels.run("add_detail", stylised, detail - 0.5, 3 * tone[0])[0]
    torch.testing.assert_close(image, torch_add_detail(stylised, detail - 0.5, 3 * tone[:1]), rtol=0, atol=1e-6)
    blend = LayerBlend(9000, 691, 0.3, (0.9, 0.0), 0.4)
    numbers = (9000, 691, 0.3, 0.9, 0.0, 0.4)
    found_layers = kernels.run("blend_layers", planes, stylised, detail, source, trust, tone, *numbers)
    twins = torch_blend_layers(planes, stylised, detail, source, trust, tone, blend)
    for layer, twin in zip(found_layers, twins, strict=True):
        torch.testing.assert_close(layer, twin, rtol=0, atol=1e-6)
    means = kernels.run("tone_blocks", planes[:3], stylised, trust)[0]
    torch.testing.assert_close(means, torch_tone_blocks(planes[:3], stylised, trust), rtol=0, atol=1e-6)
    means = kernels.run("energy_blocks", stylised, detail)[0]
    torch.testing.assert_close(means, torch_energy_blocks(stylised, detail), rtol=0, atol=2e-6)
    means = kernels.run("gradient_blocks", detail, planes[:3], stylised)[0]
    torch.testing.assert_close(means, torch_gradient_blocks(detail, planes[:3], stylised), rtol=0, atol=2e-6)


@pytest.mark.parametrize(("height", "width"), [(4, 4), (8, 36), (36, 132)])
def test_the_ends_of_a_network_equal_their_twins(
    kernels: CudaKernels, height: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_ends, "find_kernels", lambda _: kernels)
    images = 0.5 + 0.05 * random(2, 3, height, width)
    torch.testing.assert_close(network_input(images), torch_network_input(images), rtol=0, atol=4e-6)
    features = random(2, 12, height // 2, width // 2)
    torch.testing.assert_close(depth_to_space(features), torch_depth_to_space(features), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(2, 2), (16, 64), (18, 66), (38, 70)])
def test_rgb_to_yuv420_equals_its_twin(kernels: CudaKernels, height: int, width: int) -> None:
    image = 1.2 * random(3, height, width) - 0.1
    planes, twin = (
        kernels.run("rgb_to_yuv420", image, BT709.red, BT709.blue)[0].view(-1, width).int(),
        torch_rgb_to_yuv420(image, BT709).int(),
    )
    assert (planes - twin).abs().max() <= 1  # a sum within rounding of a half may round either way
    assert (planes != twin).float().mean() < 1e-2


def test_results_do_not_depend_on_the_order_of_threads(gpu: SimulatedGPU, kernels: CudaKernels) -> None:
    carried, stylised, image = random(3, 3, 37, 70)
    term = kernels.run("temporal_term", carried, stylised, carried[0], 9000, 691)
    result = run_temporal_loss(kernels, image, *term[:2])
    weight = kernels.run("consistency_weight", flow(37, 70), flow(37, 70, seed=5))[0]
    gpu.backwards = not gpu.backwards
    again = kernels.run("temporal_term", carried, stylised, carried[0], 9000, 691)
    assert all(torch.equal(one, other) for one, other in zip(term, again, strict=True))
    assert all(
        torch.equal(one, other) for one, other in zip(result, run_temporal_loss(kernels, image, *term[:2]), strict=True)
    )
    assert torch.equal(weight, kernels.run("consistency_weight", flow(37, 70), flow(37, 70, seed=5))[0])


def surround_with_nan(tensor: Tensor) -> Tensor:
    """Return a copy between NaNs, so that reading outside the tensor gives NaN."""
    padded = torch.full((3 * tensor.numel() + 2048,), torch.nan)
    inner = padded[tensor.numel() + 1024 :][: tensor.numel()].view(tensor.shape)
    return inner.copy_(tensor)


def test_kernels_read_nothing_outside_the_image(kernels: CudaKernels) -> None:
    carried, stylised, image = (surround_with_nan(each) for each in random(3, 3, 38, 70))
    along, trust = surround_with_nan(40 * (random(2, 38, 70) - 0.5)), surround_with_nan(random(38, 70))
    term = kernels.run("temporal_term", carried, stylised, trust, 9000, 691)
    found = [
        kernels.run("consistency_weight", along, along)[0],
        kernels.run("warp_bicubic", image, along)[0],
        kernels.run("warp_bilinear", image, along)[0],
        kernels.run("warp_lanczos", image, along, surround_with_nan(lanczos_table()))[0],
        kernels.run("gaussian_blur", image, surround_with_nan(gaussian_taps(8 / 3)))[0],
        kernels.run("source_trust", trust, trust, trust, 1.0, 1.0, 0.5)[0],
        kernels.run("local_excess", trust, trust)[0],
        kernels.run("tone_blocks", carried, image, trust)[0],
        kernels.run("energy_blocks", carried, image)[0],
        kernels.run("gradient_blocks", carried, image, carried)[0],
        kernels.run("block_means", image)[0],
        kernels.run("add_doubled", image, surround_with_nan(random(3, 19, 35)))[0],
        kernels.run("relative_means", surround_with_nan(random(3, 36, 72)))[0],
        kernels.run("network_input", surround_with_nan(random(3, 36, 72)), surround_with_nan(random(3, 9, 18)), 1.0)[0],
        kernels.run("depth_to_space", surround_with_nan(random(9, 33, 12)))[0],
        *term,
        *run_temporal_loss(kernels, image, surround_with_nan(term[0]), surround_with_nan(term[1])),
    ]
    assert all(torch.isfinite(each).all() for each in found)
    planes, again = (kernels.run("rgb_to_yuv420", each, 0.2126, 0.0722)[0] for each in (image, image.clone()))
    assert torch.equal(planes, again)


def test_a_launch_covers_the_image_on_torchs_stream(gpu: SimulatedGPU, kernels: CudaKernels) -> None:
    kernels.run("warp_bicubic", random(3, 37, 70), flow(37, 70))[0]
    assert gpu.launches == [("warp_bicubic", (3, 5, 1), (32, 8, 1))]
    assert gpu.streams == [7]


def test_inputs_are_made_contiguous(kernels: CudaKernels) -> None:
    image, along = random(3, 20, 30), flow(20, 30)
    turned = image.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    assert not turned.is_contiguous()
    straight = kernels.run("warp_bicubic", image, along)[0]
    assert torch.equal(kernels.run("warp_bicubic", turned, along)[0], straight)


def test_the_table_has_every_cuda_kernel() -> None:
    found = {name: path.stem for path in csrc_folder().glob("*.cu") for name in KERNEL_NAME.findall(path.read_text())}
    assert found == {name: kernel.source for name, kernel in kernels_of("cuda").items()}


def test_loaded_kernels_are_compiled(gpu: SimulatedGPU, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", gpu)
    assert isinstance(CudaKernels.load(csrc_folder(), "cpu"), CudaKernels)


def test_kernels_with_wrong_results_are_unavailable(gpu: SimulatedGPU, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", gpu)
    compiled = gpu.RawModule

    class Idle:
        def __init__(self, **source: Any) -> None:
            pass

        def get_function(self, name: str) -> Any:
            return lambda *launch: None

    monkeypatch.setattr(gpu, "RawModule", Idle)
    assert "wrong results" in str(CudaKernels.load(csrc_folder(), "cpu"))
    monkeypatch.setattr(gpu, "RawModule", compiled)
    del gpu.cuda.Stream.from_external  # as before version 14
    assert "cannot run the kernels" in str(CudaKernels.load(csrc_folder(), "cpu"))


def test_kernels_that_do_not_compile_are_unavailable(
    gpu: SimulatedGPU, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for kernel in kernels_of("cuda").values():
        (tmp_path / f"{kernel.source}.cu").write_text('extern "C" __global__ void broken(')
    monkeypatch.setitem(sys.modules, "cupy", SimulatedGPU(gpu.compiler, tmp_path))
    assert "CuPy 14.2.0 cannot run the kernels" in str(CudaKernels.load(tmp_path))
    assert "error" in capfd.readouterr().err  # from g++


@pytest.mark.parametrize("broken", [ImportError("\n=====\nFailed to import CuPy.\n"), PermissionError("/kernels")])
def test_an_error_on_importing_cupy_is_the_reason(broken: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """On import, CuPy searches for CUDA libraries and creates its cache folder."""

    def import_module(name: str) -> Any:
        raise broken

    monkeypatch.setattr("streamstyle.gpu.cuda_kernels.importlib.import_module", import_module)
    assert "CuPy cannot be imported" in str(CudaKernels.load(csrc_folder()))


def test_the_reason_names_cupy_or_the_gpu_if_missing(gpu: SimulatedGPU, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu.cuda.is_available = lambda: False
    monkeypatch.setitem(sys.modules, "cupy", gpu)
    assert "finds no GPU" in str(CudaKernels.load(csrc_folder()))
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert CudaKernels.load(csrc_folder()) == "CuPy is not installed"


def test_without_a_writable_cache_kernels_are_compiled_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("CUPY_CACHE_DIR", "restored by monkeypatch")
    monkeypatch.delenv("CUPY_CACHE_DIR")
    monkeypatch.setitem(sys.modules, "cupy", None)
    CudaKernels.load(csrc_folder())
    folder = Path(os.environ["CUPY_CACHE_DIR"])
    assert folder.is_dir()
    assert folder.parent == tmp_path
