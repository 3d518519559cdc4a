"""The demo film's true motion as a reference flow for measuring films made from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from streamstyle.errors import VideoError
from streamstyle.evaluate.reference_flow import Correspondence, FrameCorrespondence, ReferenceFlow
from streamstyle.frames import Frame
from streamstyle.media.probe import probe
from streamstyle.ops.occlusion import consistency_weight
from streamstyle.settings import SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.video_info import VideoInfo
from tools.demo_film.film import FRAME_RATE, demo_frames, true_motion

_MAX_DIFFERENCE = 12.0
"""Mean difference, in levels of 255, up to which the first frame of a file counts as that of the demo film."""


def demo_film_flow() -> ReferenceFlow:
    """Return the true motion of the demo film, at any size and for any range of it.

    Opening it raises VideoError for another film.
    """
    return ReferenceFlow("true flow of the demo film", _correspondences)


@contextmanager
def _correspondences(video: VideoInfo, gaps: Sequence[int]) -> Iterator[Iterator[FrameCorrespondence]]:
    whole = probe(video.path, SourceSettings(size=(video.width, video.height)))
    seconds = (whole.frames or 0) / FRAME_RATE
    rendered = next(demo_frames(video.width, video.height, seconds))
    if float(np.abs(next(decode(whole)).image.astype(int) - rendered).mean()) > _MAX_DIFFERENCE:
        raise VideoError(
            f"the true motion of {video.path} is not known: it is not the demo film",
            "Give a computed flow, or a folder of .flo files.",
        )
    yield (_correspondence(frame, video, whole.start_pts, seconds, gaps) for frame in decode(video))


def _correspondence(
    frame: Frame, video: VideoInfo, start_pts: int, seconds: float, gaps: Sequence[int]
) -> FrameCorrespondence:
    index = round((frame.pts - start_pts) * video.time_base * FRAME_RATE)  # in the whole film, not in the range
    by_gap: dict[int, Correspondence] = {}
    from_previous = None
    for gap in gaps:
        truth = true_motion(index, video.width, video.height, seconds, gap) if gap <= frame.index else None
        if truth is None:
            continue
        backward, forward = torch.from_numpy(truth.backward), torch.from_numpy(truth.forward)
        by_gap[gap] = Correspondence(backward, torch.from_numpy(~truth.disoccluded).float(), from_later=True)
        if gap == 1:
            from_previous = Correspondence(forward, consistency_weight(forward, backward), from_later=False)
    return FrameCorrespondence(by_gap, from_previous)
