"""The text of a CUDA file with what it includes.

NVRTC would find includes by itself, but CuPy's cache knows a kernel by its text: one text means that a change in an
included file is compiled, and needs no search path.
"""

from __future__ import annotations

import re
from pathlib import Path

SOURCES = ("occlusion", "planes", "temporal", "warp")
"""The CUDA files in `csrc/`, by name."""

_INCLUDE = re.compile(r'^#include "(.+)"\n', re.MULTILINE)
_ONCE = re.compile(r"^#pragma once\n", re.MULTILINE)


def source_of(name: str, folder: Path) -> str:
    """Return `folder/name.cu` with every include in its place, once."""
    return _filled((folder / f"{name}.cu").read_text(encoding="utf-8"), folder, set())


def _filled(text: str, folder: Path, seen: set[str]) -> str:
    def content(found: re.Match[str]) -> str:
        file = found.group(1)
        if file in seen:
            return ""
        seen.add(file)
        return _filled((folder / file).read_text(encoding="utf-8"), folder, seen)

    return _INCLUDE.sub(content, _ONCE.sub("", text))
