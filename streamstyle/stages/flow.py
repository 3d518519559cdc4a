"""How each frame follows from those before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.frames import Frame, FrameWithFlow, Motion
from streamstyle.media.flow_cache import FlowCache
from streamstyle.media.flow_codec import quantise
from streamstyle.ops.occlusion import consistency_weight
from streamstyle.prefetch import PrefetchIterator, prefetch, usable_cpus
from streamstyle.settings import FlowPreset, FlowSettings

_MAX_WORKERS = 8
"""Unless more are asked for: each holds a pair of frames."""

_BYTES_AHEAD = 64 << 20
_BYTES_A_PIXEL, _BYTES_A_MOTION = 3, 3 * 4
"""Of a frame and, each pixel again, of a motion."""

_DIS = {
    FlowPreset.ultrafast: cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    FlowPreset.fast: cv2.DISOPTICAL_FLOW_PRESET_FAST,
    FlowPreset.medium: cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}

_NO_GUESS: Any = None
"""OpenCV takes None where its type stubs know only of a flow to start from."""

_DEEPFLOW_SIDE = 128
"""Short side below which DeepFlow misses motions of a few pixels: its pyramid ends at 25 pixels."""


@contextmanager
def add_flow(
    frames: Iterable[Frame],
    settings: FlowSettings,
    cache: FlowCache | None = None,
    lookback: Sequence[int] = (1,),  # frames back, rising from 1
    returning: bool = False,  # from each frame to the one before, too
) -> Iterator[PrefetchIterator[FrameWithFlow]]:
    """Yield an iterator over the frames, each with its motions; they are worked on ahead of their use and in parallel.

    The first frame of a shot has none, and none reaches back before it. Motion is rounded as `cache` rounds it, so a
    run that reads it equals the run that wrote it, and a run without a cache equals both. About 64 MB of it waits, at
    least one frame more than are worked on.
    """
    remaining = iter(frames)
    first = next(remaining, None)
    if first is None:
        yield PrefetchIterator(iter(()), 1)
        return
    height, width = first.image.shape[:2]
    workers = settings.flow_workers or min(_MAX_WORKERS, max(1, usable_cpus() // 2))
    size = height * width * (_BYTES_A_PIXEL + _BYTES_A_MOTION * (len(lookback) + returning))
    ahead = max(workers + 1, _BYTES_AHEAD // size)

    def follow(moment: tuple[Frame, dict[int, Frame]]) -> FrameWithFlow:
        frame, by_gap = moment
        motions = [
            replace(_cached_motion(before, frame, settings.flow, cache), gap=gap) for gap, before in by_gap.items()
        ]
        if not motions:
            return FrameWithFlow(frame, None)
        back = _cached_motion(frame, by_gap[1], settings.flow, cache) if returning else None
        return FrameWithFlow(frame, motions[0], tuple(motions[1:]), back)

    moments = with_lookback(chain([first], remaining), lookback)
    with prefetch(moments, follow, workers=workers, ahead=ahead) as flowed:
        yield flowed


def with_lookback(frames: Iterable[Frame], lookback: Sequence[int]) -> Iterator[tuple[Frame, dict[int, Frame]]]:
    """Yield each frame with the earlier ones of its shot, by how far they are back, the nearest first."""
    recent: deque[Frame] = deque(maxlen=lookback[-1])
    for frame in frames:
        if recent and recent[-1].shot != frame.shot:
            recent.clear()
        yield frame, {gap: recent[-gap] for gap in lookback if gap <= len(recent)}
        recent.append(frame)


def _cached_motion(before: Frame, frame: Frame, preset: FlowPreset, cache: FlowCache | None) -> Motion:
    kept = cache.read(before.pts, frame.pts) if cache is not None else None
    if kept is not None:
        return kept
    motion = quantise(estimate_motion(before.image, frame.image, preset))
    if cache is not None:
        cache.write(before.pts, frame.pts, motion)
    return motion


def estimate_motion(
    before: NDArray[np.uint8],  # [H, W, 3] RGB
    image: NDArray[np.uint8],  # [H, W, 3] RGB
    preset: FlowPreset,
) -> Motion:
    """Return how `image` follows from `before`: flow both ways, and where they agree."""
    earlier, later = (np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8) for rgb in (before, image))
    backward, forward = optical_flow(later, earlier, preset), optical_flow(earlier, later, preset)
    return Motion(backward, consistency_weight(backward, forward))


def optical_flow(
    grey: NDArray[np.uint8],  # [H, W]
    other: NDArray[np.uint8],  # [H, W]
    preset: FlowPreset,
) -> Tensor:
    """Return [2, H, W] float32, pixels: p + flow(p) is where `other` shows what `grey` shows at p."""
    if preset is FlowPreset.deepflow:
        found: Any = _deepflow(grey, other)
    else:
        # A new one for each pair: it costs nothing measurable, cannot be used by two threads, and one that has seen a
        # small picture would answer differently to the next.
        found = cv2.DISOpticalFlow.create(_DIS[preset]).calc(grey, other, _NO_GUESS)
    return torch.from_numpy(np.ascontiguousarray(found.transpose(2, 0, 1)))


def _deepflow(grey: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return [H, W, 2]; small pictures are enlarged for it."""
    height, width = grey.shape
    times = -(-_DEEPFLOW_SIDE // min(height, width))
    large = (width * times, height * times)
    first, second = (cv2.resize(picture, large, interpolation=cv2.INTER_CUBIC) for picture in (grey, other))
    found = cv2.optflow.createOptFlow_DeepFlow().calc(first, second, _NO_GUESS)
    return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_AREA) / times, np.float32)
