"""Which of our own kernels serve a tensor: on a GPU through CuPy, on the CPU the compiled part, or none.

`STREAMSTYLE_KERNELS=torch` in the environment leaves all to torch.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Literal, Protocol

import torch
from torch import Tensor

from streamstyle.ops.host import HostKernels, compiled_part


class Kernels(Protocol):
    """What there are kernels for. Tensors are contiguous float32 on one device; nothing is differentiated through."""

    def consistency_weight(self, backward: Tensor, forward: Tensor) -> Tensor:
        """Return what `occlusion.consistency_weight` does."""

    def backward_warp(self, image: Tensor, flow: Tensor, mode: Literal["bicubic", "bilinear"]) -> Tensor:
        """Return what `warp.backward_warp` does."""

    def temporal_term(
        self, carried: Tensor, stylised: Tensor, trust: Tensor, temporal_weight: float, pixel_weight: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the centre, stiffness and floor of `temporal.TemporalTerm`."""

    def temporal_pull(
        self, image: Tensor, centre: Tensor, stiffness: Tensor, tv_weight: float
    ) -> tuple[Tensor, Tensor]:
        """Return value above the floor and gradient, as `TemporalTerm.loss_and_gradient` does."""

    def to_planes(self, image: Tensor, red: float, blue: float) -> Tensor:
        """Return what `planes.to_planes` does."""


def kernels_for(*tensors: Tensor) -> Kernels | None:
    """Return the kernels that take these tensors, None where torch is to do it."""
    first = tensors[0]
    if any(each.dtype != torch.float32 or each.device != first.device or each.requires_grad for each in tensors):
        return None
    return _on(first.device.type)


def csrc_folder() -> Path:
    """Return where the kernels' source is: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "csrc"
    return installed if installed.is_dir() else package.parent / "csrc"


def missing(device: str) -> str | None:
    """Return why torch does our kernels' work on a device; None where it does not, or was asked to."""
    found = None if _on(device) or _left_to_torch() else _found(device)
    return found if isinstance(found, str) else None


@functools.cache
def _on(device: str) -> Kernels | None:
    found = None if _left_to_torch() else _found(device)
    return None if isinstance(found, str) else found


def _left_to_torch() -> bool:
    return os.environ.get("STREAMSTYLE_KERNELS", "").lower() == "torch"


def _found(device: str) -> Kernels | str | None:
    """Return the kernels, or why there are none."""
    if device == "cpu":
        path = compiled_part(csrc_folder())
        return "the compiled part was not built" if path is None else HostKernels(path)
    if device == "cuda":
        from streamstyle.ops.cuda import CudaKernels  # noqa: PLC0415  # imports cupy, if it is there

        return CudaKernels.load(csrc_folder())
    return None
