"""The kernels, built from their source by what is at hand."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from streamstyle.ops.host import HostKernels
from streamstyle.ops.kernels import csrc_folder

FLAGS = ("-O1", "-std=c++17", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd", "-Wall", "-Werror")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pixel functions as g++ builds them."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("there is no g++ to build csrc/host.cpp with")
    built = tmp_path_factory.mktemp("csrc") / "host.so"
    source = csrc_folder() / "host.cpp"
    flags = (*FLAGS, "-Wno-unknown-pragmas", "-shared", "-fPIC")
    subprocess.run([compiler, *flags, "-o", str(built), str(source)], check=True)
    return built


@pytest.fixture(scope="session")
def host(library: Path) -> HostKernels:
    return HostKernels(library)
