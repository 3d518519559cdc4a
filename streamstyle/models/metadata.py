"""The metadata of weights files, read without torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from streamstyle.errors import StyleError
from streamstyle.files import special_file

THUMBNAIL = "thumbnail"
"""Name of the uint8 tensor with a JPEG thumbnail of the style image."""

STYLE_IMAGE = "style_image"
"""Name of the uint8 tensor with a JPEG of the style image, of 512 pixels at its short side."""

KEYFRAMES = "keyframes"
"""Name of the uint8 tensor [N, 2, H, W, 3] with the key frames that a style was learned from, and their paintings."""

_MAX_HEADER_BYTES = 4 << 20
"""Limit of a file's header; those of our files take 10 kB."""

_MAX_BLOB_BYTES = 2 << 20
"""Limit of a tensor of bytes; thumbnails take 7 kB, style images 60 to 200 kB."""


class NetworkShape(StrEnum):
    """Shape of a style network."""

    separable = "separable"
    dense = "dense"
    published = "published"


STYLE_PREDICTOR_ASSETS = {
    NetworkShape.separable: "style_predictor.safetensors",
    NetworkShape.dense: "style_predictor_dense.safetensors",
}
"""File names of the built-in style predictors by the shape of the networks that they make."""


class LossNetwork(StrEnum):
    """The built-in loss networks: one with a quarter of VGG-16's channels, for speed, and VGG-16."""

    slim = "slim"
    vgg16 = "vgg16"


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata in the header of a .safetensors file; raises StyleError if it cannot be read."""
    with open_weights(path) as file:
        return dict(file.metadata() or {})


def has_tensor(path: Path, name: str) -> bool:
    """Return whether the file has a tensor of that name; raises StyleError if it cannot be read."""
    with open_weights(path) as file:
        return name in file.keys()  # noqa: SIM118  # no mapping


def read_bytes(path: Path, name: str) -> bytes | None:
    """Return the bytes of the tensor of that name; None if there is none, or it holds no bytes or too many.

    Raises StyleError if the file cannot be read.
    """
    with open_weights(path) as file:
        if name not in file.keys():  # noqa: SIM118  # no mapping
            return None
        header = file.get_slice(name)
        shape = header.get_shape()
        if header.get_dtype() != "U8" or len(shape) != 1 or shape[0] > _MAX_BLOB_BYTES:
            return None
        return bytes(file.get_tensor(name).tobytes())


@contextmanager
def open_weights(path: Path, framework: Literal["np", "pt"] = "np") -> Iterator[Any]:
    """Yield the file's `safe_open`, which has no types; only its header is read until tensors are asked for.

    Raises StyleError if there is no such file or it is not a weights file.
    """
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415, --help imports nothing heavy

    try:
        _check_header(path)
        with safe_open(path, framework=framework) as file:
            yield file
    except FileNotFoundError as error:
        raise StyleError(f"there is no weights file {path}", "Check the name and the folder.") from error
    except OSError as error:
        raise StyleError(f"{path} cannot be read ({error.strerror or error})", "Check its permissions.") from error
    except SafetensorError as error:
        raise _damaged_error(path, str(error)) from error


def _check_header(path: Path) -> None:
    """Raise StyleError for what is not a regular file, and for a header too long to be parsed."""
    if kind := special_file(path):
        raise StyleError(f"{path} is {kind}, not a weights file", "Give a .safetensors file made by streamstyle.")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > _MAX_HEADER_BYTES:
        raise _damaged_error(path, f"its header would take {length} bytes")


def _damaged_error(path: Path, reason: str) -> StyleError:
    return StyleError(
        f"{path} is not a weights file, or is damaged ({' '.join(reason.split())[:200]})",
        "Give a .safetensors file made by streamstyle; if this is one, copy or download it again.",
    )
