"""Images to train on: crops of photos or paintings in a folder, and procedural images."""

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
"""One in this many images of a folder, sorted by name, is not trained on."""

MAX_ZOOM = 3.0
"""Maximum zoom of a close-up."""

CROP_ZOOM = 1.4
"""Maximum zoom of other crops."""


def next_batch(pictures: Iterator[Tensor], count: int, device: torch.device) -> Tensor:
    """Return the next `count` images, [H, W, 3] uint8 of one size, as [N, 3, H, W] float32 in [0, 1]."""
    stacked = torch.stack([next(pictures) for _ in range(count)])
    return stacked.to(device).permute(0, 3, 1, 2).float() / 255


def list_images(folder: Path) -> list[Path]:
    """Return the image files below `folder`, sorted; raises StyleError if there is none."""
    images = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not images:
        raise StyleError(f"{folder} has no images", f"Give a folder with {', '.join(IMAGE_SUFFIXES)} files.")
    return images


def training_images(paths: Sequence[Path]) -> list[Path]:
    """Return the images that are not held out for evaluation."""
    held_out = set(held_out_images(paths))
    return [path for path in paths if path not in held_out]


def held_out_images(paths: Sequence[Path]) -> list[Path]:
    """Return every twentieth image; none of fewer than twenty."""
    return list(paths[::HELD_OUT]) if len(paths) >= HELD_OUT else []


def random_crop(image: RgbImage, side: int, rng: np.random.Generator, max_zoom: float = CROP_ZOOM) -> RgbImage:
    """Return a square of `side` pixels at a random zoom from 1 to `max_zoom`, mirrored half of the time."""
    return crop_at_size(image, round(side * rng.uniform(1.0, max_zoom)), side, rng)


def crop_at_size(image: RgbImage, short_side: int, side: int, rng: np.random.Generator) -> RgbImage:
    """Return a square of `side` pixels of the image resized to `short_side`, mirrored half of the time."""
    resized = resize_short_side(image, short_side)
    top = rng.integers(0, resized.shape[0] - side + 1)
    left = rng.integers(0, resized.shape[1] - side + 1)
    crop = resized[top : top + side, left : left + side]
    return np.ascontiguousarray(crop[:, ::-1] if rng.random() < 0.5 else crop)


def photo_crops(paths: Sequence[Path], side: int, seed: int, close_up_fraction: float = 0.0) -> Iterator[RgbImage]:
    """Yield crops of the photos without end, in random order, each photo once per round.

    A fraction of the crops are close-ups, with large flat areas, soft edges and visible JPEG blocks, as in
    high-resolution film.
    """
    rng = np.random.default_rng(seed)
    while True:
        for position in rng.permutation(len(paths)):
            close_up = close_up_fraction > 0 and rng.random() < close_up_fraction
            yield random_crop(read_image(paths[position]), side, rng, MAX_ZOOM if close_up else CROP_ZOOM)


def procedural_crops(side: int, seed: int) -> Iterator[RgbImage]:
    """Yield images of the dead leaves model without end: overlapping textured shapes, sized as in natural images.

    Lee, Mumford and Huang 2001; networks learn from them nearly as well as from photos (Baradad et al. 2021).
    """
    rng = np.random.default_rng(seed)
    while True:
        yield _dead_leaves(side, rng)


def _dead_leaves(side: int, rng: np.random.Generator) -> RgbImage:
    canvas = _gradient(side, rng)
    smallest, largest = 4.0, side * 0.6
    for _ in range(int(rng.integers(60, 160))):
        uniform = rng.random()  # radii follow r^-3, by inversion
        radius = (smallest**-2 + uniform * (largest**-2 - smallest**-2)) ** -0.5
        shape = np.zeros((side, side), np.uint8)
        corners = int(rng.integers(3, 9))
        centre = rng.uniform(0, side, 2)
        if rng.random() < 0.5:
            axes = (max(1, int(radius)), max(1, int(radius * rng.uniform(0.4, 1))))
            cv2.ellipse(shape, tuple(int(c) for c in centre), axes, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
        else:
            angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
            points = centre + radius * np.stack([np.cos(angles), np.sin(angles)], 1)
            cv2.fillPoly(shape, [points.astype(np.int32)], 255, cv2.LINE_AA)
        alpha = shape[..., None].astype(np.float32) / 255
        canvas = (canvas * (1 - alpha) + _gradient(side, rng) * alpha).astype(np.float32)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _gradient(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    ends = rng.uniform(0, 255, 3) + rng.normal(0, 25, (2, 2, 3))
    surface = cv2.resize(ends.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    grain = rng.normal(0, rng.uniform(0, 30), (side // 4, side // 4)).astype(np.float32)
    return surface + cv2.resize(grain, (side, side), interpolation=cv2.INTER_CUBIC)[..., None]
