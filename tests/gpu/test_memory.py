"""Error messages of torch, cuDNN, cuBLAS and CuPy, verbatim, and what the user sees of them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from streamstyle.cli.errors import to_failed
from streamstyle.errors import DeviceError
from streamstyle.events import Failed
from streamstyle.gpu.memory import Fallback, MemoryFallback, first_line, gpu_errors_as_device_errors, is_out_of_memory

ADVICE = """
CUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below might be incorrect.
For debugging consider passing CUDA_LAUNCH_BLOCKING=1
Compile with `TORCH_USE_CUDA_DSA` to enable device-side assertions.
"""

OUT_OF_MEMORY_ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    torch.AcceleratorError("CUDA error: out of memory" + ADVICE),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("CUDA_ERROR_OUT_OF_MEMORY: out of memory"),
]

GPU_FAILURES = [
    torch.AcceleratorError("CUDA error: an illegal memory access was encountered" + ADVICE),
    RuntimeError("CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was encountered"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    torch.AcceleratorError("CUDA error: device lost" + ADVICE),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY_ERRORS, ids=str)
def test_out_of_memory_is_a_device_error_with_advice(error: RuntimeError) -> None:
    with (
        pytest.raises(DeviceError, match=r"not enough memory on the GPU\. .*--size") as caught,
        gpu_errors_as_device_errors(),
    ):
        raise error
    assert caught.value.__cause__ is error
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("error", OUT_OF_MEMORY_ERRORS, ids=str)
def test_any_out_of_memory_error_leads_to_the_next_fallback(error: RuntimeError) -> None:
    def work(needed: int) -> int:
        if needed > 10:
            raise error
        return needed

    assert MemoryFallback([Fallback(100), Fallback(10, "with less")], [].append)(work) == 10


@pytest.mark.parametrize("error", GPU_FAILURES, ids=str)
def test_a_failed_gpu_is_a_device_error_of_one_line(error: RuntimeError) -> None:
    assert not is_out_of_memory(error)
    with pytest.raises(DeviceError, match="the GPU has failed") as caught, gpu_errors_as_device_errors():
        raise error
    assert first_line(error) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_errors_not_of_the_gpu_pass_unchanged() -> None:
    for error in (RuntimeError("The size of tensor a must match the size of tensor b"), ValueError("CUDA error")):
        with pytest.raises(type(error)) as caught, gpu_errors_as_device_errors():
            raise error
        assert caught.value is error


def test_an_error_without_text_is_named_by_its_type() -> None:
    assert first_line(RuntimeError()) == "RuntimeError"
    assert first_line(RuntimeError("\n=====\nFailed to import CuPy.\n")) == "Failed to import CuPy"


FALLBACKS = (Fallback(1000), Fallback(100, "it needs a tenth"), Fallback(10, "it needs a hundredth"))


def test_the_first_value_that_fits_gives_no_warning() -> None:
    warnings: list[str] = []
    assert MemoryFallback(FALLBACKS, warnings.append)(lambda needed: needed + 1) == 1001
    assert not warnings


def test_a_fallback_is_kept_and_warned_of_once() -> None:
    warnings: list[str] = []
    tried: list[int] = []
    fallback = MemoryFallback(FALLBACKS, warnings.append)

    def work(needed: int) -> int:
        tried.append(needed)
        if needed > 50:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return needed

    assert [fallback(work) for _ in range(3)] == [10, 10, 10]
    assert tried == [1000, 100, 10, 10, 10]
    assert [message.partition("; ")[2] for message in warnings] == [
        "it needs a tenth",
        "it needs a hundredth",
    ]


def test_if_no_fallback_fits_the_error_has_advice() -> None:
    def work(needed: int) -> int:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(DeviceError, match="--size"):
        MemoryFallback(FALLBACKS, [].append)(work)


def test_other_errors_pass_through_fallbacks() -> None:
    def work(needed: int) -> int:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        MemoryFallback(FALLBACKS, [].append)(work)


def host_memory_errors() -> list[BaseException]:
    """Errors of torch, numpy and OpenCV where the machine has not enough memory."""
    errors: list[BaseException] = []
    for work in (
        lambda: torch.empty(1 << 50),
        lambda: np.empty(1 << 50),
        lambda: cv2.resize(np.zeros((2, 2, 3), np.uint8), (1 << 23, 1 << 23)),
    ):
        with pytest.raises(Exception, match=r"memory|allocate") as caught:
            work()
        errors.append(caught.value)
    return errors


def test_lack_of_memory_of_the_machine_is_one_line_with_advice() -> None:
    for error in host_memory_errors():
        failed = to_failed(error, debug=False)
        assert failed == Failed("not enough memory", "Close other programs, or use a smaller --size.", 6)


def test_on_a_cpu_lack_of_memory_leads_to_the_next_fallback() -> None:
    def work(needed: int) -> Tensor:
        return torch.empty(needed)

    warnings: list[str] = []
    fallback = MemoryFallback([Fallback(1 << 50), Fallback(10, "it works in tiles")], warnings.append)
    assert len(fallback(work)) == 10
    assert warnings == ["memory ran out; it works in tiles"]
    with pytest.raises(DeviceError, match=r"not enough memory\. Close other programs"):
        MemoryFallback([Fallback(1 << 50)], warnings.append)(work)
