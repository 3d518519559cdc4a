"""Add style images to styles that have none: `python -m tools.add_style_image STYLE.safetensors IMAGE …`.

A style file whose image was not kept when it was trained gets it here; everything else in it stays as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save

from streamstyle.errors import StyleError
from streamstyle.files import atomic_write
from streamstyle.media.images import read_image
from streamstyle.models.metadata import STYLE_IMAGE, read_metadata
from streamstyle.styles.library import image_digest
from streamstyle.styles.style_image import encode_style_image


def add_style_image(style: Path, image: Path) -> None:
    """Store the image in the style's file; raises StyleError if it is not the one that the style was trained on."""
    metadata = read_metadata(style)
    if metadata.get("image_sha256") != image_digest(image):
        raise StyleError(f"{image} is not the image that {style} was trained on", "Give that image.")
    data = encode_style_image(read_image(image))
    state = load_file(style) | {STYLE_IMAGE: torch.frombuffer(bytearray(data), dtype=torch.uint8)}
    atomic_write(style, save(state, metadata))


if __name__ == "__main__":
    for style, image in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        add_style_image(Path(style), Path(image))
