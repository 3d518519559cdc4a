"""Still images: read and encoded, resized. All are [H, W, 3] uint8 RGB."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from streamstyle.errors import OutputError, StyleError
from streamstyle.files import special_file

THUMBNAIL_SIDE = 128
"""Longer side of a thumbnail in pixels."""

MAX_ASPECT_RATIO = 32
"""Limit of the long side of an image over its short one, which networks get at a fixed number of pixels."""

_MAX_FILE_BYTES = 1 << 30
_SMALLER = "Make it smaller first; a short side of 1000 pixels is plenty for a style."

_DECODING = threading.Lock()
"""Held while standard error is silent."""

RgbImage = NDArray[np.uint8]
"""[H, W, 3] RGB."""


def read_image(path: Path) -> RgbImage:
    """Return the image in a file. StyleError where it cannot be read, is not an image, or is too large or too long."""
    try:
        if kind := special_file(path):
            raise StyleError(f"{path} is {kind}, not an image", "Give a JPEG, PNG, WebP or TIFF file.")
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise StyleError(f"{path} is larger than {_MAX_FILE_BYTES >> 30} GB", _SMALLER)
        image = _decode(path.read_bytes())
    except FileNotFoundError as error:
        raise StyleError(f"there is no image {path}", "Check the name and the folder.") from error
    except OSError as error:
        raise StyleError(f"{path} cannot be read ({error.strerror})", "Check the path and its permissions.") from error
    except _TooLargeError as error:
        raise StyleError(f"{path} is too large an image ({error})", _SMALLER) from error
    if image is None:
        raise StyleError(f"{path} is not an image, or is damaged", "Give a JPEG, PNG, WebP or TIFF file.")
    height, width = image.shape[:2]
    if max(height, width) > MAX_ASPECT_RATIO * min(height, width):
        raise StyleError(
            f"{path} is {width}x{height}, a strip more than {MAX_ASPECT_RATIO} times as long as it is wide",
            "Crop it.",
        )
    return image


def decode_image(data: bytes, *, silent: bool = True) -> RgbImage | None:
    """Return the image in the bytes of an image file; None where they are not an image, or one that is too large.

    Without `silent` the decoder may report damage on standard error. With it the whole process writes there in vain
    meanwhile, so it is not for one that draws on a terminal.
    """
    try:
        return _decode(data, silent=silent)
    except _TooLargeError:
        return None


class _TooLargeError(Exception):
    """An image is too large to be decoded; the message says in which respect."""


def _decode(data: bytes, *, silent: bool = True) -> RgbImage | None:
    """Return the image; None where OpenCV cannot decode it. Raises _TooLargeError, before memory is asked for."""
    if not data:
        return None
    try:
        with _silent_stderr() if silent else nullcontext():
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
    except cv2.error as error:
        if error.func == "validateInputImageSize":
            limit = int(os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"])
            raise _TooLargeError(f"the limit is {limit / 1e6:.0f} million pixels, and 2^20 on a side") from error
        if error.code == cv2.Error.StsNoMem:
            raise _TooLargeError("there is not enough memory to decode it") from error
        return None
    except MemoryError as error:
        raise _TooLargeError("there is not enough memory to decode it") from error


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Send what is written to standard error to nowhere: OpenCV, libpng and libjpeg report damage there, in lines of
    their own, and two of them know no other way."""
    with _DECODING:
        try:
            stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        except OSError:  # it is closed
            yield
            return
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            os.close(nowhere)


def encode_image(
    image: NDArray[Any],  # [H, W, 3] RGB or [H, W, 4] RGBA, in uint8 or uint16
    suffix: str,
    quality: int = 95,
) -> bytes:
    """Return the bytes of an image file of the kind of `suffix`, such as `.png`; `quality`, 0 to 100, is for JPEG.

    OutputError where that kind cannot hold an image of this size.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix.lower() in (".jpg", ".jpeg") else []
    try:
        order = cv2.COLOR_RGB2BGR if image.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        encoded, data = cv2.imencode(suffix, cv2.cvtColor(image, order), options)
    except cv2.error:
        encoded = False
    if not encoded:
        size = f"{image.shape[1]}x{image.shape[0]}"
        raise OutputError(f"an image of {size} cannot be written as {suffix}", "Make it smaller, or write a .png.")
    return data.tobytes()


def encode_thumbnail(image: RgbImage) -> bytes:
    """Return a thumbnail of the image as a JPEG of about 5 kB."""
    height, width = image.shape[:2]
    scale = THUMBNAIL_SIDE / max(height, width)
    return encode_image(resize(image, (max(1, round(width * scale)), max(1, round(height * scale)))), ".jpg", 85)


def resize_short_side(image: RgbImage, side: int) -> RgbImage:
    """Return the image with its short side at `side` pixels; the aspect ratio is kept."""
    height, width = image.shape[:2]
    scale = side / min(height, width)
    return resize(image, (max(side, round(width * scale)), max(side, round(height * scale))))


def resize_height(image: RgbImage, height: int) -> RgbImage:
    """Return the image reduced to `height` pixels, or as it is if it is no higher; the aspect ratio is kept."""
    if image.shape[0] <= height:
        return image
    return resize(image, (max(1, round(image.shape[1] * height / image.shape[0])), height))


def resize(image: RgbImage, size: tuple[int, int]) -> RgbImage:
    """Return the image at `size`, (width, height): where that is smaller, each pixel is the mean of those it covers."""
    is_smaller = size[0] < image.shape[1]
    resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC)
    return resized.astype(np.uint8, copy=False)
