"""Makes the animation of the README: `python docs/make_picture.py` takes a few minutes on two cores."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

import streamstyle

DEMO_FILM = Path(streamstyle.__file__).with_name("assets") / "demo.mkv"
FRAME_RATE = 25
STYLES = ("wave", "starry_night", "composition_vii")
RANGE = "1-4"
"""Seconds of the demo film."""

TILE_SIZE = (320, 180)
FRAME_STEP = 2
"""Frames of the film per frame of the animation."""


def read_tiles(film: Path, start: int, end: int) -> list[NDArray[np.uint8]]:
    """Return every second frame from `start` to `end`, scaled down, as [H, W, 3] BGR."""
    with av.open(film) as container:
        frames = [
            frame.reformat(*TILE_SIZE, "bgr24", interpolation="AREA").to_ndarray()
            for frame in container.decode(video=0)
        ]
    return frames[start:end:FRAME_STEP]


def make_picture(path: Path) -> None:
    """Stylise the demo film in every built-in style and show the films side by side."""
    with tempfile.TemporaryDirectory() as folder:
        start, end = (FRAME_RATE * int(second) for second in RANGE.split("-"))
        tiles = [read_tiles(DEMO_FILM, start, end)]
        for style in STYLES:
            output = Path(folder) / f"{style}.mkv"
            command = ["run", str(DEMO_FILM), "--style", style, "--range", RANGE, "-o", str(output)]
            subprocess.run([sys.executable, "-m", "streamstyle", *command], check=True)
            tiles.append(read_tiles(output, 0, end - start))
    animation = cv2.Animation()
    animation.frames = [np.vstack([np.hstack(row[:2]), np.hstack(row[2:])]) for row in zip(*tiles, strict=True)]
    animation.durations = [40 * FRAME_STEP] * len(animation.frames)
    cv2.imwriteanimation(str(path), animation, [cv2.IMWRITE_WEBP_QUALITY, 55])


if __name__ == "__main__":
    make_picture(Path(__file__).with_name("demo.webp"))
