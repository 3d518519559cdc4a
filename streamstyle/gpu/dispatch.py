"""Selects the kernels for a tensor: CuPy's on a GPU, the compiled library's on the CPU, or none.

`find_kernels` is the only condition between a kernel and its torch twin. With `STREAMSTYLE_KERNELS=torch` in the
environment, torch is used for everything.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.gpu.cpu_kernels import CpuKernels, find_library
from streamstyle.gpu.kernels import KERNELS, KernelLibrary

_FEATURE_TYPES = (torch.float32, torch.bfloat16)


def find_kernels(
    *tensors: Tensor,
    name: str | None = None,  # of a kernel that is not written for every device
) -> KernelLibrary | None:
    """Return the kernels for these tensors; None if torch is to be used.

    Kernels take float32 tensors of one device that need no gradient.
    """
    if name is not None and tensors[0].device.type not in KERNELS[name].devices:
        return None
    return _find_kernels(torch.float32, tensors)


def find_feature_kernels(*tensors: Tensor) -> KernelLibrary | None:
    """Return the kernels for these activations, in float32 or bfloat16, on the CPU; None if torch is to be used."""
    dtype, device = tensors[0].dtype, tensors[0].device
    return _find_kernels(dtype, tensors) if dtype in _FEATURE_TYPES and device.type == "cpu" else None


def _find_kernels(dtype: torch.dtype, tensors: tuple[Tensor, ...]) -> KernelLibrary | None:
    device = tensors[0].device
    if any(each.dtype != dtype or each.device != device or each.requires_grad for each in tensors):
        return None
    return load_kernels(device.type)


@functools.cache
def load_kernels(
    device: str,  # torch's device type
) -> KernelLibrary | None:
    """Return the kernels of a device, loaded at the first call; None if they are unavailable or disabled."""
    loaded = None if _disabled() else _load(device)
    return None if isinstance(loaded, str) else loaded


def why_unavailable(device: str) -> str | None:
    """Return why a device has no kernels; None if it has, or if they were disabled."""
    loaded = None if load_kernels(device) or _disabled() else _load(device)
    return loaded if isinstance(loaded, str) else None


def csrc_folder() -> Path:
    """Return the folder of the kernels' sources: in the installed package, or next to it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "csrc"
    return installed if installed.is_dir() else package.parent / "csrc"


def _disabled() -> bool:
    return os.environ.get("STREAMSTYLE_KERNELS", "").lower() == "torch"


def _load(device: str) -> KernelLibrary | str | None:
    """Return the kernels, or the reason why they are unavailable; None for devices that never have any."""
    if device == "cpu":
        path = find_library(csrc_folder())
        return "the CPU library was not built" if path is None else CpuKernels(path)
    if device == "cuda":
        from streamstyle.gpu.cuda_kernels import CudaKernels  # noqa: PLC0415  # imports cupy, if it is installed

        return CudaKernels.load(csrc_folder())
    return None
