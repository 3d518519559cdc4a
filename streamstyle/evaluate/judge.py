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

from streamstyle.buffered import buffered
from streamstyle.errors import SettingsError
from streamstyle.evaluate.matching import Following, Match
from streamstyle.evaluate.truth import folder_followings
from streamstyle.film import Film
from streamstyle.frame import Frame
from streamstyle.ops.occlusion import consistency_weight
from streamstyle.settings import FlowPreset
from streamstyle.stages.flow import optical_flow
from streamstyle.stages.shots import shots
from streamstyle.stages.source import decode

_AHEAD = 4
"""Moments that are worked on ahead of their use."""


@dataclass(frozen=True, slots=True)
class Judge:
    """A flow to judge along."""

    name: str
    """For a sentence that begins with `judged along`."""
    follow: Callable[[Film, Sequence[int]], AbstractContextManager[Iterator[Following]]]
    """Opens an iterator over how each frame follows, at the working size, with matches at these gaps, 1 among them."""
    preset: FlowPreset | None = None
    """The flow, where it is one that films can be made with, too."""


def judge_by(flow: FlowPreset, workers: int = 1) -> Judge:
    """Return the judge along a flow that is computed from the source, each gap for itself."""
    return Judge(f"{flow} flow of its source", partial(_flow_followings, preset=flow, workers=workers), flow)


def judge_of(text: str) -> Judge:
    """Return the judge of that name: a flow's, or a folder of .flo files.

    SettingsError where it is neither.
    """
    if text in set(FlowPreset):
        return judge_by(FlowPreset(text))
    folder = Path(text)
    if folder.is_dir():
        return Judge(f"true flow in {folder}", partial(folder_followings, folder=folder))
    known = ", ".join(FlowPreset)
    raise SettingsError(f"--flow-reference cannot be {text}", f"Give one of {known}, or a folder of .flo files.")


@contextmanager
def _flow_followings(
    film: Film, gaps: Sequence[int], preset: FlowPreset, workers: int
) -> Iterator[Iterator[Following]]:
    def follow(frame_and_earlier: tuple[Frame, dict[int, Frame]]) -> Following:
        return _following(*frame_and_earlier, preset)

    with buffered(_with_earlier(shots(decode(film)), gaps), follow, workers=workers, ahead=_AHEAD) as followings:
        yield followings


def _with_earlier(frames: Iterable[Frame], gaps: Sequence[int]) -> Iterator[tuple[Frame, dict[int, Frame]]]:
    """Yield each frame with the earlier frames of its shot, by gap."""
    recent: deque[Frame] = deque(maxlen=max(gaps))
    for frame in frames:
        if recent and recent[-1].shot != frame.shot:
            recent.clear()
        yield frame, {gap: recent[-gap] for gap in gaps if gap <= len(recent)}
        recent.append(frame)


def _following(frame: Frame, earlier: dict[int, Frame], preset: FlowPreset) -> Following:
    matches: dict[int, Match] = {}
    onward = None
    for gap, before in earlier.items():
        backward, forward = _both_ways(before.image, frame.image, preset)
        matches[gap] = Match(backward, consistency_weight(backward, forward), of_later=True)
        if gap == 1:
            onward = Match(forward, consistency_weight(forward, backward), of_later=False)
    return Following(matches, onward)


def _both_ways(
    before: NDArray[np.uint8],  # [H, W, 3] RGB
    image: NDArray[np.uint8],  # [H, W, 3] RGB
    preset: FlowPreset,
) -> tuple[Tensor, Tensor]:
    earlier, later = (np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8) for rgb in (before, image))
    return optical_flow(later, earlier, preset), optical_flow(earlier, later, preset)
