"""Optical flow: how each frame follows from the frames before it, computed in parallel and ahead of its use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from typing import Any, Protocol, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.frames import Frame, FrameWithFlow, Motion, with_lookback
from streamstyle.media.flow_codec import quantise, quantise_flow
from streamstyle.ops.occlusion import consistency_weight, photometric_weight
from streamstyle.prefetch import PrefetchIterator, prefetch
from streamstyle.settings import FlowCheck, FlowPreset, FlowSettings

BYTES_AHEAD = 64 << 20
"""Memory for frames and motions that wait to be used."""

_BYTES_PER_PIXEL_FRAME, _BYTES_PER_PIXEL_MOTION = 3, 3 * 4

_MAX_WORKERS = 8
"""Unless `--flow-workers` asks for more: each holds a pair of frames."""

_DIS_PRESETS = {
    FlowPreset.ultrafast: cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    FlowPreset.fast: cv2.DISOPTICAL_FLOW_PRESET_FAST,
    FlowPreset.medium: cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}

_NO_INITIAL_FLOW: Any = None
"""OpenCV accepts None, its type stubs do not."""

_LIGHT_DIFFERENCE = 12
"""Levels by which the means of two frames have to differ for a change of light to be tried."""

_DEEPFLOW_SIDE = 128
"""Short side below which DeepFlow misses motions of a few pixels: its pyramid ends at 25 pixels."""


CheckOf: TypeAlias = Callable[[Frame], FlowCheck | None]
"""Maps a frame to how its motions are checked; to None if it needs none."""


class MotionStore(Protocol):
    """Where motions are found that need not be computed, and put that were; any thread may read and write."""

    def read(self, previous_pts: int, pts: int, check: FlowCheck) -> Motion | None:
        """Return the motion between two frames; None if it has to be computed."""

    def read_backward(self, previous_pts: int, pts: int) -> Tensor | None:
        """Return the backward flow alone, [2, H, W], rounded, where it was computed for another check."""

    def write(self, previous_pts: int, pts: int, check: FlowCheck, motion: Motion) -> None:
        """Take a motion that was computed."""


@contextmanager
def add_flow(
    frames: Iterable[Frame],
    settings: FlowSettings,
    cache: MotionStore | None = None,
    lookback: Sequence[int] = (1,),  # frames back, rising from 1
    reverse: bool = False,  # also the motion from each frame to the previous one
    check_of: CheckOf = lambda frame: FlowCheck.forward_backward,
) -> Iterator[PrefetchIterator[FrameWithFlow]]:
    """Yield an iterator over the frames with their motions, which worker threads compute ahead of their use.

    The first frame of a shot has none, nor has one that needs none, and none reaches back across a cut. Motions are
    rounded as the cache rounds them, so a run that reads them from the cache, one that fills it and one without a cache
    give the same. Results of about 64 MB wait to be used, and at least one frame more than there are workers.
    """
    remaining = iter(frames)
    first = next(remaining, None)
    if first is None:
        yield PrefetchIterator(iter(()), 1)
        return
    height, width = first.image.shape[:2]
    workers = settings.flow_workers or pairs_at_once()
    motions_per_frame = len(lookback) + reverse
    size = height * width * (_BYTES_PER_PIXEL_FRAME + _BYTES_PER_PIXEL_MOTION * motions_per_frame)

    def add_motions(frame_and_earlier: tuple[Frame, dict[int, Frame]]) -> FrameWithFlow:
        frame, by_gap = frame_and_earlier
        check = check_of(frame)
        if check is None or not by_gap:
            return FrameWithFlow(frame, None)
        motions = [
            replace(_cached_motion(earlier, frame, settings.flow, check, cache), gap=gap)
            for gap, earlier in by_gap.items()
        ]
        back = _cached_motion(frame, by_gap[1], settings.flow, check, cache) if reverse else None
        return FrameWithFlow(frame, motions[0], tuple(motions[1:]), back)

    with_earlier = with_lookback(chain([first], remaining), lookback, lambda frame: check_of(frame) is not None)
    with prefetch(with_earlier, add_motions, workers=workers, ahead=max(workers + 1, BYTES_AHEAD // size)) as flowed:
        yield flowed


def pairs_at_once() -> int:
    """Return how many pairs of frames are computed in parallel, unless the settings say it."""
    return min(_MAX_WORKERS, max(1, torch.get_num_threads() // 2))


def _cached_motion(
    earlier: Frame, frame: Frame, preset: FlowPreset, check: FlowCheck, cache: MotionStore | None
) -> Motion:
    cached = cache.read(earlier.pts, frame.pts, check) if cache is not None else None
    if cached is not None:
        return cached
    greys = to_grey(earlier.image), to_grey(frame.image)
    if cache is not None and check is FlowCheck.photometric and not _light_may_change(*greys):
        backward = cache.read_backward(earlier.pts, frame.pts)
        if backward is not None:
            return quantise(_photometric_motion(backward, *greys))
    motion = quantise(estimate_motion_of_grey(*greys, preset, check))
    if cache is not None:
        cache.write(earlier.pts, frame.pts, check, motion)
    return motion


def estimate_motion(
    earlier: NDArray[np.uint8],  # [H, W, 3] RGB
    image: NDArray[np.uint8],  # [H, W, 3] RGB
    preset: FlowPreset,
    check: FlowCheck = FlowCheck.forward_backward,
) -> Motion:
    """Return how `image` follows from `earlier`: the backward flow, and where it can be trusted."""
    return estimate_motion_of_grey(to_grey(earlier), to_grey(image), preset, check)


def to_grey(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the grey image, [H, W], of an image, [H, W, 3]: all that flow is computed from."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def estimate_motion_of_grey(
    earlier: NDArray[np.uint8],  # [H, W]
    grey: NDArray[np.uint8],  # [H, W]
    preset: FlowPreset,
    check: FlowCheck,
) -> Motion:
    """Return what `estimate_motion` does, of grey images.

    Where the light of the whole picture may have changed, as in a flash, it is also looked for between images of equal
    light, and what is trusted more is returned.
    """
    motion = _motion_of_grey(earlier, grey, preset, check)
    if not _light_may_change(earlier, grey):
        return motion
    in_one_light = _motion_of_grey(*_in_one_light(earlier, grey), preset, check)
    return max(motion, in_one_light, key=lambda each: float(each.weight.mean()))


def _light_may_change(earlier: NDArray[np.uint8], grey: NDArray[np.uint8]) -> bool:
    return abs(float(grey.mean()) - float(earlier.mean())) >= _LIGHT_DIFFERENCE


def _motion_of_grey(
    earlier: NDArray[np.uint8], image: NDArray[np.uint8], preset: FlowPreset, check: FlowCheck
) -> Motion:
    backward = optical_flow(image, earlier, preset)
    if check is FlowCheck.photometric:
        return _photometric_motion(backward, earlier, image)
    return Motion(backward, consistency_weight(backward, optical_flow(earlier, image, preset)))


def _photometric_motion(backward: Tensor, earlier: NDArray[np.uint8], image: NDArray[np.uint8]) -> Motion:
    """Return the motion of a flow that may have been read: it is rounded first, so that the weight is the same."""
    backward = quantise_flow(backward)
    previous, current = (torch.from_numpy(each.astype(np.float32)) for each in (earlier, image))
    return Motion(backward, photometric_weight(backward, previous, current))


def _in_one_light(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return both grey images, [H, W] each, with the histogram of the one of less contrast: what is clipped in one is
    clipped in both."""
    if one.std() < other.std():
        return one, _match_histogram(other, one)
    return _match_histogram(one, other), other


