"""The flow that films are measured along: how each frame of the source corresponds to earlier ones of its shot.

It is either computed from the source, or read from .flo files. A film that was made along a flow looks steadier along
the same flow, so the reference should be another one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.errors import SettingsError, VideoError
from streamstyle.frames import Frame, with_lookback
from streamstyle.media.flo import read_flo
from streamstyle.ops.occlusion import consistency_weight
from streamstyle.ops.warp import backward_warp
from streamstyle.prefetch import prefetch
from streamstyle.settings import FlowPreset
from streamstyle.stages.decode import decode
from streamstyle.stages.flow import optical_flow
from streamstyle.stages.shots import number_shots
from streamstyle.video_info import VideoInfo

_HOLE_SURROUNDED = 0.4
"""Share of the 3x3 pixels around a hole that something must arrive in for it to be filled: at the edge of a
disocclusion it is a third."""

_PREFETCH = 4
"""Frames whose flow is computed ahead."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Where two frames of a shot show the same point, as a flow from the pixels of one to positions in the other."""

    flow: Tensor
    """[2, H, W] float32, pixels (u right, v down): the other frame shows p at p + flow(p)."""
    weight: Tensor
    """[H, W] float32 in [0, 1]: 1 = p is visible in both frames, and the flow is reliable."""
    from_later: bool
    """Whether p is a pixel of the later frame; otherwise of the earlier one."""


@dataclass(frozen=True, slots=True)
class FrameCorrespondence:
    """How a frame corresponds to earlier ones."""

    by_gap: Mapping[int, Correspondence]
    """By gap in frames, with the earlier frame; gaps that reach across a cut are missing."""
    forward: Correspondence | None
    """From the pixels of the previous frame to this one; None on the first frame of a shot."""

    @property
    def backward(self) -> Correspondence | None:
        """From the pixels of this frame to the previous one; None on the first frame of a shot."""
        match = self.by_gap.get(1)
        return match if match is None or match.from_later else invert_flow(match)


@dataclass(frozen=True, slots=True)
class ReferenceFlow:
    """A flow to measure along."""

    name: str
    """Description for output, such as `deepflow flow of its source`."""
    open_correspondences: Callable[[VideoInfo, Sequence[int]], AbstractContextManager[Iterator[FrameCorrespondence]]]
    """Opens an iterator over the correspondences of each frame at the working size, at the given gaps, which must
    include 1."""
    preset: FlowPreset | None = None
    """The preset, if films can be made with this flow, too."""


FlowBothWays = Callable[[Frame, Frame], tuple[Tensor, Tensor]]
"""Returns the backward and the forward flow, [2, H, W] float32 pixels each, between an earlier and a later frame."""


def parse_reference_flow(text: str) -> ReferenceFlow:
    """Return the reference flow named by a flow preset or a folder of .flo files; SettingsError for anything else."""
    if text in set(FlowPreset):
        return computed_flow(FlowPreset(text))
    folder = Path(text)
    if folder.is_dir():
        return ReferenceFlow(f"true flow in {folder}", partial(flo_folder, folder=folder))
    known = ", ".join(FlowPreset)
    raise SettingsError(f"--flow-reference cannot be {text}", f"Give one of {known}, or a folder of .flo files.")


def computed_flow(preset: FlowPreset, workers: int = 1) -> ReferenceFlow:
    """Return the flow that a preset computes from the source, for each gap directly."""
    compute = partial(compute_both_ways, preset=preset)
    opener = partial(correspondences_along, flow_both_ways=compute, workers=workers)
    return ReferenceFlow(f"{preset} flow of its source", opener, preset)


def compose_flows(steps: Sequence[Correspondence]) -> Correspondence:
    """Return the flow of the first step's pixels along all steps, each of which leads from a frame to the next."""
    flow, weight = steps[0].flow, steps[0].weight
    for step in steps[1:]:
        weight = weight * backward_warp(step.weight[None], flow, "bilinear")[0]
        flow = flow + backward_warp(step.flow, flow, "bilinear")
    return Correspondence(flow, weight, from_later=False)


def invert_flow(match: Correspondence) -> Correspondence:
    """Return the correspondence of two frames from the pixels of the later one; 0 is the weight where nothing arrives.

    The flow of each pixel goes to the pixel where it arrives; of several flows, the mean by weight. A hole of a pixel,
    as a zoom leaves them, gets the mean of its neighbours.
    """
    height, width = match.weight.shape
    x = (match.flow[0] + torch.arange(width)).round()
    y = (match.flow[1] + torch.arange(height)[:, None]).round()
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    strength = match.weight.clamp_min(1e-3)  # what is hidden there counts only where nothing else arrives
    values = torch.cat((match.flow * strength, (match.weight * strength)[None], strength[None]))
    sums = torch.zeros(4, height * width).index_add_(1, (y * width + x)[inside].long(), values[:, inside])
    sums = sums.view(4, height, width)
    arrived = sums[3] > 0
    around = F.avg_pool2d(torch.cat((sums, arrived[None]))[None], 3, stride=1, padding=1)[0]
    sums = torch.where(arrived, sums, around[:4] * (around[4] > _HOLE_SURROUNDED))
    total = sums[3].clamp_min(1e-9)
    return Correspondence(-sums[:2] / total, sums[2] / total, from_later=True)


