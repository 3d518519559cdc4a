"""True motion as a judge: a folder of .flo files."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from streamstyle.errors import FilmError
from streamstyle.evaluate.matching import FrameCorrespondence, Correspondence, compose_flows
from streamstyle.film import VideoInfo
from streamstyle.media.flo import read_flo
from streamstyle.stages.shots import number_shots
from streamstyle.stages.source import decode


def flo_folder(film: VideoInfo, gaps: Sequence[int], folder: Path) -> nullcontext[Iterator[FrameCorrespondence]]:
    """Open an iterator over how each frame of a film follows whose flow is in files, one a pair, in order by name.

    Each is the flow of a frame to the next. Beside NAME.flo may lie NAME.png, white where the next frame does not show
    what the frame does; else that is where pixels that move differently arrive at one place. Longer gaps are
    chained. FilmError where the files do not fit the film.
    """
    paths = sorted(folder.glob("*.flo"))
    if film.frames != len(paths) + 1:
        problem = f"{folder} has {len(paths)} flows, and {film.path} {film.frames} frames"
        raise FilmError(problem, "One flow for each pair of frames is needed.")
    return nullcontext(_flo_correspondences(film, gaps, paths))


def _flo_correspondences(film: VideoInfo, gaps: Sequence[int], paths: Sequence[Path]) -> Iterator[FrameCorrespondence]:
    recent: deque[Correspondence] = deque(maxlen=max(gaps))
    shot = 0
    for frame in number_shots(decode(film)):
        if frame.shot != shot:
            recent.clear()
        onward = _read_correspondence(paths[frame.index - 1], film) if frame.index and frame.shot == shot else None
        if onward is not None:
            recent.append(onward)
        shot = frame.shot
        yield FrameCorrespondence(
            {gap: compose_flows(list(recent)[-gap:]) for gap in gaps if gap <= len(recent)}, onward
        )


def _read_correspondence(path: Path, film: VideoInfo) -> Correspondence:
    flow, known = read_flo(path)
    if flow.shape[1:] != (film.height, film.width):
        size = f"{flow.shape[2]}x{flow.shape[1]}"
        raise FilmError(f"{path} is {size}, the film {film.width}x{film.height}", f"Paint it at --size {size}.")
    mask = path.with_suffix(".png")
    hidden = _read_mask(mask, known.shape) if mask.exists() else _collisions(flow)
    return Correspondence(
        torch.from_numpy(flow), torch.from_numpy(known & ~hidden & _arrives_inside(flow)).float(), from_later=False
    )


def _read_mask(path: Path, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask: Any = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None or mask.shape != shape:
        raise FilmError(f"{path} is no mask of the size of its flow", "Remove it, or give an occlusion as a PNG.")
    return np.asarray(mask > 127)


def _arrives_inside(flow: NDArray[np.float32]) -> NDArray[np.bool_]:
    x, y = _destinations(flow)
    return np.asarray((x >= 0) & (x <= flow.shape[2] - 1) & (y >= 0) & (y <= flow.shape[1] - 1))


def _destinations(flow: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    y, x = np.mgrid[: flow.shape[1], : flow.shape[2]].astype(np.float32)
    return x + flow[0], y + flow[1]


def _collisions(flow: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return [H, W], True where another pixel arrives within the same pixel by a motion more than a pixel different."""
    height, width = flow.shape[1:]
    x, y = (np.round(places).astype(int) for places in _destinations(flow))
    place = (y.clip(0, height - 1) * width + x.clip(0, width - 1)).ravel()
    spread = np.zeros(height * width, np.float32)
    for component in flow.reshape(2, -1):
        least, most = np.full(height * width, np.inf, np.float32), np.full(height * width, -np.inf, np.float32)
        np.minimum.at(least, place, component)
        np.maximum.at(most, place, component)
        spread = np.maximum(spread, np.where(most >= least, most - least, 0))
    return np.asarray((spread[place] > 1).reshape(height, width))
