"""What a GPU cannot do, as torch, cuDNN, cuBLAS and CuPy say it: in one line, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from streamstyle.errors import DeviceError

_NO_MEMORY = (
    "CUDA error: out of memory",
    "CUDA out of memory",
    "CUDA_ERROR_OUT_OF_MEMORY",
    "cudaErrorMemoryAllocation",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",
)
"""What is said of a lack of memory besides `torch.OutOfMemoryError`, which is the allocator's alone."""

_OF_A_GPU = ("CUDA error", "CUDA_ERROR", "cudaError", "cuDNN error", "CUDNN_STATUS", "CUBLAS_STATUS", "CUDA driver")


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that the GPU has not enough memory."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)


def no_memory(smaller: str = "--size") -> DeviceError:
    """Return the error for where no way of doing with less is left but an option that makes everything smaller."""
    return DeviceError(
        "the GPU has not enough memory",
        f"Close what else uses it, which nvidia-smi shows; or give a smaller {smaller}, or --device cpu.",
    )


@contextmanager
def clear_gpu_errors(smaller: str = "--size") -> Iterator[None]:
    """Turn what a GPU fails with inside the block into a DeviceError, which may tell of an option; other errors pass.

    A kernel's failure is told by whatever is asked of the GPU next, in any thread, so this goes around everything.
    """
    try:
        yield
    except RuntimeError as error:
        if out_of_memory(error):
            raise no_memory(smaller) from error
        if not isinstance(error, torch.AcceleratorError) and not any(words in str(error) for words in _OF_A_GPU):
            raise
        raise DeviceError(
            f"the GPU has failed ({said(error)})",
            "Run it again; if it fails again update the GPU's driver, or use --device cpu.",
        ) from error


def said(error: BaseException) -> str:
    """Return the first line of an error that says something: theirs go on with advice to programmers."""
    lines = (line.strip(" .=") for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)
