"""Which look each frame of a video has, and the style network for it."""

from __future__ import annotations

import copy
from collections import OrderedDict
from dataclasses import dataclass, replace
from fractions import Fraction

import torch

from streamstyle.errors import StyleError
from streamstyle.formatting import format_timestamp
from streamstyle.frames import Frame
from streamstyle.looks import Look, Looks, Mask
from streamstyle.models.style_net import StyleNet
from streamstyle.models.weights import prepare_style_net
from streamstyle.settings import Method
from streamstyle.styles.blending import NetworkLoader, load_blend
from streamstyle.video_info import VideoInfo

_USUAL_RATE = 25
"""Frames per second where the container does not say."""

_MAX_PREPARED = 4
"""Networks that are kept ready; while a look changes there is a new one for each frame."""


@dataclass(frozen=True, slots=True)
class FrameLooks:
    """A schedule of looks on the clock of one video."""

    looks: Looks
    time_base: Fraction = Fraction(1)
    """Seconds per tick."""
    origin_pts: int = 0
    """Tick at which the times of the schedule begin."""
    step: float = 1 / _USUAL_RATE
    """Seconds from a frame to the next."""

    @classmethod
    def of(cls, video: VideoInfo, looks: Looks) -> FrameLooks:
        """Return the looks of the frames of a video."""
        return cls(looks, video.time_base, video.origin_pts, float(1 / (video.frame_rate or _USUAL_RATE)))

    def at(self, frame: Frame) -> Look:
        """Return the look of a frame."""
        return self.looks.at(self.time(frame))

    def breaks(self, earlier: Frame, frame: Frame) -> bool:
        """Whether a look that changes at once begins with the frame, after the earlier one."""
        return self.looks.breaks(self.time(earlier), self.time(frame))

    def method_at(self, frame: Frame) -> str:
        """Return the value of `--method` of a frame; empty for that of the run."""
        return self.looks.method_at(self.time(frame))

    def needs_motion(self, frame: Frame) -> bool:
        """Whether anything follows the motion to a frame: what is carried to it, or its mask."""
        return self.method_at(frame) != Method.johnson or self.mask_at(frame) is not None

    def mask_at(self, frame: Frame) -> Mask | None:
        """Return the mask of a frame, if there is one."""
        return self.looks.mask_at(self.time(frame))

    def outside(self) -> FrameLooks:
        """Return the looks outside the masks."""
        return replace(self, looks=self.looks.outside())

    def kept(self, frame: Frame) -> float:
        """Return the share of what is carried to a frame that is kept, by how fast its look changes."""
        time = self.time(frame)
        return self.looks.kept(time - self.step, time)

    def time(self, frame: Frame) -> float:
        """Return the seconds from the start of the film to a frame."""
        return float((frame.pts - self.origin_pts) * self.time_base)


class LookNetworks:
    """Style networks by look, on one device."""

    def __init__(self, looks: Looks, device: torch.device, loader: NetworkLoader | None = None) -> None:
        """Load what the looks need, by a loader, perhaps one that keeps networks for others, too.

        StyleError for a file that is no style, or looks that cannot go over.
        """
        self._device, self._prepared = device, OrderedDict[object, StyleNet]()
        self._loader = loader or NetworkLoader()
        for stretch in looks.stretches:
            used = [look for look in (*stretch.looks(), *stretch.outside().looks()) if look.strength > 0]
            for path in {part.path: None for look in used for part in look.style.parts}:
                try:
                    self._loader.networks([path])
                except StyleError as error:
                    raise looks.located(error, path) from error
            try:
                for look in used:
                    self._load(look)
            except StyleError as error:
                if len(looks.stretches) == 1:
                    raise
                where = f"from {format_timestamp(stretch.start)} on"
                raise StyleError(f"{error.problem} ({where})", error.next_step) from error

    def network(self, look: Look) -> StyleNet:
        """Return the network of a look, for inference."""
        key = look.style.parts, look.strength
        network = self._prepared.pop(key, None)
        if network is None:
            network = prepare_style_net(self._load(look), self._device)
        self._prepared[key] = network
        if len(self._prepared) > _MAX_PREPARED:
            self._prepared.popitem(last=False)
        return network

    def _load(self, look: Look) -> StyleNet:
        """Return a network of its own, which can be converted in place."""
        network = load_blend(look.style, look.strength, self._loader)
        return copy.deepcopy(network) if len(look.style.parts) == 1 and look.strength == 1 else network
