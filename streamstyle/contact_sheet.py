"""The contact sheet of `streamstyle styles --sheet`: one frame in several styles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from streamstyle.errors import VideoError
from streamstyle.files import IMAGE_SUFFIXES
from streamstyle.gpu.device import select_device, tune_malloc
from streamstyle.gpu.memory import gpu_errors_as_device_errors
from streamstyle.media.images import RgbImage, read_image, resize
from streamstyle.media.probe import probe_header
from streamstyle.models.weights import prepare_style_net
from streamstyle.ops.image import to_numpy, to_tensor
from streamstyle.settings import Device, StyleSettings
from streamstyle.stages.decode import decode
from streamstyle.stages.stylise import stylise_image
from streamstyle.styles.blending import load_blend
from streamstyle.styles.spec import StyleBlend

PAPER, INK = (246, 243, 238), (40, 38, 36)
MARGIN, CAPTION = 12, 26
"""Pixels around an image, and below it for the caption."""

INSET = 0.28
"""Longer side of the inset style image, as a fraction of the frame's height."""


def read_picture(path: Path) -> RgbImage:
    """Return an image, or the frame in the middle of a film, in the shape in which it is displayed.

    StyleError if the file is neither.
    """
    if path.suffix.lower() in IMAGE_SUFFIXES or not path.is_file():
        return read_image(path)
    try:
        video = probe_header(path)
        frame = next(decode(video.starting_at((video.duration or 0.0) / 2)), None)
    except VideoError:
        frame = None
    if frame is None:
        return read_image(path)
    height, width = frame.image.shape[:2]
    return resize(frame.image, (max(1, round(width * video.sample_aspect_ratio)), height))


@gpu_errors_as_device_errors()
def contact_sheet(
    frame: RgbImage, styles: Sequence[tuple[StyleBlend, RgbImage | None]], settings: StyleSettings, device: Device
) -> RgbImage:
    """Return the frame as it is and stylised in every style, captioned, each with its style image as an inset.

    `styles` are pairs of style and inset.
    """
    tune_malloc()
    torch_device = select_device(device)
    image = to_tensor(frame, torch_device)
    cells = [captioned_cell(frame, "source", None)]
    for style, style_image in styles:
        network = prepare_style_net(load_blend(style, settings.strength), torch_device)
        with torch.inference_mode():
            cells.append(captioned_cell(to_numpy(stylise_image(image, network, settings)), style.name, style_image))
    return arrange_in_grid(cells)


def arrange_in_grid(cells: Iterable[RgbImage]) -> RgbImage:
    """Return cells of one size in a grid with about as many rows as columns, filled if possible."""
    grid = list(cells)
    side = max(1, round(len(grid) ** 0.5))
    columns = next((count for count in (side, side + 1) if len(grid) % count == 0), side)
    blank = np.full_like(grid[0], PAPER)
    grid += [blank] * (-len(grid) % columns)
    return np.vstack([np.hstack(grid[start : start + columns]) for start in range(0, len(grid), columns)])


def captioned_cell(picture: RgbImage, name: str, style_image: RgbImage | None) -> RgbImage:
    """Return the image with a margin, its name below it, and the style image as an inset."""
    height, width = picture.shape[:2]
    cell = np.full((height + 2 * MARGIN + CAPTION, width + 2 * MARGIN, 3), PAPER, np.uint8)
    cell[MARGIN : MARGIN + height, MARGIN : MARGIN + width] = picture
    if style_image is not None:
        _paste_inset(cell, style_image, round(INSET * height), MARGIN + height)
    position = (MARGIN, MARGIN + height + CAPTION - 8)
    cv2.putText(cell, name, position, cv2.FONT_HERSHEY_DUPLEX, 0.5, INK, 1, cv2.LINE_AA)
    return cell


def _paste_inset(cell: RgbImage, style_image: RgbImage, side: int, bottom: int) -> None:
    """Draw the style image, with a thin frame, into the lower left corner."""
    height, width = style_image.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(style_image, size, interpolation=cv2.INTER_AREA)
    framed = cv2.copyMakeBorder(small, 2, 2, 2, 2, cv2.BORDER_CONSTANT, None, PAPER)
    cell[bottom - framed.shape[0] : bottom, MARGIN : MARGIN + framed.shape[1]] = framed
