"""The kernels of `csrc/` on a GPU: compiled by NVRTC at first use, launched on torch's stream on torch's memory.

The only file that imports cupy. Compiled kernels are kept in the user's cache.
"""

from __future__ import annotations

import importlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import torch
from torch import Tensor

from streamstyle.gpu.kernels import KERNELS, Launch
from streamstyle.gpu.memory import first_line

_BLOCK = (32, 8, 1)
"""Threads of a block; `csrc/*.cu` count on it."""

_OPTIONS = ("--std=c++17",)

_INCLUDE = re.compile(r'^#include "(.+)"\n', re.MULTILINE)
_ONCE = re.compile(r"^#pragma once\n", re.MULTILINE)


class CudaKernels:
    """The kernels, on the GPU that is current when they are called."""

    def __init__(self, cupy: Any, folder: Path) -> None:
        """Compile the sources in `folder` with the imported cupy, all of them: a graph cannot capture a compilation."""
        self._cupy = cupy
        modules = {
            source: cupy.RawModule(code=inline_includes(folder / f"{source}.cu"), options=_OPTIONS)
            for source in {kernel.source for kernel in KERNELS.values()}
        }
        self._functions = {name: modules[kernel.source].get_function(name) for name, kernel in KERNELS.items()}

    @classmethod
    def load(cls, folder: Path, device: str = "cuda") -> CudaKernels | str:
        """Return the kernels, or why there are none: CuPy is not installed, finds no GPU, or cannot run them on it."""
        if "CUPY_CACHE_DIR" not in os.environ:
            os.environ["CUPY_CACHE_DIR"] = _cache_folder()
        try:
            cupy = importlib.import_module("cupy")
        except Exception as error:  # whatever it does not find, of CUDA's libraries or of its own
            missing = isinstance(error, ModuleNotFoundError) and error.name == "cupy"
            return "CuPy is not installed" if missing else f"CuPy cannot be imported: {first_line(error)}"
        if not cupy.cuda.is_available():
            return f"CuPy {cupy.__version__} finds no GPU that its CUDA can use"
        try:
            kernels = cls(cupy, folder)
            works = kernels._works(device)
        except Exception as error:  # an old driver, no NVRTC, an interface that is not CuPy's of today
            return f"CuPy {cupy.__version__} cannot run them: {first_line(error)}"
        return kernels if works else f"CuPy {cupy.__version__} runs them wrongly"

    def run(self, name: str, *arguments: Tensor | float, scale: float = 1.0) -> tuple[Tensor, ...]:
        """Return what `KernelLibrary.run` does, without waiting for it."""
        return self._run(KERNELS[name].launch(*arguments), scale)

    def _works(self, device: str) -> bool:
        """Return whether an image warped by no flow stays what it is: all that is between here and the GPU is tried."""
        image = torch.linspace(0, 1, 3 * 40 * 50, device=device).view(3, 40, 50)
        launch = KERNELS["warp_bicubic"].launch(image, image.new_zeros(2, 40, 50))
        launch.poison()
        return torch.equal(self._run(launch, 1.0)[0], image)

    def _run(self, launch: Launch, scale: float) -> tuple[Tensor, ...]:
        """Launch a kernel on the current stream.

        Tensors go as bare addresses: DLPack would make cupy's stream wait for torch's, which a graph cannot capture.
        Torch gives memory back in the order of the stream, so what is allocated for a launch lives long enough.
        """
        rows, columns = launch.threads
        grid = (-(-columns // _BLOCK[0]), -(-rows // _BLOCK[1]), 1)
        device = launch.inputs[0].device
        sums = _Sum.allocate(grid[0] * grid[1], launch.inputs[0]) if launch.kernel.has_sum else None
        arguments = (
            *map(_address, launch.inputs),
            *map(np.float32, launch.numbers),
            *map(_address, launch.outputs),
            *(sums.arguments(scale) if sums else ()),
            *map(np.int32, launch.sizes),
        )
        with torch.cuda.device(device):
            stream = _Stream(torch.cuda.current_stream().cuda_stream)  # of this moment: a graph is captured on its own
            with self._cupy.cuda.Stream.from_external(stream):
                self._functions[launch.kernel.name](grid, _BLOCK, arguments)
        return (*launch.outputs, sums.total) if sums else tuple(launch.outputs)


@dataclass(frozen=True, slots=True)
class _Sum:
    """Where a kernel leaves its sum, and what it needs on the way."""

    total: Tensor
    partial: Tensor  # [blocks] float64
    finished: Tensor  # int32: blocks that are done

    @classmethod
    def allocate(cls, blocks: int, like: Tensor) -> _Sum:
        return cls(
            like.new_empty(()),
            like.new_empty(blocks, dtype=torch.float64),
            torch.zeros((), dtype=torch.int32, device=like.device),
        )

    def arguments(self, scale: float) -> tuple[Any, ...]:
        """Return them in the order that kernels take them in."""
        return _address(self.partial), _address(self.finished), np.float32(scale), _address(self.total)


@dataclass(frozen=True, slots=True)
class _Stream:
    """A stream as the CUDA stream protocol has it: torch's have come to know it only lately."""

    address: int

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self.address


def inline_includes(path: Path) -> str:
    """Return the text of a CUDA file with every include in its place, once.

    NVRTC would find includes by itself, but CuPy's cache knows a kernel by its text: one text means that a change in an
    included file is compiled, and needs no search path.
    """
    return _inline(path, set())


def _inline(path: Path, included: set[str]) -> str:
    def content(found: re.Match[str]) -> str:
        name = found.group(1)
        if name in included:
            return ""
        included.add(name)
        return _inline(path.parent / name, included)

    return _INCLUDE.sub(content, _ONCE.sub("", path.read_text(encoding="utf-8")))


def _address(tensor: Tensor) -> np.uint64:
    return np.uint64(tensor.data_ptr())


def _cache_folder() -> str:
    """Return a folder for compiled kernels: importing CuPy fails where it cannot be made."""
    folder = platformdirs.user_cache_path("streamstyle") / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return tempfile.mkdtemp(prefix="streamstyle-kernels-")
    return str(folder)
