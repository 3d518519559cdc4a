"""The kernels of `csrc/` on a GPU: compiled by NVRTC at first use, launched on torch's stream on torch's memory.

The only file that imports cupy. Compiled kernels are kept in the user's cache.
"""

from __future__ import annotations

import importlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import platformdirs
import torch
from torch import Tensor

from streamstyle.ops.pixels import UNITS
from streamstyle.ops.source import source_of
from streamstyle.ops.trouble import said

_BLOCK = (32, 8, 1)
"""Threads of a block; `csrc/*.cu` count on it."""

KERNELS = {
    "consistency_weight": "occlusion",
    "to_planes": "planes",
    "temporal_term": "temporal",
    "temporal_pull": "temporal",
    "warp_bicubic": "warp",
    "warp_bilinear": "warp",
}
"""The kernels, and the file of `csrc/` that each is in."""

_OPTIONS = ("--std=c++17",)

_NARROW: dict[type, Any] = {int: np.int32, float: np.float32}
"""What numbers become: kernels read their arguments unchecked."""


class CudaKernels:
    """The kernels, on the GPU that is current when they are called."""

    def __init__(self, cupy: Any, folder: Path) -> None:
        """Compile the sources in `folder` with the imported cupy, all of them: a graph cannot capture a compilation."""
        self._cupy = cupy
        modules = {
            source: cupy.RawModule(code=source_of(source, folder), options=_OPTIONS) for source in set(KERNELS.values())
        }
        self._functions = {name: modules[source].get_function(name) for name, source in KERNELS.items()}

    @classmethod
    def load(cls, folder: Path, device: str = "cuda") -> CudaKernels | str:
        """Return the kernels, or why there are none: CuPy is not installed, finds no GPU, or cannot run them on it."""
        if "CUPY_CACHE_DIR" not in os.environ:
            os.environ["CUPY_CACHE_DIR"] = _cache()
        try:
            cupy = importlib.import_module("cupy")
        except Exception as error:  # whatever it does not find, of CUDA's libraries or of its own
            missing = isinstance(error, ModuleNotFoundError) and error.name == "cupy"
            return "CuPy is not installed" if missing else f"CuPy cannot be imported: {said(error)}"
        if not cupy.cuda.is_available():
            return f"CuPy {cupy.__version__} finds no GPU that its CUDA can use"
        try:
            kernels = cls(cupy, folder)
            works = kernels._works(device)
        except Exception as error:  # an old driver, no NVRTC, an interface that is not CuPy's of today
            return f"CuPy {cupy.__version__} cannot run them: {said(error)}"
        return kernels if works else f"CuPy {cupy.__version__} runs them wrongly"

    def _works(self, device: str) -> bool:
        """Return whether a picture carried nowhere stays what it is: all that is between here and the GPU is tried.

        The output is filled with NaN first: memory that was just freed may hold the right answer already.
        """
        image = torch.linspace(0, 1, 3 * 40 * 50, device=device).view(3, 40, 50)
        out = torch.full_like(image, torch.nan)
        self._launch("warp_bicubic", image.shape[1:], image, image.new_zeros(2, 40, 50), out, *image.shape)
        return torch.equal(out, image)

    def consistency_weight(
        self,
        backward: Tensor,  # [2, H, W]
        forward: Tensor,  # [2, H, W]
    ) -> Tensor:  # [H, W]
        """Return what `occlusion.consistency_weight` does."""
        weight = torch.empty_like(backward[0], memory_format=torch.contiguous_format)
        self._launch("consistency_weight", weight.shape, backward, forward, weight, *weight.shape)
        return weight

    def backward_warp(
        self,
        image: Tensor,  # [C, H, W]
        flow: Tensor,  # [2, H, W]
        mode: Literal["bicubic", "bilinear"],
    ) -> Tensor:  # [C, H, W]
        """Return what `warp.backward_warp` does."""
        out = torch.empty_like(image, memory_format=torch.contiguous_format)
        self._launch(f"warp_{mode}", image.shape[1:], image, flow, out, *image.shape)
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
        weights = (float(temporal_weight), float(pixel_weight))
        floor, sums = _sums(carried)
        self._launch(
            "temporal_term", trust.shape,
            carried, stylised, trust, *weights, centre, stiffness, *sums, *trust.shape,
        )  # fmt: skip
        return centre, stiffness, floor

    def temporal_pull(
        self,
        image: Tensor,  # [3, H, W]
        centre: Tensor,  # [3, H, W]
        stiffness: Tensor,  # [H, W]
        tv_weight: float,
    ) -> tuple[Tensor, Tensor]:  # scalar, [3, H, W]
        """Return value above the floor and gradient, as `TemporalTerm.loss_and_gradient` does."""
        gradient = torch.empty_like(image, memory_format=torch.contiguous_format)
        loss, sums = _sums(image)
        self._launch(
            "temporal_pull", stiffness.shape,
            image, centre, stiffness, float(tv_weight), gradient, *sums, *stiffness.shape,
        )  # fmt: skip
        return loss, gradient

    def to_planes(
        self,
        image: Tensor,  # [3, H, W]
        red: float,
        blue: float,
    ) -> Tensor:  # [3 H / 2, W] uint8
        """Return what `planes.to_planes` does."""
        _, height, width = image.shape
        planes = image.new_empty(3 * height // 2, width, dtype=torch.uint8)
        quarter = height // 2, width // 2
        self._launch("to_planes", quarter, image, float(red), float(blue), planes, height, width)
        return planes

    def _launch(self, name: str, size: Any, *arguments: Tensor | float | int) -> None:
        """Launch a thread for each place of `size`. What does not lie in order is put in order first.

        Tensors go as bare addresses: DLPack would make cupy's stream wait for torch's, which a graph cannot capture.
        """
        kept: list[Tensor] = []  # torch gives memory back in the order of the stream: copies live long enough
        passed: list[Any] = []
        for argument in arguments:
            if isinstance(argument, Tensor):
                kept.append(argument.contiguous())
                passed.append(np.uint64(kept[-1].data_ptr()))
            else:
                passed.append(_NARROW[type(argument)](argument))
        height, width = size
        grid = (-(-width // _BLOCK[0]), -(-height // _BLOCK[1]), 1)
        with torch.cuda.device(kept[0].device):
            stream = _Stream(torch.cuda.current_stream().cuda_stream)  # of this moment: a graph is captured on its own
            with self._cupy.cuda.Stream.from_external(stream):
                self._functions[name](grid, _BLOCK, tuple(passed))


@dataclass(frozen=True, slots=True)
class _Stream:
    """A stream as the CUDA stream protocol has it: torch's have come to know it only lately."""

    address: int

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self.address


def _cache() -> str:
    """Return a folder for compiled kernels: importing CuPy fails where it cannot be made."""
    folder = platformdirs.user_cache_path("streamstyle") / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return tempfile.mkdtemp(prefix="streamstyle-kernels-")
    return str(folder)


def _sums(like: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, float, Tensor]]:
    """Return where a kernel leaves its sum, and the arguments it wants for it."""
    height, width = like.shape[-2:]
    blocks = -(-width // _BLOCK[0]) * -(-height // _BLOCK[1])
    total = like.new_empty(())
    partial = like.new_empty(blocks, dtype=torch.float64)
    finished = torch.zeros((), dtype=torch.int32, device=like.device)
    return total, (partial, finished, UNITS / like.numel(), total)
