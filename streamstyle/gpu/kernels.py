"""The table of kernels: inputs, outputs and sizes of each, for GPU and CPU alike.

A kernel is one row here and one name in `csrc/`: `__global__ NAME` in a `.cu` file and a function exported as `NAME` by
a `.cpp` file, or one of both. Both take the inputs, the numbers, the outputs, the arguments of the sum, and the sizes,
in this order.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Kernel:
    """One row. A shape is a string of sides, `3 H/2 W`: numbers, or letters bound by the inputs; `H/8+` is rounded
    up."""

    name: str
    source: str
    """Name of its files in `csrc/`, without suffix."""
    inputs: tuple[str, ...]
    """Shapes of the inputs, which have one dtype."""
    outputs: tuple[str, ...]
    """Shapes of the outputs."""
    numbers: int = 0
    """Count of the scalar arguments that follow the inputs."""
    output_type: torch.dtype | None = None
    """None: the dtype of the inputs."""
    has_sum: bool = False
    """Whether its last output is a sum over all pixels, times a scale."""
    sizes: str = "H W"
    """The sizes passed to it."""
    threads: str = "H W"
    """Rows and columns of threads on a GPU, rounded up to whole blocks; the kernel has to guard against the excess."""
    devices: tuple[str, ...] = ("cpu", "cuda")
    """Types of the devices that it is written for; on others torch does its work."""

    def launch(self, *arguments: Tensor | float) -> Launch:
        """Return a call with these inputs and numbers. Raises ValueError if shapes, dtypes or devices do not match.

        Kernels do not check their arguments, so this does. Inputs are made contiguous.
        """
        count = len(self.inputs)
        inputs = [each.contiguous() for each in arguments[:count] if isinstance(each, Tensor)]
        numbers = [float(each) for each in arguments[count:]]
        if len(inputs) != count or len(numbers) != self.numbers:
            raise ValueError(f"{self.name} takes {count} tensors and {self.numbers} numbers, not {len(arguments)}")
        sizes = self._bind_sizes(inputs)
        outputs = [
            inputs[0].new_empty(_evaluate(shape, sizes), dtype=self.output_type or inputs[0].dtype)
            for shape in self.outputs
        ]
        rows, columns = _evaluate(self.threads, sizes)
        return Launch(self, inputs, numbers, outputs, _evaluate(self.sizes, sizes), (rows, columns))

    def _bind_sizes(self, inputs: list[Tensor]) -> dict[str, int]:
        """Return the size of each letter."""
        sizes: dict[str, int] = {}
        first = inputs[0]
        for shape, each in zip(self.inputs, inputs, strict=True):
            sides = shape.split()
            if each.dtype != first.dtype or each.device != first.device or each.ndim != len(sides):
                raise ValueError(f"{self.name} takes [{shape}] {first.dtype}, not {list(each.shape)} {each.dtype}")
            for side, size in zip(sides, each.shape, strict=True):
                if size != (int(side) if side.isdecimal() else sizes.setdefault(side, size)):
                    raise ValueError(f"{self.name} takes [{shape}] with {sizes}, not {list(each.shape)}")
        return sizes


@dataclass(frozen=True, slots=True)
class Launch:
    """One call of a kernel."""

    kernel: Kernel
    inputs: list[Tensor]
    numbers: list[float]
    outputs: list[Tensor]
    """Uninitialised."""
    sizes: tuple[int, ...]
    threads: tuple[int, int]
    """Rows and columns."""

    def poison(self) -> None:
        """Fill the outputs with NaN (255 in bytes): reused memory may hold the correct result of an earlier launch."""
        for output in self.outputs:
            output.view(torch.uint8).fill_(0xFF)


class KernelLibrary(Protocol):
    """The kernels of one device type."""

    def run(self, name: str, *arguments: Tensor | float, scale: float = 1.0) -> tuple[Tensor, ...]:
        """Return the outputs of a kernel and, if it has a sum, the sum times `scale` as a scalar tensor.

        The arguments are the kernel's inputs and numbers. The outputs have no gradient.
        """


_CPU, _CUDA = ("cpu",), ("cuda",)
"""The devices of kernels that are written for one type only."""

KERNELS = {
    kernel.name: kernel
    for kernel in (
        Kernel("add_detail", "layers", ("3 H W", "3 H W", "A B"), ("3 H W",), sizes="H W B"),
        Kernel("add_doubled", "resample", ("C H W", "C A B"), ("C H W",), sizes="C H W"),
        Kernel(
            "blend_layers",
            "layers",
            ("10 H W", "3 H W", "3 H W", "H W", "H W", "3 A B"),
            ("10 H W", "3 H W"),
            6,
            sizes="H W B",
        ),
        Kernel("block_means", "resample", ("C H W",), ("C H/8+ W/8+",), sizes="C H W", threads="H/8+ W/8+"),
        Kernel("consistency_weight", "occlusion", ("2 H W", "2 H W"), ("H W",)),
        Kernel("depth_to_space", "network_ends", ("H W 12",), ("12 H W",)),
        Kernel("gaussian_blur", "blur", ("C H W", "T"), ("C H W",), sizes="C H W T"),
        Kernel("energy_blocks", "layers", ("3 H W", "3 H W"), ("2 H/8+ W/8+",), threads="H/8+ W/8+"),
        Kernel("gradient_blocks", "layers", ("3 H W", "3 H W", "3 H W"), ("4 H/8+ W/8+",), threads="H/8+ W/8+"),
        Kernel("halve", "resample", ("C H W",), ("C H/2+ W/2+",), sizes="C H W", threads="H/2+ W/2+"),
        Kernel("local_excess", "layers", ("H W", "H W"), ("H W",)),
        Kernel("network_input", "network_ends", ("3 H W", "3 A B"), ("H/2 W/2 12",), 1, threads="H/2 W/2"),
        Kernel("relative_means", "network_ends", ("3 H W",), ("3 H/4 W/4",), threads="H/4 W/4"),
        Kernel("particle_trust", "layers", ("H W", "A B", "H W"), ("H W",), 2, sizes="H W B"),
        Kernel("photometric_weight", "occlusion", ("2 H W", "H W", "H W"), ("H W",), devices=_CPU),
        Kernel("relu_pool", "relu", ("H W C",), ("H/2 W/2 C",), sizes="H W C", devices=_CPU),
        Kernel("relu_pool_backward", "relu", ("A B C", "H W C"), ("H W C",), sizes="H W C", devices=_CPU),
        Kernel("rgb_to_yuv420", "yuv", ("3 H W",), ("6 H/2 W/2",), 2, torch.uint8, threads="H/2 W/2"),
        Kernel(
            "screened_poisson",
            "screened_poisson",
            ("3 H W", "H W", "R 2"),
            ("3 H W",),
            1,
            sizes="H W R",
            devices=_CPU,
        ),
        Kernel(
            "screened_poisson_step",
            "screened_poisson",
            ("3 H W", "3 H W", "3 H W", "H W"),
            ("3 H W", "3 H W"),
            3,
            devices=_CUDA,
        ),
        Kernel("source_trust", "layers", ("H W", "H W", "H W"), ("H W",), 3),
        Kernel("stretch_trust", "layers", ("2 H W", "H W"), ("H W",), 1),
        Kernel("temporal_loss_and_gradient", "temporal", ("3 H W", "3 H W", "H W"), ("3 H W",), 1, has_sum=True),
        Kernel("temporal_term", "temporal", ("3 H W", "3 H W", "H W"), ("3 H W", "H W"), 2, has_sum=True),
        Kernel("tone_blocks", "layers", ("3 H W", "3 H W", "H W"), ("4 H/8+ W/8+",), threads="H/8+ W/8+"),
        Kernel("warp_bicubic", "warp", ("C H W", "2 H W"), ("C H W",), sizes="C H W"),
        Kernel("warp_bilinear", "warp", ("C H W", "2 H W"), ("C H W",), sizes="C H W"),
        Kernel("warp_lanczos", "warp", ("C H W", "2 H W", "64 6"), ("C H W",), sizes="C H W"),
    )
}
"""Kernels by name."""


def kernels_of(
    device: str,  # torch's device type
) -> dict[str, Kernel]:
    """Return the kernels that are written for a type of device, by name."""
    return {name: kernel for name, kernel in KERNELS.items() if device in kernel.devices}


def _evaluate(shape: str, sizes: dict[str, int]) -> tuple[int, ...]:
    """Return the numbers of a shape."""
    return tuple(
        ((int(side) if side.isdecimal() else sizes[side]) + excess) // divisor
        for side, divisor, excess in _parse_shape(shape)
    )


@functools.cache
def _parse_shape(shape: str) -> tuple[tuple[str, int, int], ...]:
    """Return the sides of a shape, each with its divisor, and what is added before the division."""
    sides = []
    for side in shape.split():
        name, _, text = side.partition("/")
        divisor = int(text.rstrip("+") or 1)
        sides.append((name, divisor, divisor - 1 if text.endswith("+") else 0))
    return tuple(sides)
