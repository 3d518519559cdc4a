"""Still images: read and encoded, resized. All are [H, W, 3] uint8 RGB."""

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
    """Return the image in a file. StyleError where it cannot be read or is not an image."""
    try:
        image = decode_image(path.read_bytes())
    except OSError as error:
        raise StyleError(f"{path} cannot be read ({error.strerror})", "Check the path and its permissions.") from error
    if image is None:
        raise StyleError(f"{path} is not an image", "Give a JPEG, PNG, WebP or TIFF file.")
    return image


def decode_image(data: bytes) -> RgbImage | None:
    """Return the image in the bytes of an image file; None where they are not an image."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def encode_image(image: RgbImage, suffix: str, quality: int = 95) -> bytes:
    """Return the bytes of an image file of the kind of `suffix`, such as `.png`; `quality`, 0 to 100, is for JPEG."""
    data = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
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
    size = (max(side, round(width * scale)), max(side, round(height * scale)))
    resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return resized.astype(np.uint8, copy=False)


def resize_height(image: RgbImage, height: int) -> RgbImage:
    """Return the image reduced to `height` pixels, or as it is if it is no higher; the aspect ratio is kept."""
    if image.shape[0] <= height:
        return image
    return resize(image, (max(1, round(image.shape[1] * height / image.shape[0])), height))


def resize(image: RgbImage, size: tuple[int, int]) -> RgbImage:
    """Return the image at `size`, (width, height); each pixel is the mean of the pixels that it covers."""
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
