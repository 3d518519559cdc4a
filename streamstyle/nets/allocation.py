"""How the C library hands out the memory that pictures pass through."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
_MAX_BYTES = (1 << 31) - 1
"""Bytes; mallopt takes an int."""


def tune_malloc() -> None:
    """Ask glibc to keep freed memory for the next tensor instead of giving it back to the system.

    By default every activation of some megabytes is mapped anew, page by page, and unmapped when it is freed: a
    tenth or more of the time of an optimised frame on a CPU. Where there is no glibc nothing happens.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, _MAX_BYTES)
