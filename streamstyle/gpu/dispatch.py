"""Which of our own kernels serve a tensor: on a GPU through CuPy, on the CPU the compiled library, or none.

This is the one `if` between a kernel and its twin in torch. `STREAMSTYLE_KERNELS=torch` in the environment leaves all
to torch.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.gpu.cpu_kernels import CpuKernels, find_library
from streamstyle.gpu.kernels import KernelLibrary


def find_kernels(*tensors: Tensor) -> KernelLibrary | None:
    """Return the kernels that take these tensors, None where torch is to do it."""
    first = tensors[0]
    if any(each.dtype != torch.float32 or each.device != first.device or each.requires_grad for each in tensors):
        return None
    return _kernels(first.device.type)


def csrc_folder() -> Path:
    """Return where the kernels' source is: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "csrc"
    return installed if installed.is_dir() else package.parent / "csrc"


def why_unavailable(device: str) -> str | None:
    """Return why torch does our kernels' work on a device; None where it does not, or was asked to."""
    loaded = None if _kernels(device) or _disabled() else _load(device)
    return loaded if isinstance(loaded, str) else None


@functools.cache
def _kernels(device: str) -> KernelLibrary | None:
    loaded = None if _disabled() else _load(device)
    return None if isinstance(loaded, str) else loaded


def _disabled() -> bool:
    return os.environ.get("STREAMSTYLE_KERNELS", "").lower() == "torch"


def _load(device: str) -> KernelLibrary | str | None:
    """Return the kernels, or why there are none."""
    if device == "cpu":
        path = find_library(csrc_folder())
        return "the compiled part was not built" if path is None else CpuKernels(path)
    if device == "cuda":
        from streamstyle.gpu.cuda_kernels import CudaKernels  # noqa: PLC0415  # imports cupy, if it is there

        return CudaKernels.load(csrc_folder())
    return None
