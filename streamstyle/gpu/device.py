"""The device that networks run on, its arithmetic, the CPU threads, and the C library's memory allocator."""

from __future__ import annotations

import ctypes
import functools
from contextlib import suppress

import cv2
import torch

from streamstyle.errors import DeviceError
from streamstyle.gpu.memory import Warn, first_line, ignore_warning
from streamstyle.settings import Device


def select_device(device: Device, warn: Warn = ignore_warning) -> torch.device:
    """Return the torch device for a setting, after testing that it works.

    For `cuda`, raises DeviceError if there is no GPU or it fails the test. For `auto`, the CPU is returned then, with a
    warning if there is a GPU that fails.
    """
    if device is Device.cpu or (device is Device.auto and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise DeviceError("--device cuda: no CUDA device was found", "Use --device cpu, or see `streamstyle doctor`.")
    fault = gpu_fault()
    if fault is None:
        _use_exact_arithmetic()
        return torch.device("cuda")
    if device is Device.cuda:
        raise DeviceError(f"the GPU cannot be used ({fault})", "Use --device cpu, or see `streamstyle doctor`.")
    warn(f"the GPU cannot be used ({fault}); everything runs on the CPU")
    return torch.device("cpu")


@functools.cache
def gpu_fault() -> str | None:
    """Return the error of one addition on the GPU, which may be too old for torch, in use or full; else None."""
    try:
        torch.ones(1, device="cuda").add_(1).item()
    except RuntimeError as error:
        return first_line(error)
    return None


def _use_exact_arithmetic() -> None:
    """Make torch compute float32 in full precision, accumulate bfloat16 products in float32, and be deterministic.

    By default cuDNN rounds inputs of convolutions to 11 bits (TF32), which quantises the input of a style network near
    black and white, and may sum in any order; cuBLAS may sum partial products of a Gram matrix in bfloat16.
    """
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False


def compute_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 if the hardware multiplies it faster than float32, otherwise float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    return torch.bfloat16 if _cpu_has_bfloat16() else torch.float32


def _cpu_has_bfloat16() -> bool:
    get_capabilities = getattr(torch.cpu, "get_capabilities", dict)  # torch 2.11 may lack it
    capabilities: dict[str, object] = get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def describe_arithmetic(device: torch.device) -> str:
    """Return the device and what else determines how its results are rounded, in words."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)}, torch {torch.__version__})"
    threads, dtype = torch.get_num_threads(), str(compute_dtype(device)).removeprefix("torch.")
    facts = f"{threads} thread{'s' * (threads > 1)}, {torch.backends.cpu.get_cpu_capability()}, {dtype}"
    return f"{device} ({facts}, torch {torch.__version__})"


_TORCH_THREADS = torch.get_num_threads()
_OPENCV_THREADS = -1
"""Defaults; OpenCV takes -1 for one per core."""


def set_threads(threads: int) -> None:
    """Set the number of threads that torch and OpenCV compute with on the CPU; 0 for their defaults."""
    torch.set_num_threads(threads or _TORCH_THREADS)
    cv2.setNumThreads(threads or _OPENCV_THREADS)


_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
_MAX_BYTES = (1 << 31) - 1
"""The largest value of mallopt, which takes an int."""


def tune_malloc() -> None:
    """Make glibc keep freed memory for the next tensor instead of returning it to the system.

    By default each activation of several megabytes is mapped page by page and unmapped when freed, which takes a tenth
    or more of the time of an optimised frame on a CPU. Without glibc this does nothing.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, _MAX_BYTES)
