"""Where the networks run, and in which arithmetic."""

from __future__ import annotations

import ctypes
import functools
from contextlib import suppress

import torch

from streamstyle.errors import DeviceError
from streamstyle.gpu.memory import Warn, first_line, ignore_warning
from streamstyle.settings import Device


def select_device(device: Device, warn: Warn = ignore_warning) -> torch.device:
    """Return torch's device, after a look whether it works.

    Raises DeviceError where a GPU is asked for and none is there, or none that works; where any device would do, that
    is the CPU then, and `warn` is told of a GPU that does not work.
    """
    if device is Device.cpu or (device is Device.auto and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise DeviceError("there is no CUDA device for --device cuda", "Use --device cpu, or see `streamstyle doctor`.")
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
    """Return what the GPU says to one addition: it may be too old for torch, taken by another program, or full."""
    try:
        torch.ones(1, device="cuda").add_(1).item()
    except RuntimeError as error:
        return first_line(error)
    return None


def _use_exact_arithmetic() -> None:
    """Let float32 be float32, sums of bfloat16 be summed in it, and the same film be the same again.

    By default cuDNN would round what convolutions take to 11 bits (TF32), which would let the first convolution of a
    style network see steps near black and white, and may add up in any order; cuBLAS may add up parts of a Gram matrix
    in bfloat16.
    """
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False


def compute_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the hardware multiplies it faster than float32, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    return torch.bfloat16 if _cpu_has_bfloat16() else torch.float32


def _cpu_has_bfloat16() -> bool:
    get_capabilities = getattr(torch.cpu, "get_capabilities", dict)  # torch 2.11 may lack it
    capabilities: dict[str, object] = get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
_MAX_BYTES = (1 << 31) - 1
"""Bytes; mallopt takes an int."""


def tune_malloc() -> None:
    """Ask glibc to keep freed memory for the next tensor instead of giving it back to the system.

    By default every activation of some megabytes is mapped anew, page by page, and unmapped when it is freed: a
    tenth or more of the time of an optimised frame on a CPU. Where there is no glibc nothing happens.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, _MAX_BYTES)
