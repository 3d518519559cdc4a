"""What a GPU cannot do, as torch, cuDNN, cuBLAS and CuPy say it: in one line, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from streamstyle.errors import DeviceError

_OUT_OF_MEMORY_MESSAGES = (
    "CUDA error: out of memory",
    "CUDA out of memory",
    "CUDA_ERROR_OUT_OF_MEMORY",
    "cudaErrorMemoryAllocation",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",
)
"""What is said of a lack of memory besides `torch.OutOfMemoryError`, which is the allocator's alone."""

_GPU_ERROR_MESSAGES = (
    "CUDA error",
    "CUDA_ERROR",
    "cudaError",
    "cuDNN error",
    "CUDNN_STATUS",
    "CUBLAS_STATUS",
    "CUDA driver",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that the GPU has not enough memory."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY_MESSAGES)


def out_of_memory_error(option: str = "--size") -> DeviceError:
    """Return the error for where no way of doing with less is left but an option that makes everything smaller."""
    return DeviceError(
        "the GPU has not enough memory",
        f"Close what else uses it, which nvidia-smi shows; or give a smaller {option}, or --device cpu.",
    )


@contextmanager
def gpu_errors_as_device_errors(option: str = "--size") -> Iterator[None]:
    """Turn what a GPU fails with inside the block into a DeviceError, which may tell of an option; other errors pass.

    A kernel's failure is told by whatever is asked of the GPU next, in any thread, so this goes around everything.
    """
    try:
        yield
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise out_of_memory_error(option) from error
        if not isinstance(error, torch.AcceleratorError) and not any(
            words in str(error) for words in _GPU_ERROR_MESSAGES
        ):
            raise
        raise DeviceError(
            f"the GPU has failed ({first_line(error)})",
            "Run it again; if it fails again update the GPU's driver, or use --device cpu.",
        ) from error


def first_line(error: BaseException) -> str:
    """Return the first line of an error that says something: theirs go on with advice to programmers."""
    lines = (line.strip(" .=") for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)
