"""The selection between kernels and torch."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from streamstyle.gpu import dispatch
from streamstyle.gpu.cpu_kernels import find_library
from streamstyle.gpu.cuda_kernels import inline_includes
from streamstyle.gpu.kernels import kernels_of
from streamstyle.ops.luma import BT709
from streamstyle.ops.network_ends import depth_to_space, network_input, torch_depth_to_space, torch_network_input
from streamstyle.ops.occlusion import consistency_weight, photometric_weight, torch_consistency_weight
from streamstyle.ops.screened_poisson import chebyshev_step, torch_chebyshev_step
from streamstyle.ops.temporal import temporal_term, torch_temporal_term
from streamstyle.ops.warp import backward_warp, torch_backward_warp
from streamstyle.ops.yuv import rgb_to_yuv420, torch_rgb_to_yuv420


class ConstantKernels:
    """Kernels that return 7 everywhere."""

    def run(self, name: str, image: torch.Tensor, flow: torch.Tensor) -> tuple[torch.Tensor]:
        return (torch.full_like(image, 7),)


@pytest.fixture
def _constant_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "load_kernels", lambda device: ConstantKernels())


@pytest.mark.usefixtures("_constant_kernels")
def test_kernels_are_used_for_float32_without_gradient() -> None:
    image, flow = torch.rand(3, 8, 9), torch.rand(2, 8, 9)
    assert (backward_warp(image, flow) == 7).all()
    for tensor, along in ((image.double(), flow.double()), (image.clone().requires_grad_(), flow)):
        assert torch.equal(backward_warp(tensor, along), torch_backward_warp(tensor, along))


@pytest.mark.usefixtures("_constant_kernels")
def test_where_a_kernel_is_not_written_for_a_device_torch_does_its_work() -> None:
    image, weight = torch.rand(3, 8, 9), torch.rand(8, 9)
    numbers = 4.0, 0.5, 0.9
    for found, twin in zip(
        chebyshev_step(image, image, image, weight, *numbers),
        torch_chebyshev_step(image, image, image, weight, *numbers),
        strict=True,
    ):
        assert torch.equal(found, twin)
    elsewhere = torch.rand(2, 8, 9, device="meta")  # stands for a GPU
    assert photometric_weight(elsewhere, elsewhere[0], elsewhere[1]).device.type == "meta"


@pytest.mark.parametrize("content", [None, b"", b"not a library"])
def test_without_a_usable_library_there_are_no_cpu_kernels(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        import sysconfig  # noqa: PLC0415

        (tmp_path / f"cpu_kernels{sysconfig.get_config_var('EXT_SUFFIX')}").write_bytes(content)
    assert find_library(tmp_path) is None


def test_an_environment_variable_disables_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMSTYLE_KERNELS", "torch")
    assert dispatch.load_kernels.__wrapped__("cpu") is None


def test_no_kernels_for_a_gpu_without_cupy_or_a_gpu() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert dispatch.load_kernels("cuda") is None


def test_why_unavailable_gives_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(dispatch, "load_kernels", lambda device: None)
    assert dispatch.why_unavailable("cuda") == "CuPy is not installed"
    monkeypatch.setenv("STREAMSTYLE_KERNELS", "torch")
    assert dispatch.why_unavailable("cuda") is None, "disabled on purpose"


@pytest.mark.parametrize("name", sorted({kernel.source for kernel in kernels_of("cuda").values()}))
def test_includes_are_inlined_once(name: str) -> None:
    text = inline_includes(dispatch.csrc_folder() / f"{name}.cu")
    assert '#include "' not in text
    assert text.count("#define PIXEL inline") == 1


@pytest.mark.gpu
def test_on_a_gpu_they_agree_with_torch() -> None:
    pytest.importorskip("cupy", reason="cupy is not installed")
    random = torch.Generator("cuda").manual_seed(1)
    carried, stylised, image = torch.rand(3, 3, 75, 130, device="cuda", generator=random)
    flow = 3 * torch.randn(2, 75, 130, device="cuda", generator=random)
    for mode in ("bilinear", "bicubic"):
        torch.testing.assert_close(
            backward_warp(image, flow, mode), torch_backward_warp(image, flow, mode), rtol=0, atol=1e-4
        )
    weight, twin = consistency_weight(flow, -flow), torch_consistency_weight(flow, -flow)
    assert ((weight - twin).abs() > 1e-5).float().mean() < 1e-3  # pixels within rounding of a threshold may differ
    term = temporal_term(carried, stylised, weight, 9000, 691, 40000)
    plain = torch_temporal_term(carried, stylised, weight, 9000, 691, 40000)
    torch.testing.assert_close(term.centre, plain.centre)
    (loss, gradient), (same, slope) = term.loss_and_gradient(image), plain.torch_loss_and_gradient(image)
    torch.testing.assert_close(loss, same, rtol=1e-4, atol=0)
    torch.testing.assert_close(gradient, slope, rtol=1e-4, atol=1e-5 * float(slope.abs().max()))
    again = term.loss_and_gradient(image)
    assert torch.equal(again[0], loss)
    assert torch.equal(again[1], gradient)
    framed = image[None, :, :72, :128]
    torch.testing.assert_close(network_input(framed), torch_network_input(framed), rtol=0, atol=1e-5)
    features = torch.rand(1, 12, 37, 65, device="cuda", generator=random)
    torch.testing.assert_close(depth_to_space(features), torch_depth_to_space(features), rtol=0, atol=1e-5)
    planes, levels = rgb_to_yuv420(image[:, :74], BT709).int(), torch_rgb_to_yuv420(image[:, :74], BT709).int()
    assert (planes - levels).abs().max() <= 1


@pytest.mark.gpu
def test_on_a_gpu_the_largest_image_is_processed_to_its_end() -> None:
    """8192x8192 with three channels: 201 million elements, indexed in 32 bits."""
    side = 8192
    image = torch.linspace(0, 1, side, device="cuda").expand(3, side, side).contiguous()
    flow = torch.full((2, side, side), 3.0, device="cuda")
    carried = backward_warp(image, flow)
    torch.testing.assert_close(carried[:, :, : side - 5], image[:, :, 3 : side - 2], rtol=0, atol=1e-6)
    term = temporal_term(carried, image, torch.ones(side, side, device="cuda"), 1.0, 1.0, 0.0)
    torch.testing.assert_close(term.centre[2, -1], (carried[2, -1] + image[2, -1]) / 2, rtol=0, atol=1e-6)
    _, gradient = term.loss_and_gradient(term.centre + 1)
    # the gradient of a parabola of weight 2 at 1 from its centre, as a mean over all elements
    assert gradient.min() > 0
    torch.testing.assert_close(gradient[2, -1, -1].item(), 2 * 2 * 255.0**2 / image.numel(), rtol=1e-3, atol=0)
