"""A simulation of CuPy and a GPU: g++ builds the kernels, and their threads run one after another."""

from __future__ import annotations

import ctypes
import re
import subprocess
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

HEADER = Path(__file__).parent / "simulated_gpu.hpp"
FLAGS = ("-O1", "-std=c++17", "-Wno-unknown-pragmas", "-shared", "-fPIC")
KERNEL_NAME = re.compile(r'extern "C" __global__ void (\w+)\(')

KINDS = {np.uint64: "p", np.float32: "f", np.int32: "i"}
"""Kind of the parameter for each type of argument: pointer, float or int."""


class SimulatedGPU:
    """The parts of the module cupy that `gpu/cuda_kernels.py` uses."""

    def __init__(self, compiler: str, folder: Path) -> None:
        self.compiler, self.folder = compiler, folder
        self.backwards = False
        """Whether threads and blocks run from the last to the first."""
        self.launches: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = []
        """Name, grid and block of each launch."""
        self.__version__ = "14.2.0"
        self.cuda = SimpleNamespace(
            Stream=SimpleNamespace(from_external=self._stream),
            is_available=lambda: True,
            compiler=SimpleNamespace(CompileException=subprocess.CalledProcessError),
        )
        self.streams: list[int] = []

    def _stream(self, external: Any) -> nullcontext[None]:
        version, pointer = external.__cuda_stream__()
        assert version == 0
        self.streams.append(pointer)
        return nullcontext()

    def RawModule(self, *, code: str, options: tuple[str, ...]) -> _Module:  # noqa: N802  # cupy's name
        assert options == ("--std=c++17",)
        return _Module(self, code)


class _Module:
    def __init__(self, gpu: SimulatedGPU, code: str) -> None:
        names = KERNEL_NAME.findall(code)
        built = gpu.folder / f"{'_'.join(names)}.so"
        if not built.exists():
            launchers = "\n".join(f"LAUNCHER({name})" for name in names)
            text = f'#include "{HEADER}"\n{code}\n{launchers}\n'
            command = [gpu.compiler, *FLAGS, "-x", "c++", "-", "-o", str(built)]
            subprocess.run(command, input=text, text=True, check=True)
        self._gpu, self._library = gpu, ctypes.CDLL(str(built))

    def get_function(self, name: str) -> Any:
        launch, kinds_of = self._library[f"launch_{name}"], self._library[f"kinds_of_{name}"]
        launch.restype, kinds_of.restype = ctypes.c_bool, ctypes.c_char_p
        kinds = kinds_of().decode()

        def kernel(grid: tuple[int, int, int], block: tuple[int, int, int], arguments: tuple[Any, ...]) -> None:
            assert "".join(KINDS[type(argument)] for argument in arguments) == kinds
            values = [np.array(argument) for argument in arguments]
            pointers = (ctypes.c_void_p * len(values))(*(value.ctypes.data for value in values))
            self._gpu.launches.append((name, grid, block))
            shape = (ctypes.c_uint * 6)(*grid, *block)
            synchronised = launch(shape, pointers, ctypes.c_bool(self._gpu.backwards))
            assert synchronised, "some threads wait at __syncthreads for others that have ended"

        return kernel
