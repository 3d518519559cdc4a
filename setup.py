"""What pyproject.toml cannot say: `csrc/` is installed as a package of ours, and its C++ files are compiled.

The library of kernels for the CPU is optional: without a compiler the build goes on, and torch does its work.
"""

import sys
from pathlib import Path

from setuptools import Extension, find_packages, setup

_LIKE_GCC = ["-O3", "-std=c++17", "-fvisibility=hidden", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd"]


def _files(pattern: str) -> list[str]:
    return sorted(path.as_posix() for path in Path("csrc").glob(pattern))


setup(
    packages=[*find_packages(include=["streamstyle*"]), "streamstyle.csrc"],
    package_dir={"streamstyle.csrc": "csrc"},
    ext_modules=[
        Extension(
            "streamstyle.csrc.cpu_kernels",
            sources=_files("*.cpp"),
            depends=_files("*.cuh") + _files("*.hpp"),
            extra_compile_args=[] if sys.platform == "win32" else _LIKE_GCC,
            language="c++",
            optional=True,
        )
    ],
)
