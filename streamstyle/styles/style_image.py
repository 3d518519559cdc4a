"""The style image of a style: in a file of its own, or in the weights file of the network trained on it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from streamstyle.errors import StyleError
from streamstyle.media.images import RgbImage, decode_image, encode_image, read_image, resize_short_side
from streamstyle.models.metadata import STYLE_IMAGE, has_tensor, read_bytes, read_metadata
from streamstyle.styles.library import image_digest
from streamstyle.styles.spec import BlendPart

STYLE_IMAGE_SIDE = 512
"""Short side in pixels of a style image for its Gram matrices, as in training, so that strokes have the same size; and
of that in a weights file."""

_JPEG_QUALITY = 85


def encode_style_image(image: RgbImage) -> bytes:
    """Return the JPEG of a style image that a weights file holds, of some 100 kB."""
    smaller = min(image.shape[:2]) > STYLE_IMAGE_SIDE
    return encode_image(resize_short_side(image, STYLE_IMAGE_SIDE) if smaller else image, ".jpg", _JPEG_QUALITY)


def read_style_image(path: Path) -> RgbImage:
    """Return the image in an image file, or the style image in a weights file; raises StyleError if there is none."""
    if path.suffix != ".safetensors":
        return read_image(path)
    image = decode_image(read_bytes(path, STYLE_IMAGE) or b"")
    if image is None:
        raise StyleError(f"{path} does not contain its style image", "Give the image itself.")
    return image


def style_image_digest(path: Path) -> str:
    """Return the SHA-256 of an image file, or of the one that the network in a weights file was trained on."""
    if path.suffix != ".safetensors":
        return image_digest(path)
    return read_metadata(path).get("image_sha256") or sha256(read_bytes(path, STYLE_IMAGE) or b"").hexdigest()


def style_image_path(part: BlendPart, style_image: Path | None) -> Path:
    """Return the file with the style image of a style, for `read_style_image`; raises StyleError if it is not known.

    It is `style_image`, if that is the image that the style was trained on, or else the weights file.
    """
    if part.image is not None:
        return part.image
    if part.path.suffix != ".safetensors":
        return part.path
    name, stored = part.path.stem, has_tensor(part.path, STYLE_IMAGE)
    if style_image is None and not stored:
        raise StyleError(
            f"the style {name} does not contain its style image, which --method ruder needs",
            "Give the image with --style-image FILE or as --style.",
        )
    if style_image is None:
        return part.path
    expected = read_metadata(part.path).get("image_sha256")
    if expected and style_image.is_file() and style_image_digest(style_image) != expected:
        if stored:
            return part.path
        raise StyleError(
            f"{style_image} is not the image that {name} was trained on",
            "Give that image, or this one as --style.",
        )
    return style_image
