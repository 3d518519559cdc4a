"""What pyproject.toml cannot say: `csrc/` is installed as a package of ours, and one file of it is compiled.

The compiled part is optional: without a compiler the build goes on, and torch does its work.
"""

import sys

from setuptools import Extension, find_packages, setup

_LIKE_GCC = ["-O3", "-std=c++17", "-fvisibility=hidden", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd"]

setup(
    packages=[*find_packages(include=["streamstyle*"]), "streamstyle.csrc"],
    package_dir={"streamstyle.csrc": "csrc"},
    ext_modules=[
        Extension(
            "streamstyle.csrc.host",
            sources=["csrc/host.cpp"],
            depends=[f"csrc/{name}.cuh" for name in ("occlusion", "planes", "portable", "temporal", "warp")],
            extra_compile_args=[] if sys.platform == "win32" else _LIKE_GCC,
            optional=True,
        )
    ],
)
