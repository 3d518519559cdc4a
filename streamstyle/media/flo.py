"""Optical flow in .flo files, the format of the Middlebury (Baker et al. 2011) and MPI-Sintel (Butler et al. 2012)
ground truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamstyle.errors import VideoError

_MAGIC = 202021.25
"""The first four bytes, as a float: `PIEH`."""

_UNKNOWN = 1e9
"""A component as large as this or larger marks a pixel whose flow is not known."""


def read_flo(path: Path) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the flow [2, H, W] in pixels (u right, v down), 0 where unknown, and [H, W], True where it is known.

    VideoError where the file cannot be read or is not a .flo file.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise VideoError(f"{path} cannot be read ({error.strerror})", "Give a folder of .flo files.") from error
    if len(data) < 12 or np.frombuffer(data, "<f4", 1)[0] != _MAGIC:
        raise VideoError(f"{path} is not a .flo file", "Give flow in the format of Middlebury and MPI-Sintel.")
    width, height = (int(side) for side in np.frombuffer(data, "<i4", 2, 4))
    if len(data) != 12 + 8 * width * height:
        raise VideoError(f"{path} does not hold the {width}x{height} pixels that its header states", "Copy it again.")
    flow = np.frombuffer(data, "<f4", offset=12).reshape(height, width, 2).transpose(2, 0, 1)
    known = np.isfinite(flow).all(0) & (np.abs(flow) < _UNKNOWN).all(0)
    return np.where(known, flow, 0).astype(np.float32), known


def write_flo(path: Path, flow: NDArray[np.float32]) -> None:
    """Write a flow [2, H, W] in pixels."""
    height, width = flow.shape[1:]
    header = np.array([_MAGIC], "<f4").tobytes() + np.array([width, height], "<i4").tobytes()
    path.write_bytes(header + np.ascontiguousarray(flow.transpose(1, 2, 0), "<f4").tobytes())
