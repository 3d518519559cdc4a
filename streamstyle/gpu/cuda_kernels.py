"""The kernels of `csrc/` on a GPU: compiled by NVRTC, launched through CuPy on torch's stream and torch's memory.

The only module that imports cupy. Compiled kernels are kept in the user's cache folder.
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

from streamstyle.gpu.kernels import KERNELS, Launch, kernels_of
from streamstyle.gpu.memory import first_line

_BLOCK = (32, 8, 1)
"""Threads per block; `csrc/*.cu` depend on it."""

_OPTIONS = ("--std=c++17",)

_INCLUDE = re.compile(r'^#include "(.+)"\n', re.MULTILINE)
_ONCE = re.compile(r"^#pragma once\n", re.MULTILINE)


class CudaKernels:
    """The kernels on CUDA devices; each runs on the device of its inputs."""

    def __init__(self, cupy: Any, folder: Path) -> None:
        """Compile all sources in `folder` with the imported cupy: a CUDA graph cannot capture a compilation."""
        self._cupy = cupy
        kernels = kernels_of("cuda")
        modules = {
            source: cupy.RawModule(code=inline_includes(folder / f"{source}.cu"), options=_OPTIONS)
            for source in {kernel.source for kernel in kernels.values()}
        }
        self._functions = {name: modules[kernel.source].get_function(name) for name, kernel in kernels.items()}

    @classmethod
    def load(cls, folder: Path, device: str = "cuda") -> CudaKernels | str:
        """Return the kernels, or the reason why they are unavailable."""
        if "CUPY_CACHE_DIR" not in os.environ:
            os.environ["CUPY_CACHE_DIR"] = _cache_folder()
        try:
            cupy = importlib.import_module("cupy")
        except Exception as error:  # of many types: CUDA libraries or parts of CuPy may be missing
            missing = isinstance(error, ModuleNotFoundError) and error.name == "cupy"
            return "CuPy is not installed" if missing else f"CuPy cannot be imported: {first_line(error)}"
        if not cupy.cuda.is_available():
            return f"CuPy {cupy.__version__} finds no GPU that its CUDA version supports"
        try:
            kernels = cls(cupy, folder)
            correct = kernels._passes_check(device)
        except Exception as error:  # an old driver, no NVRTC, another version of CuPy
            return f"CuPy {cupy.__version__} cannot run the kernels: {first_line(error)}"
        return kernels if correct else f"CuPy {cupy.__version__} runs the kernels with wrong results"

    def run(self, name: str, *arguments: Tensor | float, scale: float = 1.0) -> tuple[Tensor, ...]:
        """Implement `KernelLibrary.run`, asynchronously."""
        return self._run(KERNELS[name].launch(*arguments), scale)

    def _passes_check(self, device: str) -> bool:
        """Return whether an image warped by zero flow is unchanged, which exercises compiler, driver and launch."""
        image = torch.linspace(0, 1, 3 * 40 * 50, device=device).view(3, 40, 50)
        launch = KERNELS["warp_bicubic"].launch(image, image.new_zeros(2, 40, 50))
        launch.poison()
        return torch.equal(self._run(launch, 1.0)[0], image)

    def _run(self, launch: Launch, scale: float) -> tuple[Tensor, ...]:
        """Launch a kernel on torch's current stream.

        Tensors are passed as addresses: DLPack would make one stream wait for another, which a graph cannot capture.
        Torch reuses memory in stream order, so the temporary tensors of a launch live long enough.
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
            stream = _Stream(torch.cuda.current_stream().cuda_stream)  # asked each time: a graph has its own stream
            with self._cupy.cuda.Stream.from_external(stream):
                self._functions[launch.kernel.name](grid, _BLOCK, arguments)
        return (*launch.outputs, sums.total) if sums else tuple(launch.outputs)


@dataclass(frozen=True, slots=True)
class _Sum:
    """The output and the temporary tensors of a kernel with a sum."""

    total: Tensor  # scalar
    partial: Tensor  # [blocks] float64
    finished: Tensor  # scalar int32: count of finished blocks

    @classmethod
    def allocate(cls, blocks: int, like: Tensor) -> _Sum:
        return cls(
            like.new_empty(()),
            like.new_empty(blocks, dtype=torch.float64),
            torch.zeros((), dtype=torch.int32, device=like.device),
        )

    def arguments(self, scale: float) -> tuple[Any, ...]:
        """Return the arguments in the order of the kernels' parameters."""
        return _address(self.partial), _address(self.finished), np.float32(scale), _address(self.total)


@dataclass(frozen=True, slots=True)
class _Stream:
    """A stream with the CUDA stream protocol, which only recent versions of torch implement."""

    address: int

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self.address


def inline_includes(path: Path) -> str:
    """Return the source of a CUDA file with each included file inlined once.

    CuPy's cache is keyed by the source: with includes inlined, a change in an included file is noticed, and NVRTC needs
    no search path.
    """
    return _inline(path, set())


def _inline(path: Path, included: set[str]) -> str:
    def inline(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in included:
            return ""
        included.add(name)
        return _inline(path.parent / name, included)

    return _INCLUDE.sub(inline, _ONCE.sub("", path.read_text(encoding="utf-8")))


def _address(tensor: Tensor) -> np.uint64:
    return np.uint64(tensor.data_ptr())


def _cache_folder() -> str:
    """Return an existing folder for compiled kernels: importing CuPy fails if it cannot create its cache folder."""
    folder = platformdirs.user_cache_path("streamstyle") / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return tempfile.mkdtemp(prefix="streamstyle-kernels-")
    return str(folder)
