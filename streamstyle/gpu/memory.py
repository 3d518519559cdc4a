"""What a GPU cannot do, as torch, cuDNN, cuBLAS and CuPy say it: in one line, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

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


W = TypeVar("W")
T = TypeVar("T")

Warn = Callable[[str], None]
"""Told what is not as asked for, while the work goes on."""


def ignore_warning(message: str) -> None:
    """Be told and say nothing."""


@dataclass(frozen=True, slots=True)
class Fallback(Generic[W]):
    """One way of doing something."""

    value: W
    message: str = ""
    """What is done to need less memory than the way before."""


class MemoryFallback(Generic[W]):
    """Ways of doing the same with less and less memory. One that did not suffice is not tried again."""

    def __init__(self, fallbacks: Sequence[Fallback[W]], warn: Warn) -> None:
        """Take the ways, the one that needs the most memory first."""
        self._fallbacks, self._warn = list(fallbacks), warn

    def __call__(self, do: Callable[[W], T]) -> T:
        """Return `do(way)` by the first way that there is memory for; DeviceError where there is for none."""
        while True:
            try:
                return do(self._fallbacks[0].value)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                if len(self._fallbacks) == 1:
                    raise out_of_memory_error() from error
            self._use_next()  # not before the error is gone, and with it what it holds of the work that failed

    def _use_next(self) -> None:
        del self._fallbacks[0]
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self._warn(f"the GPU ran out of memory; {self._fallbacks[0].message}")
