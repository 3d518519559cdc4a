"""What is known of a video before it is decoded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
    packets: int | None = field(default=None, compare=False)
    """Packets in the processed part; None where they were not counted."""

    @property
    def label(self) -> str:
        """Codec, language and title, as far as they are known: `aac eng Commentary`."""
        return " ".join(part for part in (self.codec, self.language, self.title) if part and part != "und")


@dataclass(frozen=True, slots=True)
class Cropping:
    """Pixels that the container asks to cut off the sides of each decoded frame, before rotation."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def __bool__(self) -> bool:
        return any((self.left, self.top, self.right, self.bottom))

    def fits(self, width: int, height: int) -> bool:
        """Whether something is left of a frame of this size."""
        return self.left + self.right < width and self.top + self.bottom < height

    def cropped_size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height of what is left of a frame."""
        return width - self.left - self.right, height - self.top - self.bottom


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Lengths of a video that was cut short, in seconds."""

    stated: float
    """As its container has it."""
    held: float
    """From its first packet to its last."""


@dataclass(frozen=True, slots=True)
class ClockJoin:
    """A place in a file where its clock changes, as where recordings were joined."""

    position: int
    """Byte in the file at which it is."""
    shift: Fraction
    """Seconds to add to all times stored from there on."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A probed video, the part of it that is processed, and the working size."""

    path: Path
    width: int
    """Working width in pixels, upright, even."""
    height: int
    """Working height in pixels, upright, even."""
    source_width: int
    """Width in pixels of a decoded frame, cropped, before rotation."""
    source_height: int
    """Height in pixels of a decoded frame, cropped, before rotation."""
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
    cropping: Cropping = Cropping()
    """What is cut off the decoded frames because the container asks for it."""
    is_interlaced: bool = False
    """Whether its first frame is interlaced."""
    deinterlacing: str = ""
    """Which frames are deinterlaced, as FFmpeg's bwdif has it: `interlaced`, those marked so, or `all`; empty: none."""
    peak_luminance: float | None = None
    """cd/m² of the brightest white, as the first frame of an HDR video states it; None if it does not."""
    bit_depth: int = 8
    """Bits of a sample, 8 to 16."""
    has_alpha: bool = False
    """Whether its first frame has an alpha."""
    origin_pts: int = 0
    """Tick that time ranges and the times of a script are counted from: the start of the file."""
    is_from_start: bool = True
    """Whether it is processed from its beginning, because no start was asked for."""
    joins: tuple[ClockJoin, ...] = ()
    """Where the clock of the file changes, in order; all times in this record are on one clock."""
    stores_pts: bool = True
    """Whether the file states when frames are shown; otherwise it states only in which order they are stored."""

    shortfall: Shortfall | None = None
    """Set if the processed part ends where the file was cut short."""

    @property
    def upright_source_size(self) -> tuple[int, int]:
        """Width and height in pixels of a decoded frame, cropped and upright."""
        sides = self.source_width, self.source_height
        return sides if self.rotation % 180 == 0 else sides[::-1]

    @property
    def is_seekable(self) -> bool:
        """Whether frames can be found by the times that the file stores."""
        return self.stores_pts and not self.joins

    def seconds(self, pts: int) -> float:
        """Return a display time in seconds."""
        return float(pts * self.time_base)

    def film_time(self, pts: int) -> float:
        """Return a display time in seconds from the start of the file, as `--range` and scripts have it."""
        return float((pts - self.origin_pts) * self.time_base)

    @property
    def film_end(self) -> float | None:
        """Seconds from the start of the file to its end; None if the processed part ends before, or it is not known."""
        if self.end_pts is not None or self.duration is None:
            return None
        return self.film_time(self.start_pts) + self.duration

    def frames_within(self, limit: int, *, unconverted: bool = False) -> int:
        """Return how many decoded frames fit into `limit` bytes, two at least.

        A pixel takes three bytes, six more if it has more than eight bits, two more with an alpha. Frames that are not
        converted yet have the size of the film, which may be larger than that at which it is worked.
        """
        sides = self.width * self.height, self.source_width * self.source_height
        pixels = max(sides) if unconverted else sides[0]
        return max(2, limit // (pixels * ((3 if self.bit_depth == 8 else 9) + 2 * self.has_alpha)))

    def starting_at(self, seconds: float) -> VideoInfo:
        """Return the same with the processed part starting `seconds` after its start."""
        start_pts = self.start_pts + round(seconds / float(self.time_base))
        return replace(self, start_pts=start_pts, is_from_start=self.is_from_start and seconds == 0)

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
