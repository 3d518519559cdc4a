"""What a weights file says of itself, read without torch."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from streamstyle.errors import StyleError

_LARGEST_HEADER = 100 << 20
"""Bytes; the limit of the safetensors format."""


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata in the header of a .safetensors file; raises StyleError where it is none.

    The format: 8 bytes of length, little-endian, then a JSON object with the metadata under `__metadata__`.
    """
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = file.read(min(length, _LARGEST_HEADER))
            if len(header) < length:
                raise ValueError("its header is cut short")
        return {str(key): str(value) for key, value in json.loads(header).get("__metadata__", {}).items()}
    except (OSError, ValueError, struct.error, AttributeError) as error:
        raise StyleError(
            f"{path} is not a weights file ({error})", "Give a .safetensors file made by streamstyle."
        ) from error
