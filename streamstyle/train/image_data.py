"""Pictures to train on: photos from a folder, frames of a film, and procedural ones for when there is neither."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.errors import StyleError
from streamstyle.files import IMAGE_SUFFIXES
from streamstyle.media.images import RgbImage, read_image, resize_short_side

HELD_OUT = 20
"""One in so many of a folder's pictures, sorted by name, is not trained on."""


MAX_ZOOM = 3.0
"""Times that a close-up is enlarged at most."""


def next_batch(pictures: Iterator[Tensor], count: int, device: torch.device) -> Tensor:
    """Return the next pictures, [H, W, 3] uint8 each and of one size, as [N, 3, H, W] float32 in [0, 1]."""
    stacked = torch.stack([next(pictures) for _ in range(count)])
    return stacked.to(device).permute(0, 3, 1, 2).float() / 255


def list_images(folder: Path) -> list[Path]:
    """Return the image files below `folder`, sorted; raises StyleError where there is none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        raise StyleError(f"{folder} holds no pictures", f"Give a folder with {', '.join(IMAGE_SUFFIXES)} files.")
    return found


def training_images(paths: Sequence[Path]) -> list[Path]:
    """Return the pictures without those held out, on which what is claimed of a network that ships is tried."""
    apart = set(held_out_images(paths))
    return [path for path in paths if path not in apart]


def held_out_images(paths: Sequence[Path]) -> list[Path]:
    """Return every twentieth picture, none of a folder with fewer than twenty."""
    return list(paths[::HELD_OUT]) if len(paths) >= HELD_OUT else []


def random_crop(image: RgbImage, side: int, random: np.random.Generator, nearest: float = 1.4) -> RgbImage:
    """Return a square of `side` pixels, seen from nearer or farther, mirrored half of the time."""
    zoomed = resize_short_side(image, round(side * random.uniform(1.0, nearest)))
    top = random.integers(0, zoomed.shape[0] - side + 1)
    left = random.integers(0, zoomed.shape[1] - side + 1)
    crop = zoomed[top : top + side, left : left + side]
    return np.ascontiguousarray(crop[:, ::-1] if random.random() < 0.5 else crop)


def photo_crops(paths: Sequence[Path], side: int, seed: int, close: float = 0.0) -> Iterator[RgbImage]:
    """Yield crops of the photos for ever, each photo once before any comes again; a share of them close-ups.

    In a close-up flat areas are large, edges are soft, and the photo's own blocks show, as in a film of many pixels.
    """
    random = np.random.default_rng(seed)
    while True:
        for position in random.permutation(len(paths)):
            near = close > 0 and random.random() < close
            yield random_crop(read_image(paths[position]), side, random, MAX_ZOOM if near else 1.4)


def procedural_crops(side: int, seed: int) -> Iterator[RgbImage]:
    """Yield dead leaves for ever: overlapping textured shapes with the size statistics of natural images.

    Lee, Mumford and Huang 2001; networks learn from them nearly as from photos (Baradad et al. 2021).
    """
    random = np.random.default_rng(seed)
    while True:
        yield _dead_leaves(side, random)


def _dead_leaves(side: int, random: np.random.Generator) -> RgbImage:
    canvas = _gradient(side, random)
    smallest, largest = 4.0, side * 0.6
    for _ in range(int(random.integers(60, 160))):
        uniform = random.random()  # radii follow r^-3, by inversion
        radius = (smallest**-2 + uniform * (largest**-2 - smallest**-2)) ** -0.5
        shape = np.zeros((side, side), np.uint8)
        corners = int(random.integers(3, 9))
        centre = random.uniform(0, side, 2)
        if random.random() < 0.5:
            axes = (max(1, int(radius)), max(1, int(radius * random.uniform(0.4, 1))))
            cv2.ellipse(
                shape, tuple(int(c) for c in centre), axes, random.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA
            )
        else:
            angles = np.sort(random.uniform(0, 2 * np.pi, corners))
            points = centre + radius * np.stack([np.cos(angles), np.sin(angles)], 1)
            cv2.fillPoly(shape, [points.astype(np.int32)], 255, cv2.LINE_AA)
        alpha = shape[..., None].astype(np.float32) / 255
        canvas = (canvas * (1 - alpha) + _gradient(side, random) * alpha).astype(np.float32)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _gradient(side: int, random: np.random.Generator) -> NDArray[np.float32]:
    ends = random.uniform(0, 255, 3) + random.normal(0, 25, (2, 2, 3))
    surface = cv2.resize(ends.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    grain = random.normal(0, random.uniform(0, 30), (side // 4, side // 4)).astype(np.float32)
    return surface + cv2.resize(grain, (side, side), interpolation=cv2.INTER_CUBIC)[..., None]
