"""A computed reference flow that is kept in a folder, so that all styles and methods of a film share it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from streamstyle.evaluate.reference_flow import (
    FrameCorrespondence,
    ReferenceFlow,
    compute_both_ways,
    correspondences_along,
)
from streamstyle.files import atomic_write
from streamstyle.frames import Frame
from streamstyle.media.image_sequence import source_fingerprint
from streamstyle.settings import FlowPreset
from streamstyle.video_info import VideoInfo


def kept_flow(preset: FlowPreset, folder: Path, every: Mapping[int, int]) -> ReferenceFlow:
    """Return the flow that a preset computes from the source; pairs of frames that `folder` has are read from there.

    `every` is as in `correspondences_along`. Flows are rounded to half precision: up to 16 pixels to 1/128 pixel or
    finer.
    """
    return ReferenceFlow(
        f"{preset} flow of its source", partial(_open_kept, preset=preset, folder=folder, every=every), preset
    )


@contextmanager
def _open_kept(
    video: VideoInfo, gaps: Sequence[int], preset: FlowPreset, folder: Path, every: Mapping[int, int]
) -> Iterator[Iterator[FrameCorrespondence]]:
    size = f"{video.width}x{video.height}"
    of_film = folder / f"{video.path.stem}-{size}-{preset}-{source_fingerprint(video.path)[:8]}"
    of_film.mkdir(parents=True, exist_ok=True)
    kept = partial(_kept_both_ways, preset=preset, folder=of_film)
    with correspondences_along(video, gaps, kept, every=every) as correspondences:
        yield correspondences


def _kept_both_ways(earlier: Frame, later: Frame, preset: FlowPreset, folder: Path) -> tuple[Tensor, Tensor]:
    path = folder / f"{earlier.pts}-{later.pts}.npy"
    if not path.exists():
        both = torch.stack(compute_both_ways(earlier, later, preset))
        file = BytesIO()
        np.save(file, both.half().numpy())
        atomic_write(path, file.getvalue())
    backward, forward = torch.from_numpy(np.load(path)).float()
    return backward, forward
