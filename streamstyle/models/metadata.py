"""What a weights file says of itself, read without torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from streamstyle.errors import StyleError

STYLE_PREDICTOR_ASSET = "style_predictor.safetensors"
"""File that the network for any style ships in."""

THUMBNAIL = "thumbnail"
"""Name of the tensor that holds a JPEG of the painting, byte by byte."""


class NetworkShape(StrEnum):
    """How large a style network is."""

    fast = "fast"
    published = "published"


class LossWidth(StrEnum):
    """How many of VGG-16's channels a loss network has."""

    slim = "slim"
    wide = "wide"


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata in the header of a .safetensors file; raises StyleError where it is none."""
    with _open(path) as file:
        return dict(file.metadata() or {})


def read_bytes(path: Path, name: str) -> bytes | None:
    """Return the bytes of the tensor of that name, None where there is none; raises StyleError."""
    with _open(path) as file:
        return bytes(file.get_tensor(name).tobytes()) if name in file.keys() else None  # noqa: SIM118  # no mapping


def training_commands(metadata: Mapping[str, str]) -> str:
    """Return the commands that made a network, one after the other."""
    return " && ".join(metadata[key] for key in ("previous_training", "command") if metadata.get(key))


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    """Yield a `safe_open`, which is not typed; raises StyleError where the file is none of weights."""
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415, --help imports nothing heavy

    try:
        with safe_open(path, framework="np") as file:
            yield file
    except (OSError, SafetensorError) as error:
        raise StyleError(
            f"{path} is not a weights file ({error})", "Give a .safetensors file made by streamstyle."
        ) from error
