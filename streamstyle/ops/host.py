"""The compiled part: the pixel functions of `csrc/` as g++ builds them, called through ctypes.

It is optional. Where no compiler was at hand when the package was installed, there is none, and torch does the work.
"""

from __future__ import annotations

import ctypes
import sysconfig
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from streamstyle.ops.pixels import UNITS

_FUNCTIONS = ("consistency_weight", "temporal_pull", "temporal_term", "to_planes", "warp")

_TYPES = {torch.float32: ("", ctypes.c_float), torch.float64: ("_double", ctypes.c_double)}


def compiled_part(
    folder: Path,  # where it is built: beside its source
) -> Path | None:
    """Return the shared library built for this Python; None if there is none that can be loaded and has it all."""
    path = folder / f"host{sysconfig.get_config_var('EXT_SUFFIX')}"
    try:
        library = ctypes.CDLL(str(path))
    except OSError:  # not built, or for another machine
        return None
    return path if all(hasattr(library, name) for name in _FUNCTIONS) else None  # else built from an older source


class HostKernels:
    """The kernels in one shared library, in float32 or, for tests, float64.

    Each runs in the thread that calls it, without Python's lock, and sums in a fixed order.
    """

    def __init__(self, path: Path) -> None:
        """Load the library; OSError if it cannot be."""
        self._library = ctypes.CDLL(str(path))

    def consistency_weight(
        self,
        backward: Tensor,  # [2, H, W]
        forward: Tensor,  # [2, H, W]
    ) -> Tensor:  # [H, W]
        """Return what `occlusion.consistency_weight` does."""
        height, width = backward.shape[-2:]
        weight, space = backward.new_empty(height, width), backward.new_empty(6 * width + 4)
        self._call("consistency_weight", backward, forward, weight, height, width, space)
        return weight

    def backward_warp(
        self,
        image: Tensor,  # [C, H, W]
        flow: Tensor,  # [2, H, W]
        mode: Literal["bicubic", "bilinear"],
    ) -> Tensor:  # [C, H, W]
        """Return what `warp.backward_warp` does."""
        out = torch.empty_like(image, memory_format=torch.contiguous_format)
        self._call("warp", image, flow, out, *image.shape, int(mode == "bicubic"))
        return out

    def temporal_term(
        self,
        carried: Tensor,  # [3, H, W]
        stylised: Tensor,  # [3, H, W]
        trust: Tensor,  # [H, W]
        temporal_weight: float,
        pixel_weight: float,
    ) -> tuple[Tensor, Tensor, Tensor]:  # [3, H, W], [H, W], scalar
        """Return the centre, stiffness and floor of `temporal.TemporalTerm`."""
        centre = torch.empty_like(carried, memory_format=torch.contiguous_format)
        stiffness = torch.empty_like(trust, memory_format=torch.contiguous_format)
        weights = (float(temporal_weight), float(pixel_weight), UNITS / carried.numel())
        floor = self._call("temporal_term", carried, stylised, trust, *weights, centre, stiffness, *trust.shape)
        return centre, stiffness, carried.new_tensor(floor)

    def temporal_pull(
        self,
        image: Tensor,  # [3, H, W]
        centre: Tensor,  # [3, H, W]
        stiffness: Tensor,  # [H, W]
        tv_weight: float,
    ) -> tuple[Tensor, Tensor]:  # scalar, [3, H, W]
        """Return value above the floor and gradient, as `TemporalTerm.loss_and_gradient` does."""
        gradient = torch.empty_like(image, memory_format=torch.contiguous_format)
        weights = (float(tv_weight), UNITS / image.numel())
        loss = self._call("temporal_pull", image, centre, stiffness, *weights, gradient, *stiffness.shape)
        return image.new_tensor(loss), gradient

    def to_planes(
        self,
        image: Tensor,  # [3, H, W]
        red: float,
        blue: float,
    ) -> Tensor:  # [3 H / 2, W] uint8
        """Return what `planes.to_planes` does."""
        _, height, width = image.shape
        planes = image.new_empty(3 * height // 2, width, dtype=torch.uint8)
        self._call("to_planes", image, float(red), float(blue), planes, height, width)
        return planes

    def _call(self, name: str, *arguments: Tensor | float | int) -> float:
        """Call a function of the library in the type of the first tensor; pointers are unchecked, so check here."""
        first = arguments[0]
        assert isinstance(first, Tensor)
        suffix, real = _TYPES[first.dtype]
        function = getattr(self._library, name + suffix)
        function.restype = ctypes.c_double
        kept: list[Tensor] = []  # copies live as long as the call
        passed: list[object] = []
        for argument in arguments:
            if isinstance(argument, Tensor):
                kept.append(argument.contiguous())
                passed.append(ctypes.c_void_p(kept[-1].data_ptr()))
            else:
                passed.append(ctypes.c_int(argument) if isinstance(argument, int) else real(argument))
        result: float = function(*passed)
        return result
