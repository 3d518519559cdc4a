"""The compiled part, built from its source by what is at hand."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from streamstyle.gpu.dispatch import csrc_folder

FLAGS = ("-O1", "-std=c++17", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd", "-Wall", "-Werror")


def build_cpu_kernels(folder: Path) -> Path:
    """Return the pixel functions as g++ builds them; the test is skipped where there is none."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("there is no g++ to build csrc/*.cpp with")
    built = folder / "cpu_kernels.so"
    sources = sorted(map(str, csrc_folder().glob("*.cpp")))
    flags = (*FLAGS, "-Wno-unknown-pragmas", "-shared", "-fPIC")
    subprocess.run([compiler, *flags, "-o", str(built), *sources], check=True)
    return built