def _match_histogram(image: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an image with its levels mapped, in order, to those of a reference of the same size."""
    counts, reference_counts = (np.cumsum(np.bincount(each.ravel(), minlength=256)) for each in (image, reference))
    levels = np.searchsorted(reference_counts, counts).astype(np.uint8)
    return np.asarray(cv2.LUT(image, levels), np.uint8)


def optical_flow(
    grey: NDArray[np.uint8],  # [H, W]
    other: NDArray[np.uint8],  # [H, W]
    preset: FlowPreset,
) -> Tensor:
    """Return [2, H, W] float32, pixels: what `grey` shows at p, `other` shows at p + flow(p)."""
    if preset is FlowPreset.deepflow:
        flow: Any = _deepflow(grey, other)
    else:
        # A new object for each pair costs nothing measurable. Two threads cannot share one, and one that has been used
        # on a small image gives other results on the next.
        flow = cv2.DISOpticalFlow.create(_DIS_PRESETS[preset]).calc(grey, other, _NO_INITIAL_FLOW)
    return torch.from_numpy(np.ascontiguousarray(flow.transpose(2, 0, 1)))


def _deepflow(grey: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return [H, W, 2]; small images are enlarged before."""
    height, width = grey.shape
    factor = -(-_DEEPFLOW_SIDE // min(height, width))
    size = (width * factor, height * factor)
    large, large_other = (cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) for image in (grey, other))
    flow = cv2.optflow.createOptFlow_DeepFlow().calc(large, large_other, _NO_INITIAL_FLOW)
    return np.asarray(cv2.resize(flow, (width, height), interpolation=cv2.INTER_AREA) / factor, np.float32)
