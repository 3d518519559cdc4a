"""Synthetic scenes with their true motion: a pan, a moving square, a cut, a flash, a fade, a dissolve, grain."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""[H, W, 3] RGB, full range; or [T, H, W, 3] for several frames."""


@dataclass(frozen=True)
class Scene:
    """Frames and the motion between consecutive ones."""

    frames: Picture
    """[T, H, W, 3] uint8 RGB."""
    backward: NDArray[np.float32]
    """[T, 2, H, W] pixels: p + backward[t](p) is where p was in frame t-1. Zero in frame 0."""
    forward: NDArray[np.float32]
    """[T, 2, H, W] pixels: p + forward[t](p) is where p of frame t-1 is in frame t. Zero in frame 0."""
    uncovered: NDArray[np.bool_]
    """[T, H, W], True where frame t shows what was hidden in frame t-1. All True in frame 0."""
    cuts: tuple[int, ...] = ()
    """First frame of every shot but the first."""


def texture(width: int, height: int, seed: int = 0) -> Picture:
    """A picture with detail at several scales, which optical flow can track; different for each seed."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.float32)
    for cell, strength in ((32, 1.0), (12, 0.6), (5, 0.35)):
        picture += strength * _smooth_noise(random, width, height, cell)
    low, high = picture.min(), picture.max()
    return np.round(16 + 223 * (picture - low) / (high - low)).astype(np.uint8)


def _smooth_noise(random: np.random.Generator, width: int, height: int, cell: int) -> NDArray[np.float32]:
    coarse = random.random((height // cell + 3, width // cell + 3, 3), np.float32)
    rows, columns = np.arange(height) / cell, np.arange(width) / cell
    top, left = rows.astype(int), columns.astype(int)
    down = _ease(rows - top)[:, None, None]
    right = _ease(columns - left)[None, :, None]
    upper = coarse[top][:, left] * (1 - right) + coarse[top][:, left + 1] * right
    lower = coarse[top + 1][:, left] * (1 - right) + coarse[top + 1][:, left + 1] * right
    return (upper * (1 - down) + lower * down).astype(np.float32)


def _ease(fraction: NDArray[np.float64]) -> NDArray[np.float64]:
    return fraction * fraction * (3 - 2 * fraction)


def still(frames: int = 8, width: int = 96, height: int = 64, seed: int = 0) -> Scene:
    """Nothing moves."""
    return pan(frames, width, height, step=(0, 0), seed=seed)


def pan(frames: int = 8, width: int = 96, height: int = 64, step: tuple[int, int] = (2, 0), seed: int = 0) -> Scene:
    """The camera moves over a flat picture: it shifts by `step` = (right, down) pixels per frame."""
    right, down = step
    reach_x, reach_y = abs(right) * (frames - 1), abs(down) * (frames - 1)
    canvas = texture(width + reach_x, height + reach_y, seed)
    pictures, uncovered = [], np.ones((frames, height, width), bool)
    for t in range(frames):
        x = reach_x - right * t if right > 0 else -right * t
        y = reach_y - down * t if down > 0 else -down * t
        pictures.append(canvas[y : y + height, x : x + width])
        if t:
            uncovered[t] = ~_shifted(np.ones((height, width), bool), right, down)
    return Scene(np.stack(pictures), *_constant_flow(frames, width, height, step), uncovered)


def moving_square(
    frames: int = 8, width: int = 96, height: int = 64, side: int = 24, step: tuple[int, int] = (2, 0), seed: int = 0
) -> Scene:
    """A textured square moves by `step` = (right, down) pixels per frame over a still background."""
    right, down = step
    background, square = texture(width, height, seed), texture(side, side, seed + 1)
    square = np.clip(255 - square.astype(int) // 2, 0, 255).astype(np.uint8)
    assert side + abs(right) * (frames - 1) <= width, "the square would leave the picture"
    assert side + abs(down) * (frames - 1) <= height, "the square would leave the picture"
    x0 = (width - side - right * (frames - 1)) // 2
    y0 = (height - side - down * (frames - 1)) // 2
    inside = np.zeros((frames, height, width), bool)
    pictures = np.repeat(background[None], frames, 0)
    for t in range(frames):
        rows, columns = slice(y0 + down * t, y0 + down * t + side), slice(x0 + right * t, x0 + right * t + side)
        inside[t, rows, columns] = True
        pictures[t, rows, columns] = square
    uncovered = np.ones_like(inside)
    uncovered[1:] = inside[:-1] & ~inside[1:]
    backward, forward = _constant_flow(frames, width, height, step)
    backward *= inside[:, None]
    forward[1:] *= inside[:-1, None]
    return Scene(pictures, backward, forward, uncovered)


def cut(*shots: Scene) -> Scene:
    """The shots one after another, with hard cuts between them."""
    starts = np.cumsum([len(shot.frames) for shot in shots])[:-1]
    joined = (
        np.concatenate([getattr(shot, name) for shot in shots])
        for name in ("frames", "backward", "forward", "uncovered")
    )
    return Scene(*joined, cuts=tuple(int(start) for start in starts))


def flash(scene: Scene, first: int, last: int) -> Scene:
    """The scene with a flash: the frames from `first` to `last` are so bright that much of them is clipped."""
    frames = scene.frames.copy()
    frames[first : last + 1] = np.clip(1.8 * frames[first : last + 1].astype(float) + 40, 0, 255)
    return replace(scene, frames=frames)


def fade(scene: Scene, first: int, last: int) -> Scene:
    """The scene that fades from its light before frame `first` to a twentieth of it at `last`, where it ends."""
    light = np.interp(np.arange(len(scene.frames)), (first, last), (1, 0.05))
    return replace(scene, frames=np.round(scene.frames * light[:, None, None, None]).astype(np.uint8))


def dissolve(scene: Scene, other: Scene, first: int, last: int) -> Scene:
    """The scene until frame `first`, the other one from `last`, and a mixture between; the motion is the scene's."""
    share = np.interp(np.arange(len(scene.frames)), (first, last), (0, 1))[:, None, None, None]
    return replace(scene, frames=np.round((1 - share) * scene.frames + share * other.frames).astype(np.uint8))


def grain(scene: Scene, levels: float = 12, seed: int = 0) -> Scene:
    """The scene with film grain, of so many levels as its standard deviation, which is new in every frame."""
    noise = np.random.default_rng(seed).normal(0, levels, scene.frames.shape[:3])[..., None]
    return replace(scene, frames=np.clip(np.round(scene.frames + noise), 0, 255).astype(np.uint8))


def _constant_flow(
    frames: int, width: int, height: int, step: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    forward = np.zeros((frames, 2, height, width), np.float32)
    forward[1:] = np.array(step, np.float32)[None, :, None, None]
    return -forward, forward


def _shifted(mask: NDArray[np.bool_], right: int, down: int) -> NDArray[np.bool_]:
    height, width = mask.shape
    out = np.zeros_like(mask)
    out[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = mask[
        max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
    ]
    return out


def flat(colour: tuple[int, int, int], frames: int = 3, width: int = 64, height: int = 48) -> Picture:
    """[T, H, W, 3]: every pixel of every frame has this colour."""
    return np.broadcast_to(np.array(colour, np.uint8), (frames, height, width, 3)).copy()
