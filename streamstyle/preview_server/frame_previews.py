"""Single frames of a film, as they are and stylised."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from streamstyle.cli.run_arguments import RunArguments
from streamstyle.errors import FilmError
from streamstyle.gpu.device import select_device
from streamstyle.gpu.memory import gpu_errors_as_device_errors
from streamstyle.media.images import RgbImage, resize
from streamstyle.models.style_net import StyleNet
from streamstyle.models.weights import prepare_style_net
from streamstyle.ops.image import to_numpy, to_tensor
from streamstyle.preview_server.video_facts import at_working_size
from streamstyle.settings import Device, SourceSettings, StyleSettings
from streamstyle.stages.decode import decode
from streamstyle.stages.stylise import stylise_image
from streamstyle.styles.blending import load_blend
from streamstyle.styles.spec import StyleBlend
from streamstyle.video_info import VideoInfo

DRAFT_HEIGHT = 360
"""Height in pixels that a draft is stylised at, for speed; its strokes are larger than those of the output."""


@dataclass(frozen=True, slots=True)
class PreviewBox:
    """The size to show a preview in."""

    width: int
    """In pixels."""
    height: int
    detail: bool = False
    """Show the middle of the frame pixel by pixel instead of the whole frame."""


class FramePreviews:
    """Frames of films, stylised or not; caches what was lately decoded, loaded and stylised.

    Not thread-safe.
    """

    def __init__(self) -> None:
        self._decode = lru_cache(4)(_decode_frame)
        self._load = lru_cache(32)(_load_network)
        self._stylised = lru_cache(64)(self._stylise)

    def source(self, film: VideoInfo, time: float, wanted: RunArguments, box: PreviewBox) -> RgbImage:
        """Return the frame at `time` seconds of a whole film, fitted into the box."""
        film = _seek(at_working_size(film, wanted.settings.source), time)
        return _fit(self._decode(film), film, box)

    def stylised(self, film: VideoInfo, time: float, wanted: RunArguments, box: PreviewBox, *, draft: bool) -> RgbImage:
        """Return the same frame stylised; a draft is quicker and only like the output."""
        size = SourceSettings(height=DRAFT_HEIGHT) if draft and not box.detail else wanted.settings.source
        film = _seek(at_working_size(film, size), time)
        return self._stylised(film, wanted.blend, wanted.settings.style, wanted.settings.device, box)

    @gpu_errors_as_device_errors()
    def _stylise(
        self, film: VideoInfo, mix: StyleBlend, style: StyleSettings, device: Device, box: PreviewBox
    ) -> RgbImage:
        network = self._load(mix, style.strength, device)
        image = to_tensor(self._decode(film), select_device(device))
        with torch.inference_mode():
            stylised: Tensor = stylise_image(image, network, style)
        return _fit(to_numpy(stylised), film, box)


def draft_is_exact(film: VideoInfo, wanted: RunArguments, box: PreviewBox) -> bool:
    """Return whether a draft equals the frame of the output."""
    return box.detail or at_working_size(film, wanted.settings.source).height <= DRAFT_HEIGHT


def _seek(film: VideoInfo, time: float) -> VideoInfo:
    last = film.duration - float(1 / (film.frame_rate or 25)) if film.duration else time
    return replace(film, start_pts=film.start_pts + round(max(0.0, min(time, last)) / float(film.time_base)))


def _decode_frame(film: VideoInfo) -> RgbImage:
    frame = next(decode(film), None)
    if frame is None:
        raise FilmError(f"{film.path.name} has no frame at this time", "Choose another time.")
    return frame.image


def _load_network(mix: StyleBlend, strength: float, device: Device) -> StyleNet:
    return prepare_style_net(load_blend(mix, strength), select_device(device))


def _fit(image: RgbImage, film: VideoInfo, box: PreviewBox) -> RgbImage:
    """Return the frame, or its middle, fitted into the box in its display aspect ratio."""
    height, width = image.shape[:2]
    if box.detail:
        top, left = max(0, (height - box.height) // 2), max(0, (width - box.width) // 2)
        return np.ascontiguousarray(image[top : top + box.height, left : left + box.width])
    shown = float(width * film.sample_aspect_ratio)
    scale = min(box.width / shown, box.height / height)
    return resize(image, (max(1, round(shown * scale)), max(1, round(height * scale))))
