"""The kernels of `csrc/` on the CPU: the pixel functions as g++ builds them, called through ctypes.

The library is optional. Where no compiler was at hand when the package was installed there is none, and torch does
the work.
"""

from __future__ import annotations

import ctypes
import sysconfig
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.gpu.kernels import KERNELS

_TYPES = {torch.float32: ("", ctypes.c_float), torch.float64: ("_double", ctypes.c_double)}
"""Suffix of the function's name and the type of its numbers, by the type of the inputs."""


def find_library(
    folder: Path,  # where it is built: beside its source
) -> Path | None:
    """Return the shared library built for this Python; None if there is none that can be loaded and has it all."""
    path = folder / f"cpu_kernels{sysconfig.get_config_var('EXT_SUFFIX')}"
    try:
        library = ctypes.CDLL(str(path))
    except OSError:  # not built, or for another machine
        return None
    return path if all(hasattr(library, name) for name in KERNELS) else None  # else built from an older source


class CpuKernels:
    """The kernels in one shared library, in float32 or, for tests, float64.

    Each runs in the thread that calls it, without Python's lock, and sums in a fixed order.
    """

    def __init__(self, path: Path) -> None:
        """Load the library; OSError if it cannot be."""
        self._library = ctypes.CDLL(str(path))

    def run(self, name: str, *arguments: Tensor | float, scale: float = 1.0) -> tuple[Tensor, ...]:
        """Return what `KernelLibrary.run` does."""
        launch = KERNELS[name].launch(*arguments)
        first = launch.inputs[0]
        suffix, number = _TYPES[first.dtype]
        sums = [first.new_empty(())] if launch.kernel.has_sum else []
        function = getattr(self._library, name + suffix)
        function.restype = None
        function(
            *map(_pointer, launch.inputs),
            *map(number, launch.numbers),
            *map(_pointer, launch.outputs),
            *(argument for total in sums for argument in (number(scale), _pointer(total))),
            *map(ctypes.c_int, launch.sizes),
        )
        return *launch.outputs, *sums


def _pointer(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())
