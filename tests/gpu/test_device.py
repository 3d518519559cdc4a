from collections.abc import Iterator

import cv2
import pytest
import torch

from streamstyle.errors import DeviceError
from streamstyle.gpu import device
from streamstyle.gpu.device import compute_dtype, describe_arithmetic, select_device, set_threads
from streamstyle.settings import Device


def test_device_cuda_without_a_gpu_is_an_error_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="--device cpu"):
        select_device(Device.cuda)
    assert select_device(Device.auto) == torch.device("cpu")


def test_a_cpu_without_bfloat16_computes_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True}, raising=False)
    assert compute_dtype(torch.device("cpu")) == torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert compute_dtype(torch.device("cpu")) == torch.bfloat16


@pytest.fixture
def _gpu_found(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """There is a GPU; the test defines what its first operation does."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    dnn, blas = torch.backends.cudnn, torch.backends.cuda.matmul
    saved = dnn.allow_tf32, dnn.deterministic, blas.allow_bf16_reduced_precision_reduction
    device.gpu_fault.cache_clear()
    yield
    device.gpu_fault.cache_clear()
    dnn.allow_tf32, dnn.deterministic, blas.allow_bf16_reduced_precision_reduction = saved


@pytest.mark.usefixtures("_gpu_found")
def test_a_gpu_that_torch_does_not_support_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one of 2016, which torch finds nevertheless."""

    def ones(*shape: int, device: str) -> torch.Tensor:
        raise torch.AcceleratorError("CUDA error: no kernel image is available for execution on the device\nAdvice")

    monkeypatch.setattr(torch, "ones", ones)
    warned: list[str] = []
    assert select_device(Device.auto, warned.append) == torch.device("cpu")
    assert len(warned) == 1
    assert "no kernel image" in warned[0]
    assert "Advice" not in warned[0]
    with pytest.raises(DeviceError, match="no kernel image"):
        select_device(Device.cuda)


@pytest.mark.usefixtures("_gpu_found")
def test_on_a_gpu_float32_stays_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "ones", lambda *shape, device: torch.zeros(shape))
    assert select_device(Device.auto) == torch.device("cuda")
    assert not torch.backends.cudnn.allow_tf32
    assert torch.backends.cudnn.deterministic
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction


def test_threads_can_be_limited_and_limited_no_more() -> None:
    set_threads(0)
    torch_threads, opencv_threads = torch.get_num_threads(), cv2.getNumThreads()
    set_threads(3)
    assert (torch.get_num_threads(), cv2.getNumThreads()) == (3, 3)
    set_threads(0)
    assert (torch.get_num_threads(), cv2.getNumThreads()) == (torch_threads, opencv_threads)


def test_the_number_of_threads_is_part_of_the_arithmetic() -> None:
    cpu = torch.device("cpu")
    try:
        set_threads(2)
        two = describe_arithmetic(cpu)
        set_threads(1)
        one = describe_arithmetic(cpu)
    finally:
        set_threads(0)
    assert two.startswith("cpu (2 threads, ")
    assert one.startswith("cpu (1 thread, ")
    assert two.endswith(f"torch {torch.__version__})")
