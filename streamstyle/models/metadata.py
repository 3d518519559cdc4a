"""The metadata of weights files, read without torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from streamstyle.errors import StyleError

STYLE_PREDICTOR_ASSET = "style_predictor.safetensors"
"""File name of the built-in style predictor."""

THUMBNAIL = "thumbnail"
"""Name of the uint8 tensor with a JPEG thumbnail of the style image."""


class NetworkShape(StrEnum):
    """Size of a style network."""

    fast = "fast"
    published = "published"


class LossWidth(StrEnum):
    """Width of a loss network: a quarter (slim) or half (wide) of VGG-16's channels."""

    slim = "slim"
    wide = "wide"


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata in the header of a .safetensors file; raises StyleError if it cannot be read."""
    with _open(path) as file:
        return dict(file.metadata() or {})


def read_bytes(path: Path, name: str) -> bytes | None:
    """Return the bytes of the tensor of that name, or None; raises StyleError if the file cannot be read."""
    with _open(path) as file:
        return bytes(file.get_tensor(name).tobytes()) if name in file.keys() else None  # noqa: SIM118  # no mapping


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    """Yield the file's `safe_open`, which has no types; raises StyleError if it is not a weights file."""
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415, --help imports nothing heavy

    try:
        with safe_open(path, framework="np") as file:
            yield file
    except (OSError, SafetensorError) as error:
        raise StyleError(
            f"{path} is not a weights file ({error})", "Give a .safetensors file made by streamstyle."
        ) from error
