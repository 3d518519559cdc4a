"""What is known of a film before a frame of it is decoded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from streamstyle.errors import SettingsError
from streamstyle.settings import MAX_SIDE


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One stream of the source container."""

    index: int
    kind: str
    """`video`, `audio`, `subtitle`, `attachment` or `data`."""
    codec: str
    language: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A probed film and the part and size of it that will be processed."""

    path: Path
    width: int
    """Working width in pixels, upright, even."""
    height: int
    """Working height in pixels, upright, even."""
    source_width: int
    """Coded width in pixels, before rotation."""
    source_height: int
    """Coded height in pixels, before rotation."""
    rotation: int
    """Degrees clockwise by which a decoded picture is turned to stand upright: 0, 90, 180 or 270."""
    sample_aspect_ratio: Fraction
    """Width of a pixel over its height, at the working size."""
    time_base: Fraction
    """Seconds a tick of `Frame.pts`."""
    frame_rate: Fraction | None
    """Frames a second, exact; None where the container does not say."""
    frames: int | None
    """Frames in the processed part, by counting packets; None where that cannot be known."""
    start_pts: int
    """First tick of the processed part."""
    end_pts: int | None
    """First tick after the processed part; None for the end of the film."""
    duration: float | None
    """Seconds of the processed part."""
    video_stream: int
    """Index of the stream that is stylised."""
    streams: tuple[StreamInfo, ...]

    def seconds(self, pts: int) -> float:
        """Return when a frame is shown."""
        return float(pts * self.time_base)

    def upscaled(self, times: int) -> VideoInfo:
        """Return the same at so many times the working size. SettingsError where that would be too large."""
        width, height = times * self.width, times * self.height
        if times > 1 and max(width, height) > MAX_SIDE:
            raise SettingsError(
                f"{self.width}x{self.height} enlarged {times} times would be {width}x{height}",
                f"{MAX_SIDE} pixels a side are the most: enlarge less, or paint at a smaller --height.",
            )
        return replace(self, width=width, height=height)

    def event_fields(self) -> dict[str, Any]:
        """Return what an event says of it: path, working size, frames, rate and length."""
        rate = self.frame_rate
        return {
            "video": str(self.path),
            "width": self.width,
            "height": self.height,
            "frames": self.frames,
            "frame_rate": None if rate is None else f"{rate.numerator}/{rate.denominator}",
            "duration": self.duration,
        }
