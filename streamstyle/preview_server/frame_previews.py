"""Previews: single frames of a video, as they are and stylised, scaled to the size they are shown at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import torch

from streamstyle.cli.run_arguments import RunArguments
from streamstyle.errors import VideoError
from streamstyle.frames import Frame, FrameWithFlow
from streamstyle.gpu.device import select_device
from streamstyle.gpu.memory import gpu_errors_as_device_errors
from streamstyle.looks import Looks
from streamstyle.mask_films import MaskFilms
from streamstyle.media.images import RgbImage, resize
from streamstyle.media.stated_range import at_working_size
from streamstyle.ops.image import to_numpy
from streamstyle.settings import Device, SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.stages.mask import mix_by_mask
from streamstyle.stages.stylise import stylise
from streamstyle.styles.blending import NetworkLoader
from streamstyle.styles.frame_looks import FrameLooks, LookNetworks
from streamstyle.video_info import VideoInfo

DRAFT_HEIGHT = 360
"""Height in pixels that a draft is stylised at; its brush strokes are larger than those of the output."""


@dataclass(frozen=True, slots=True)
class PreviewBox:
    """The size to show a preview in."""

    width: int
    """In pixels."""
    height: int
    detail: bool = False
    """Show the centre of the frame in full resolution instead of the whole frame."""


class FramePreviews:
    """Makes previews; caches the last frames decoded and stylised, and the last networks loaded.

    Not thread-safe.
    """

    def __init__(self) -> None:
        self._decode = lru_cache(4)(_decode_frame)
        self._loader = NetworkLoader(32)
        self._networks = lru_cache(32)(self._load_networks)
        self._stylised = lru_cache(64)(self._stylise)

    def source(self, video: VideoInfo, time: float, arguments: RunArguments, box: PreviewBox) -> RgbImage:
        """Return the frame at `time` seconds of a whole video, fitted into the box. Raises VideoError."""
        video = _start_at(at_working_size(video, arguments.settings.source), time)
        return _fit(self._decode(video).image, video, box)

    def stylised(
        self, video: VideoInfo, time: float, arguments: RunArguments, box: PreviewBox, *, draft: bool
    ) -> RgbImage:
        """Return the same frame stylised; a draft is faster, and only similar to the output."""
        size = SourceSettings(height=DRAFT_HEIGHT) if draft and not box.detail else arguments.settings.source
        video = _start_at(at_working_size(video, size), time)
        frame_looks = FrameLooks.of(video, arguments.settings.looks(arguments.blend))
        frame = self._decode(video)
        looks = Looks.constant(frame_looks.at(frame), frame_looks.mask_at(frame))
        written = tuple(mask.path.stat().st_mtime_ns for mask in looks.masks if mask.path.exists())
        return self._stylised(video, looks, arguments.settings.device, box, written)

    @gpu_errors_as_device_errors()
    def _stylise(
        self,
        video: VideoInfo,
        looks: Looks,
        device: Device,
        box: PreviewBox,
        written: tuple[int, ...],  # when its mask was; a key of the cache
    ) -> RgbImage:
        """Return the frame in one look, or inside and outside its mask in two, by the stages of the pipeline."""
        flowed, frame_looks = FrameWithFlow(self._decode(video), None), FrameLooks.of(video, looks)
        paint = partial(stylise, networks=self._networks(looks, device), device=select_device(device))
        frames = paint([flowed], frame_looks)
        if looks.masks:
            frames = mix_by_mask(frames, paint([flowed], frame_looks.outside()), MaskFilms(video, frame_looks).at)
        with torch.inference_mode():
            return _fit(to_numpy(next(frames).image), video, box)

    def _load_networks(self, looks: Looks, device: Device) -> LookNetworks:
        return LookNetworks(looks, select_device(device), self._loader)


def draft_is_exact(video: VideoInfo, arguments: RunArguments, box: PreviewBox) -> bool:
    """Return whether a draft is the same as the frame of the output."""
    return box.detail or at_working_size(video, arguments.settings.source).height <= DRAFT_HEIGHT


def _start_at(video: VideoInfo, time: float) -> VideoInfo:
    last = video.duration - float(1 / (video.frame_rate or 25)) if video.duration else time
    return video.starting_at(max(0.0, min(time, last)))


def _decode_frame(video: VideoInfo) -> Frame:
    frame = next(decode(video), None)
    if frame is None:
        raise VideoError(f"{video.path.name} has no frame at this time", "Choose another time.")
    return frame


def _fit(image: RgbImage, video: VideoInfo, box: PreviewBox) -> RgbImage:
    """Return the frame, or its centre, fitted into the box with its display aspect ratio."""
    height, width = image.shape[:2]
    if box.detail:
        top, left = max(0, (height - box.height) // 2), max(0, (width - box.width) // 2)
        return np.ascontiguousarray(image[top : top + box.height, left : left + box.width])
    display_width = float(width * video.sample_aspect_ratio)
    scale = min(box.width / display_width, box.height / height)
    return resize(image, (max(1, round(display_width * scale)), max(1, round(height * scale))))
