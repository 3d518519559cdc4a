"""How a frame of the source film follows from earlier ones of its shot."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.errors import FilmError, SettingsError
from streamstyle.frames import Frame
from streamstyle.media.flo import read_flo
from streamstyle.ops.occlusion import consistency_weight
from streamstyle.ops.warp import backward_warp
from streamstyle.prefetch import prefetch
from streamstyle.settings import FlowPreset
from streamstyle.stages.decode import decode
from streamstyle.stages.flow import optical_flow
from streamstyle.stages.shots import number_shots
from streamstyle.video_info import VideoInfo


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Where two frames of a shot show the same, as a flow from the pixels of one of them to places in the other."""

    flow: Tensor
    """[2, H, W] float32, pixels (u right, v down): p + flow(p) is where the other frame shows p."""
    weight: Tensor
    """[H, W] float32 in [0, 1]: 1 = p can be seen in both, and the flow can be trusted."""
    from_later: bool
    """Whether p is a pixel of the later frame; else of the earlier one."""


@dataclass(frozen=True, slots=True)
class FrameCorrespondence:
    """What a frame has in common with earlier ones."""

    by_gap: Mapping[int, Correspondence]
    """By gap, with the frame so many earlier; none that reach across a cut."""
    forward: Correspondence | None
    """From the pixels of the frame before to this one; None on the first frame of a shot."""


def compose_flows(steps: Sequence[Correspondence]) -> Correspondence:
    """Return the way of the first step's pixels along all of them, which lead from each frame to the next."""
    flow, weight = steps[0].flow, steps[0].weight
    for step in steps[1:]:
        weight = weight * backward_warp(step.weight[None], flow, "bilinear")[0]
        flow = flow + backward_warp(step.flow, flow, "bilinear")
    return Correspondence(flow, weight, from_later=False)


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
