"""NVRTC, NVIDIA's compiler as a library, compiles every kernel for every architecture, without a GPU."""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamstyle.gpu.cuda_kernels import inline_includes
from streamstyle.gpu.dispatch import csrc_folder
from streamstyle.gpu.kernels import kernels_of

SOURCES = sorted({kernel.source for kernel in kernels_of("cuda").values()})
ARCHITECTURES = ("sm_75", "sm_80", "sm_90", "sm_120")


@pytest.fixture(scope="session")
def nvrtc() -> ctypes.CDLL:
    found = importlib.util.find_spec("nvidia")
    folders = [Path(each) for each in found.submodule_search_locations or ()] if found else []
    for path in (path for folder in folders for path in sorted(folder.glob("*/lib/libnvrtc.so.*"))):
        for builtins in path.parent.glob("libnvrtc-builtins.so.*"):
            ctypes.CDLL(str(builtins), mode=ctypes.RTLD_GLOBAL)
        return ctypes.CDLL(str(path))
    pytest.skip("the package nvidia-cuda-nvrtc is not installed, or not for this system")


@pytest.fixture
def program(nvrtc: ctypes.CDLL, request: pytest.FixtureRequest) -> Iterator[ctypes.c_void_p]:
    handle = ctypes.c_void_p()
    text = inline_includes(csrc_folder() / f"{request.param}.cu").encode()
    assert nvrtc.nvrtcCreateProgram(ctypes.byref(handle), text, request.param.encode(), 0, None, None) == 0
    yield handle
    nvrtc.nvrtcDestroyProgram(ctypes.byref(handle))


@pytest.mark.parametrize("program", SOURCES, indirect=True, ids=str)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_source_compiles_to_machine_code(nvrtc: ctypes.CDLL, program: ctypes.c_void_p, architecture: str) -> None:
    options = [f"--gpu-architecture={architecture}".encode(), b"--std=c++17", b"-ftz=true"]  # which CuPy adds
    result = nvrtc.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    assert result == 0, log.value.decode()
    assert nvrtc.nvrtcGetCUBINSize(program, ctypes.byref(size)) == 0
    machine_code = ctypes.create_string_buffer(size.value)
    assert nvrtc.nvrtcGetCUBIN(program, machine_code) == 0
    assert machine_code.raw[:4] == b"\x7fELF"


def test_every_cuda_file_is_compiled() -> None:
    assert {path.stem for path in csrc_folder().glob("*.cu")} == set(SOURCES)
