"""One frame in many styles, side by side, to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
import torch

from streamstyle.gpu.device import select_device, tune_malloc
from streamstyle.gpu.memory import gpu_errors_as_device_errors
from streamstyle.media.images import RgbImage
from streamstyle.models.weights import prepare_style_net
from streamstyle.ops.image import to_numpy, to_tensor
from streamstyle.settings import Device, StyleSettings
from streamstyle.stages.stylise import stylise_image
from streamstyle.styles.blending import load_blend
from streamstyle.styles.spec import StyleBlend

PAPER, INK = (246, 243, 238), (40, 38, 36)
MARGIN, CAPTION = 12, 26
"""Pixels round a picture, and under it for its name."""

INSET = 0.28
"""Height of the small picture of the painting, as a share of the frame's."""


@gpu_errors_as_device_errors()
def contact_sheet(
    frame: RgbImage, mixes: Sequence[tuple[StyleBlend, RgbImage | None]], settings: StyleSettings, device: Device
) -> RgbImage:
    """Return the frame itself and painted in every style, each with its name and a small picture of the painting."""
    tune_malloc()
    where = select_device(device)
    image = to_tensor(frame, where)
    cells = [captioned_cell(frame, "the frame itself", None)]
    for mix, painting in mixes:
        network = prepare_style_net(load_blend(mix, settings.strength), where)
        with torch.inference_mode():
            cells.append(captioned_cell(to_numpy(stylise_image(image, network, settings)), mix.name, painting))
    return arrange_in_grid(cells)


def arrange_in_grid(cells: Iterable[RgbImage]) -> RgbImage:
    """Return cells of one size in rows, as near to a square as whole rows allow."""
    listed = list(cells)
    square = max(1, round(len(listed) ** 0.5))
    columns = next((count for count in (square, square + 1) if len(listed) % count == 0), square)
    empty = np.full_like(listed[0], PAPER)
    listed += [empty] * (-len(listed) % columns)
    return np.vstack([np.hstack(listed[start : start + columns]) for start in range(0, len(listed), columns)])


def captioned_cell(picture: RgbImage, name: str, painting: RgbImage | None) -> RgbImage:
    """Return the picture on paper with its name under it, and the painting small in its corner."""
    height, width = picture.shape[:2]
    cell = np.full((height + 2 * MARGIN + CAPTION, width + 2 * MARGIN, 3), PAPER, np.uint8)
    cell[MARGIN : MARGIN + height, MARGIN : MARGIN + width] = picture
    if painting is not None:
        _paste_inset(cell, painting, round(INSET * height), MARGIN + height)
    position = (MARGIN, MARGIN + height + CAPTION - 8)
    cv2.putText(cell, name, position, cv2.FONT_HERSHEY_DUPLEX, 0.5, INK, 1, cv2.LINE_AA)
    return cell


def _paste_inset(cell: RgbImage, painting: RgbImage, side: int, bottom: int) -> None:
    """Put the painting, framed in paper, into the lower left corner of the picture."""
    height, width = painting.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(painting, size, interpolation=cv2.INTER_AREA)
    framed = cv2.copyMakeBorder(small, 2, 2, 2, 2, cv2.BORDER_CONSTANT, None, PAPER)
    cell[bottom - framed.shape[0] : bottom, MARGIN : MARGIN + framed.shape[1]] = framed
