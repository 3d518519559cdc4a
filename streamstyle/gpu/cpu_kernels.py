"""The kernels of `csrc/` on the CPU: a shared library compiled at installation and called through ctypes.

The library is optional: if no compiler was found at installation, the torch implementations are used.
"""

from __future__ import annotations

import ctypes
import sysconfig
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.gpu.kernels import KERNELS, kernels_of

_TYPES = {
    torch.float32: ("", ctypes.c_float),
    torch.float64: ("_double", ctypes.c_double),
    torch.bfloat16: ("_bfloat16", ctypes.c_float),
}
"""Suffix of the function's name and C type of its numbers, by dtype of the inputs."""


def find_library(
    folder: Path,  # the library is built next to its source
) -> Path | None:
    """Return the shared library built for this Python; None unless it can be loaded and has every kernel."""
    path = folder / f"cpu_kernels{sysconfig.get_config_var('EXT_SUFFIX')}"
    try:
        library = ctypes.CDLL(str(path))
    except OSError:  # not built, or built for another machine
        return None
    is_current = all(hasattr(library, name) for name in kernels_of("cpu"))  # if not: built from an older source
    return path if is_current else None


class CpuKernels:
    """The kernels of a shared library, in float32, some in bfloat16, or, for tests, in float64.

    A kernel runs in the calling thread, without the GIL, and sums in a fixed order.
    """

    def __init__(self, path: Path) -> None:
        """Load the library. Raises OSError if it cannot be loaded."""
        self._library = ctypes.CDLL(str(path))

    def run(self, name: str, *arguments: Tensor | float, scale: float = 1.0) -> tuple[Tensor, ...]:
        """Implement `KernelLibrary.run`."""
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