@contextmanager
def correspondences_along(
    video: VideoInfo,
    gaps: Sequence[int],
    flow_both_ways: FlowBothWays,
    workers: int = 1,
    every: Mapping[int, int] = MappingProxyType({}),
) -> Iterator[Iterator[FrameCorrespondence]]:
    """Open an iterator over the correspondences of each frame, along flow that is found for each pair of frames.

    `every` says, by gap, that only every so many frames are compared with an earlier one; all frames by default.
    """

    def match(frame_and_earlier: tuple[Frame, dict[int, Frame]]) -> FrameCorrespondence:
        frame, earlier = frame_and_earlier
        compared = {gap: before for gap, before in earlier.items() if frame.index % every.get(gap, 1) == 0}
        return _correspondence_along(frame, compared, flow_both_ways)

    frames = with_lookback(number_shots(decode(video)), gaps)
    with prefetch(frames, match, workers=workers, ahead=_PREFETCH) as correspondences:
        yield correspondences


def _correspondence_along(
    frame: Frame, earlier: Mapping[int, Frame], flow_both_ways: FlowBothWays
) -> FrameCorrespondence:
    by_gap: dict[int, Correspondence] = {}
    from_previous = None
    for gap, before in earlier.items():
        backward, forward = flow_both_ways(before, frame)
        by_gap[gap] = Correspondence(backward, consistency_weight(backward, forward), from_later=True)
        if gap == 1:
            from_previous = Correspondence(forward, consistency_weight(forward, backward), from_later=False)
    return FrameCorrespondence(by_gap, from_previous)


def compute_both_ways(earlier: Frame, later: Frame, preset: FlowPreset) -> tuple[Tensor, Tensor]:
    """Return backward and forward flow between two frames, [2, H, W] float32 pixels each."""
    before, after = (np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), np.uint8) for frame in (earlier, later))
    return optical_flow(after, before, preset), optical_flow(before, after, preset)


def flo_folder(video: VideoInfo, gaps: Sequence[int], folder: Path) -> nullcontext[Iterator[FrameCorrespondence]]:
    """Open an iterator over the correspondences that .flo files give, one file per pair of frames, in order by name.

    Each file holds the flow from a frame to the next. An optional NAME.png beside NAME.flo is white where the next
    frame hides what the frame shows; without it, pixels are taken as hidden where pixels of different motion arrive at
    the same position. Longer gaps are composed. Raises VideoError if the files do not fit the video.
    """
    paths = sorted(folder.glob("*.flo"))
    if video.frames != len(paths) + 1:
        problem = f"{folder} has {len(paths)} flows, and {video.path} {video.frames} frames"
        raise VideoError(problem, "One flow for each pair of frames is needed.")
    return nullcontext(_flo_correspondences(video, gaps, paths))


def _flo_correspondences(video: VideoInfo, gaps: Sequence[int], paths: Sequence[Path]) -> Iterator[FrameCorrespondence]:
    recent: deque[Correspondence] = deque(maxlen=max(gaps))
    shot = 0
    for frame in number_shots(decode(video)):
        if frame.shot != shot:
            recent.clear()
        same_shot = frame.index > 0 and frame.shot == shot
        from_previous = _read_correspondence(paths[frame.index - 1], video) if same_shot else None
        if from_previous is not None:
            recent.append(from_previous)
        shot = frame.shot
        by_gap = {gap: compose_flows(list(recent)[-gap:]) for gap in gaps if gap <= len(recent)}
        yield FrameCorrespondence(by_gap, from_previous)


def _read_correspondence(path: Path, video: VideoInfo) -> Correspondence:
    flow, known = read_flo(path)
    if flow.shape[1:] != (video.height, video.width):
        size = f"{flow.shape[2]}x{flow.shape[1]}"
        raise VideoError(f"{path} is {size}, the film {video.width}x{video.height}", f"Stylise it at --size {size}.")
    mask = path.with_suffix(".png")
    hidden = _read_mask(mask, known.shape) if mask.exists() else _collisions(flow)
    weight = known & ~hidden & _arrives_inside(flow)
    return Correspondence(torch.from_numpy(flow), torch.from_numpy(weight).float(), from_later=False)


def _read_mask(path: Path, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask: Any = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None or mask.shape != shape:
        raise VideoError(f"{path} is not a mask of the size of its flow", "Remove it, or give the occlusion as a PNG.")
    return np.asarray(mask > 127)


def _arrives_inside(flow: NDArray[np.float32]) -> NDArray[np.bool_]:
    x, y = _destinations(flow)
    return np.asarray((x >= 0) & (x <= flow.shape[2] - 1) & (y >= 0) & (y <= flow.shape[1] - 1))


def _collisions(flow: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return [H, W], True where another pixel arrives in the same pixel with a motion that differs by over a pixel."""
    height, width = flow.shape[1:]
    x, y = (np.round(positions).astype(int) for positions in _destinations(flow))
    target = (y.clip(0, height - 1) * width + x.clip(0, width - 1)).ravel()
    spread = np.zeros(height * width, np.float32)
    for component in flow.reshape(2, -1):
        least, most = np.full(height * width, np.inf, np.float32), np.full(height * width, -np.inf, np.float32)
        np.minimum.at(least, target, component)
        np.maximum.at(most, target, component)
        spread = np.maximum(spread, np.where(most >= least, most - least, 0))
    return np.asarray((spread[target] > 1).reshape(height, width))


def _destinations(flow: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    y, x = np.mgrid[: flow.shape[1], : flow.shape[2]].astype(np.float32)
    return x + flow[0], y + flow[1]
