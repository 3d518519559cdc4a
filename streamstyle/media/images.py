"""Single pictures: read from a file, resized."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from streamstyle.errors import StyleError

THUMBNAIL_SIDE = 128
"""Longer side of a thumbnail in pixels."""

RgbImage = NDArray[np.uint8]
"""[H, W, 3] RGB."""


def read_image(path: Path) -> RgbImage:
    """Return the image in `path`; raises StyleError where it is none."""
    try:
        image = decode_image(path.read_bytes())
    except OSError as error:
        raise StyleError(f"{path} cannot be read ({error.strerror})", "Check the path and its permissions.") from error
    if image is None:
        raise StyleError(f"{path} is not an image", "Give a JPEG, PNG, WebP or TIFF file.")
    return image


def resize_short_side(image: RgbImage, side: int) -> RgbImage:
    """Return the picture with its short side at `side` pixels, shape kept."""
    height, width = image.shape[:2]
    scale = side / min(height, width)
    size = (max(side, round(width * scale)), max(side, round(height * scale)))
    resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return resized.astype(np.uint8, copy=False)


def resize_height(image: RgbImage, height: int) -> RgbImage:
    """Return the picture with that many lines, or as it is where it has no more; shape kept."""
    if image.shape[0] <= height:
        return image
    width = max(1, round(image.shape[1] * height / image.shape[0]))
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def resize(image: RgbImage, size: tuple[int, int]) -> RgbImage:
    """Return the picture at (width, height) `size`, each pixel the mean of those it stands for."""
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def encode_thumbnail(image: RgbImage) -> bytes:
    """Return the picture small, as a JPEG of some 5 kB."""
    height, width = image.shape[:2]
    scale = THUMBNAIL_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def decode_image(data: bytes) -> RgbImage | None:
    """Return the picture in the bytes of a JPEG or PNG file; None where they are none."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def encode_image(image: RgbImage, suffix: str, quality: int = 95) -> bytes:
    """Return the picture as the bytes of a file of that kind, such as `.png`; `quality`, to 100, is a JPEG's."""
    data = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return data.tobytes()
