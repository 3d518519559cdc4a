"""The demo film's frames and their true motion, at any size and length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.demo_film import lake, valley
from tools.demo_film.layers import Matrix, View, compose, shift, topmost

FRAME_RATE = 25
WIDTH, HEIGHT, SECONDS = 480, 270, 5.0

_DESIGN = (960, 540)
"""Width and height of the frame in design units."""

_SUPERSAMPLING = 2
"""Frames are composed at this many times their size and averaged, so that layers have soft edges."""

_SHOTS: tuple[tuple[Callable[[float], View], int], ...] = ((lake.lake, lake.FRAMES), (valley.valley, valley.FRAMES))
_PERIOD = sum(frames for _, frames in _SHOTS)


@dataclass(frozen=True, slots=True)
class TrueMotion:
    """The motion between two frames of the demo film, known from the motion of its layers."""

    backward: NDArray[np.float32]
    """[2, H, W] pixels (u right, v down): p + backward(p) is where p of the frame was in the earlier one."""
    forward: NDArray[np.float32]
    """[2, H, W] pixels: p + forward(p) is where p of the earlier frame is in the frame."""
    disoccluded: NDArray[np.bool_]
    """[H, W], True where the frame shows what the earlier one did not: it was covered, or outside the picture."""


def demo_frames(width: int = WIDTH, height: int = HEIGHT, seconds: float = SECONDS) -> Iterator[NDArray[np.uint8]]:
    """Yield the frames [H, W, 3] RGB, 25 per second, the same at each call.

    Three fifths are the first view, then a hard cut to the second. After five seconds the film repeats.
    """
    camera, size = _camera(width, height, _SUPERSAMPLING), (width * _SUPERSAMPLING, height * _SUPERSAMPLING)
    for index in range(frame_count(seconds)):
        paint, frame = _shot_and_frame(index, seconds)
        picture = compose(_view(paint, width, height), frame, camera, size)
        yield np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def frame_count(seconds: float = SECONDS) -> int:
    """Return the number of frames of a film of this length, at least one."""
    return max(1, round(seconds * FRAME_RATE))


def cuts(seconds: float = SECONDS) -> list[int]:
    """Return the first frame of each shot but the first."""
    scenes = [_shot_and_frame(index, seconds) for index in range(frame_count(seconds))]
    return [index for index in range(1, len(scenes)) if scenes[index][1] == 0]


def true_motion(
    index: int, width: int = WIDTH, height: int = HEIGHT, seconds: float = SECONDS, gap: int = 1
) -> TrueMotion | None:
    """Return the motion from frame `index - gap` to frame `index`; None across a cut, or if there is no such frame.

    Exact up to the 1/64 pixel to which the layers are placed; a pixel at an edge counts as the layer
    that covers most of it.
    """
    if index < gap or any(index - gap < cut <= index for cut in cuts(seconds)):
        return None
    paint, now = _shot_and_frame(index, seconds)
    view = _view(paint, width, height)
    forward, backward = _flows(view, now - gap, now, width, height)
    layers = topmost(view, now, _camera(width, height), (width, height))
    disoccluded = ~_visible(view, layers, backward, now - gap)
    return TrueMotion(backward, forward, disoccluded)


def _shot_and_frame(index: int, seconds: float) -> tuple[Callable[[float], View], int]:
    """Return the view of a frame, and the frame's index in its shot."""
    first_of_period = index - index % _PERIOD
    remaining = min(_PERIOD, frame_count(seconds) - first_of_period)
    first_shot = max(1, round(remaining * _SHOTS[0][1] / _PERIOD))
    frame = index - first_of_period
    return (_SHOTS[0][0], frame) if frame < first_shot else (_SHOTS[1][0], frame - first_shot)


@lru_cache(maxsize=4)
def _view(paint: Callable[[float], View], width: int, height: int) -> View:
    return paint(_SUPERSAMPLING * _pixels_per_unit(width, height))


def _pixels_per_unit(width: int, height: int) -> float:
    """Return pixels per design unit: the design covers the frame, whatever its aspect ratio."""
    return max(width / _DESIGN[0], height / _DESIGN[1])


def _camera(width: int, height: int, fine: int = 1) -> Matrix:
    """Return the matrix from design units to pixels, with the centre of the design in the centre of the frame."""
    scale = fine * _pixels_per_unit(width, height)
    middle = shift(fine * width / 2 - 0.5, fine * height / 2 - 0.5)
    return middle @ np.diag([scale, scale, 1.0]) @ shift(-_DESIGN[0] / 2, -_DESIGN[1] / 2)


def _flows(
    view: View, before: int, now: int, width: int, height: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return forward and backward flow [2, H, W] between two frames of a view."""
    camera = _camera(width, height)
    moves = [
        layer.pixel_matrix(now, camera) @ np.linalg.inv(layer.pixel_matrix(before, camera)) for layer in view.layers
    ]
    forward = _displacement(moves, topmost(view, before, camera, (width, height)))
    backward = _displacement([np.linalg.inv(move) for move in moves], topmost(view, now, camera, (width, height)))
    return forward, backward


def _displacement(moves: list[Matrix], layers: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return the displacement [2, H, W] of each pixel by the matrix of the layer visible there."""
    height, width = layers.shape
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    chosen = np.stack(moves)[layers]
    u = chosen[..., 0, 0] * x + chosen[..., 0, 1] * y + chosen[..., 0, 2] - x
    v = chosen[..., 1, 0] * x + chosen[..., 1, 1] * y + chosen[..., 1, 2] - y
    return np.stack([u, v]).astype(np.float32)


def _visible(view: View, layers: NDArray[np.int16], backward: NDArray[np.float32], before: int) -> NDArray[np.bool_]:
    """Return [H, W] whether the layer visible at each pixel was also visible where that pixel comes from."""
    height, width = layers.shape
    y, x = np.mgrid[:height, :width]
    fine = topmost(
        view, before, _camera(width, height, _SUPERSAMPLING), (width * _SUPERSAMPLING, height * _SUPERSAMPLING)
    )
    came_x, came_y = x + backward[0], y + backward[1]
    inside = (came_x >= 0) & (came_x <= width - 1) & (came_y >= 0) & (came_y <= height - 1)
    column = np.round((came_x + 0.5) * _SUPERSAMPLING - 0.5).astype(int).clip(0, width * _SUPERSAMPLING - 1)
    row = np.round((came_y + 0.5) * _SUPERSAMPLING - 0.5).astype(int).clip(0, height * _SUPERSAMPLING - 1)
    return np.asarray(inside & (fine[row, column] == layers))
