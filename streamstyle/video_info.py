"""What is known of a video before it is decoded."""

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

    @property
    def label(self) -> str:
        """Codec, language and title, as far as they are known: `aac eng Commentary`."""
        return " ".join(part for part in (self.codec, self.language, self.title) if part and part != "und")


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A probed video, the part of it that is processed, and the working size."""

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
    """Degrees clockwise by which a decoded frame is rotated to be upright: 0, 90, 180 or 270."""
    sample_aspect_ratio: Fraction
    """Width of a pixel divided by its height, at the working size."""
    time_base: Fraction
    """Seconds per tick of `Frame.pts`."""
    frame_rate: Fraction | None
    """Frames per second, exact; None if the container does not say."""
    frames: int | None
    """Frames in the processed part, by counting packets; None if unknown."""
    start_pts: int
    """First tick of the processed part."""
    end_pts: int | None
    """First tick after the processed part; None for the end of the video."""
    duration: float | None
    """Seconds of the processed part."""
    video_stream: int
    """Index of the stream that is stylised."""
    streams: tuple[StreamInfo, ...]

    def seconds(self, pts: int) -> float:
        """Return a display time in seconds."""
        return float(pts * self.time_base)

    def upscaled(self, factor: int) -> VideoInfo:
        """Return the same with the working size multiplied by `factor`. SettingsError if that is too large."""
        width, height = factor * self.width, factor * self.height
        if factor > 1 and max(width, height) > MAX_SIDE:
            raise SettingsError(
                f"{self.width}x{self.height} upscaled {factor} times would be {width}x{height}",
                f"{MAX_SIDE} pixels per side is the maximum: upscale less, or work at a smaller --height.",
            )
        return replace(self, width=width, height=height)

    def event_fields(self) -> dict[str, Any]:
        """Return its fields in an event: path, working size, frames, frame rate and duration."""
        rate = self.frame_rate
        return {
            "video": str(self.path),
            "width": self.width,
            "height": self.height,
            "frames": self.frames,
            "frame_rate": None if rate is None else f"{rate.numerator}/{rate.denominator}",
            "duration": self.duration,
        }
