"""streamstyle turns a whole film into a painting that moves."""

from __future__ import annotations

import os
from typing import Any

__version__ = "0.1.0"

__all__ = [
    "Settings",
    "StreamstyleError",
    "StylisedPicture",
    "__version__",
    "stylise_film",
    "stylise_frames",
    "stylise_image",
]

# OpenCV reads it once, when it is loaded, and compares with it what the header of an image says, before decoding.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(200_000_000))

if "OMP_WAIT_POLICY" not in os.environ:
    # OpenMP reads these once, when torch loads it, so this comes before any import of torch; child processes inherit
    # them. By default its threads spin while they wait, and take the cores from whatever the others wait for.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ.setdefault("KMP_BLOCKTIME", "0")  # Intel's library


def __getattr__(name: str) -> Any:
    """Import what the library offers when it is first used: torch takes a second, which `--help` need not wait for.

    Type checkers read `__init__.pyi`.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from importlib import import_module  # noqa: PLC0415

    owner = {"Settings": "settings", "StreamstyleError": "errors"}.get(name, "api")
    return getattr(import_module(f"{__name__}.{owner}"), name)
