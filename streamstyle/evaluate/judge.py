"""The flow that films are judged along: one that is computed from the source, or the true one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.buffered import prefetch
from streamstyle.errors import SettingsError
from streamstyle.evaluate.matching import FrameCorrespondence, Correspondence
from streamstyle.evaluate.truth import flo_folder
from streamstyle.film import VideoInfo
from streamstyle.frame import Frame
from streamstyle.ops.occlusion import consistency_weight
from streamstyle.settings import FlowPreset
from streamstyle.stages.flow import optical_flow
from streamstyle.stages.shots import number_shots
from streamstyle.stages.source import decode

_PREFETCH = 4
"""Moments that are worked on ahead of their use."""


@dataclass(frozen=True, slots=True)
class ReferenceFlow:
    """A flow to judge along."""

    name: str
    """For a sentence that begins with `judged along`."""
    open_correspondences: Callable[[VideoInfo, Sequence[int]], AbstractContextManager[Iterator[FrameCorrespondence]]]
    """Opens an iterator over how each frame follows, at the working size, with matches at these gaps, 1 among them."""
    preset: FlowPreset | None = None
    """The flow, where it is one that films can be made with, too."""


def computed_flow(flow: FlowPreset, workers: int = 1) -> ReferenceFlow:
    """Return the judge along a flow that is computed from the source, each gap for itself."""
    return ReferenceFlow(
        f"{flow} flow of its source", partial(_computed_correspondences, preset=flow, workers=workers), flow
    )


def parse_reference_flow(text: str) -> ReferenceFlow:
    """Return the judge of that name: a flow's, or a folder of .flo files.

    SettingsError where it is neither.
    """
    if text in set(FlowPreset):
        return computed_flow(FlowPreset(text))
    folder = Path(text)
    if folder.is_dir():
        return ReferenceFlow(f"true flow in {folder}", partial(flo_folder, folder=folder))
    known = ", ".join(FlowPreset)
    raise SettingsError(f"--flow-reference cannot be {text}", f"Give one of {known}, or a folder of .flo files.")


@contextmanager
def _computed_correspondences(
    film: VideoInfo, gaps: Sequence[int], preset: FlowPreset, workers: int
) -> Iterator[Iterator[FrameCorrespondence]]:
    def follow(frame_and_earlier: tuple[Frame, dict[int, Frame]]) -> FrameCorrespondence:
        return _correspondence(*frame_and_earlier, preset)

    with prefetch(
        _with_earlier(number_shots(decode(film)), gaps), follow, workers=workers, ahead=_PREFETCH
    ) as followings:
        yield followings


def _with_earlier(frames: Iterable[Frame], gaps: Sequence[int]) -> Iterator[tuple[Frame, dict[int, Frame]]]:
    """Yield each frame with the earlier frames of its shot, by gap."""
    recent: deque[Frame] = deque(maxlen=max(gaps))
    for frame in frames:
        if recent and recent[-1].shot != frame.shot:
            recent.clear()
        yield frame, {gap: recent[-gap] for gap in gaps if gap <= len(recent)}
        recent.append(frame)


def _correspondence(frame: Frame, earlier: dict[int, Frame], preset: FlowPreset) -> FrameCorrespondence:
    matches: dict[int, Correspondence] = {}
    onward = None
    for gap, before in earlier.items():
        backward, forward = _flow_both_ways(before.image, frame.image, preset)
        matches[gap] = Correspondence(backward, consistency_weight(backward, forward), from_later=True)
        if gap == 1:
            onward = Correspondence(forward, consistency_weight(forward, backward), from_later=False)
    return FrameCorrespondence(matches, onward)


def _flow_both_ways(
    before: NDArray[np.uint8],  # [H, W, 3] RGB
    image: NDArray[np.uint8],  # [H, W, 3] RGB
    preset: FlowPreset,
) -> tuple[Tensor, Tensor]:
    earlier, later = (np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8) for rgb in (before, image))
    return optical_flow(later, earlier, preset), optical_flow(earlier, later, preset)
