"""What a weights file says of itself, read without torch."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from streamstyle.errors import StyleError

ANY_STYLE_ASSET = "any_style.safetensors"
"""File that the network for any style ships in."""

THUMBNAIL = "thumbnail"
"""Name of the tensor that holds a JPEG of the painting, byte by byte."""

_LARGEST_HEADER = 100 << 20
"""Bytes; the limit of the safetensors format."""


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata in the header of a .safetensors file; raises StyleError where it is none.

    The format: 8 bytes of length, little-endian, then a JSON object with the metadata under `__metadata__`.
    """
    with _opened(path) as (header, _):
        return {str(key): str(value) for key, value in header.get("__metadata__", {}).items()}


def read_bytes(path: Path, name: str) -> bytes | None:
    """Return the tensor of that name as it lies in the file, None where there is none; raises StyleError."""
    with _opened(path) as (header, file):
        if name not in header:
            return None
        begin, end = header[name]["data_offsets"]
        file.seek(begin, os.SEEK_CUR)
        return file.read(end - begin)


def made_by(metadata: Mapping[str, str]) -> str:
    """Return the commands that made a network, one after the other."""
    return " && ".join(metadata[key] for key in ("before", "command") if metadata.get(key))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[dict[str, Any], BinaryIO]]:
    """Yield the header of a file, and the file at the first byte after it."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            text = file.read(min(length, _LARGEST_HEADER))
            if len(text) < length:
                raise ValueError("its header is cut short")
            yield json.loads(text), file
    except (OSError, ValueError, struct.error, AttributeError, KeyError, TypeError) as error:
        raise StyleError(
            f"{path} is not a weights file ({error})", "Give a .safetensors file made by streamstyle."
        ) from error
