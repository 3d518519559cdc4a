"""GPU errors of torch, cuDNN, cuBLAS and CuPy as one-line errors, and fallbacks for when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch

from streamstyle.errors import DeviceError, host_memory_error, lacks_host_memory

_OUT_OF_MEMORY_MESSAGES = (
    "CUDA error: out of memory",
    "CUDA out of memory",
    "CUDA_ERROR_OUT_OF_MEMORY",
    "cudaErrorMemoryAllocation",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",
)
"""Messages for lack of memory from elsewhere than torch's allocator, which raises `torch.OutOfMemoryError`."""

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
    """Return whether an error is due to lack of memory, of the GPU or of the machine."""
    if isinstance(error, torch.OutOfMemoryError) or lacks_host_memory(error):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY_MESSAGES)


def out_of_memory_error(error: BaseException, option: str = "--size") -> DeviceError:
    """Return the error for when no fallback is left; the option named in it makes everything smaller."""
    if lacks_host_memory(error):
        return host_memory_error(option)
    return DeviceError(
        "not enough memory on the GPU",
        f"Close other programs that use it (see nvidia-smi), or use a smaller {option}, or --device cpu.",
    )


@contextmanager
def gpu_errors_as_device_errors(option: str = "--size") -> Iterator[None]:
    """Raise errors of the GPU and lack of memory inside the block as DeviceError; other errors pass unchanged.

    A kernel's failure is reported by the next call to the GPU, in any thread, so the block has to enclose everything.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise out_of_memory_error(error, option) from error
        if not isinstance(error, torch.AcceleratorError) and not any(
            words in str(error) for words in _GPU_ERROR_MESSAGES
        ):
            raise
        raise DeviceError(
            f"the GPU has failed ({first_line(error)})",
            "Run the command again; if it fails again, update the GPU's driver or use --device cpu.",
        ) from error


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text that is not empty: CUDA's errors continue with advice to developers."""
    lines = (line.strip(" .=") for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)


V = TypeVar("V")
T = TypeVar("T")

Warn = Callable[[str], None]
"""Called with a message when something works otherwise than requested."""


def ignore_warning(message: str) -> None:
    """Discard a warning."""


@dataclass(frozen=True, slots=True)
class Fallback(Generic[V]):
    """One of several configurations of the same work."""

    value: V
    message: str = ""
    """What it does to need less memory than the configuration before; shown to the user."""


class MemoryFallback(Generic[V]):
    """Tries configurations in order of decreasing memory. One that ran out of memory is not tried again."""

    def __init__(self, fallbacks: Sequence[Fallback[V]], warn: Warn) -> None:
        """Take the configurations, the one that needs the most memory first."""
        self._fallbacks, self._warn = list(fallbacks), warn

    def __call__(self, work: Callable[[V], T]) -> T:
        """Return `work(value)` for the first value that fits into memory. Raises DeviceError if none does."""
        while True:
            try:
                return work(self._fallbacks[0].value)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if len(self._fallbacks) == 1:
                    raise out_of_memory_error(error) from error
                where = "memory ran out" if lacks_host_memory(error) else "the GPU ran out of memory"
            self._use_next(where)  # after the except block: the error keeps the memory of the failed work

    def _use_next(self, where: str) -> None:
        del self._fallbacks[0]
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self._warn(f"{where}; {self._fallbacks[0].message}")
