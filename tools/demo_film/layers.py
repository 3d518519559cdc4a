"""Layers with known motion, and the view composed of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.demo_film.canvas import Canvas

Matrix = NDArray[np.float64]
"""[3, 3], takes a point (x, y, 1) of one plane to another."""

LayerPath = Callable[[float], Matrix]
"""The matrix from a layer's points at rest to their positions in a frame, in design units."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A painted sheet and its motion."""

    canvas: Canvas
    path: LayerPath

    def pixel_matrix(self, frame: float, camera: Matrix) -> Matrix:
        """Return the matrix from the sheet's pixels to those of a picture that `camera` takes of the design."""
        sheet = self.canvas
        rest = np.array([[1 / sheet.scale, 0, sheet.left], [0, 1 / sheet.scale, sheet.top], [0, 0, 1]])
        return np.asarray(camera @ self.path(frame) @ rest @ shift(0.5, 0.5))


@dataclass(frozen=True, slots=True)
class View:
    """Layers from the farthest to the nearest; the farthest covers the whole frame."""

    layers: tuple[Layer, ...]


def shift(x: float, y: float) -> Matrix:
    """Return the matrix that moves by (x, y)."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def turn(degrees: float, x: float, y: float) -> Matrix:
    """Return the matrix that turns clockwise, as seen on screen, about (x, y)."""
    angle = np.deg2rad(degrees)
    turned = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return np.asarray(shift(x, y) @ turned @ shift(-x, -y))


def grow(factor: float, x: float, y: float) -> Matrix:
    """Return the matrix that scales about (x, y)."""
    return np.asarray(shift(x, y) @ np.diag([factor, factor, 1.0]) @ shift(-x, -y))


def lean(factor: float, y: float) -> Matrix:
    """Return the matrix that moves each row right by `factor` times its distance below `y`, a shear."""
    return np.array([[1, factor, -factor * y], [0, 1, 0], [0, 0, 1]], np.float64)


def compose(view: View, frame: float, camera: Matrix, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the picture [h, w, 3] RGB of all layers; `size` is its width and height."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    for layer in view.layers:
        placed = layer.pixel_matrix(frame, camera)
        left, top, right, bottom = _covered_box(layer.canvas, placed, size)
        if left >= right or top >= bottom:
            continue
        matrix = (shift(-left, -top) @ placed)[:2]
        drawn = cv2.warpAffine(layer.canvas.pixels, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
        region = picture[top:bottom, left:right]
        through = cv2.cvtColor(255 - drawn[..., 3], cv2.COLOR_GRAY2RGB)
        region[:] = cv2.add(cv2.multiply(region, through, scale=1 / 255), drawn[..., :3])
    return picture


def topmost(view: View, frame: float, camera: Matrix, size: tuple[int, int]) -> NDArray[np.int16]:
    """Return [h, w] the index of the layer visible at each pixel: the nearest that covers at least half of it."""
    visible = np.zeros((size[1], size[0]), np.int16)
    for index, layer in enumerate(view.layers):
        placed = layer.pixel_matrix(frame, camera)
        left, top, right, bottom = _covered_box(layer.canvas, placed, size)
        if left >= right or top >= bottom:
            continue
        matrix = (shift(-left, -top) @ placed)[:2]
        opacity = np.ascontiguousarray(layer.canvas.pixels[..., 3])
        cover = cv2.warpAffine(opacity, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
        visible[top:bottom, left:right][cover >= 128] = index
    return visible


def _covered_box(sheet: Canvas, placed: Matrix, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the part of the picture that the sheet can cover."""
    height, width = sheet.shape
    corners = placed @ np.array([[-1, width, -1, width], [-1, -1, height, height], [1, 1, 1, 1]])
    low = np.floor(corners[:2].min(axis=1)).astype(int)
    high = np.ceil(corners[:2].max(axis=1)).astype(int) + 1
    left, top = (int(value) for value in np.maximum(low, 0))
    right, bottom = (int(value) for value in np.minimum(high, size))
    return left, top, right, bottom
