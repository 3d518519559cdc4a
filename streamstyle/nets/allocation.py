"""How the C library hands out the memory that pictures pass through."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST = 1 << 30
"""Bytes; the largest threshold that glibc's int takes to heart is 2 GiB."""


def keep_freed_memory() -> None:
    """Ask glibc to keep freed memory for the next tensor instead of giving it back to the system.

    By default every activation of tens of megabytes is mapped anew, page by page, and unmapped when it is freed: a
    tenth of the time of an optimised frame on a CPU. Where there is no glibc nothing happens.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST)
        libc.mallopt(_M_TRIM_THRESHOLD, _LARGEST)
