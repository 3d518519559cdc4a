"""What is known of a video before it is decoded: size, orientation, times, number of frames, streams.

All numbers are exact: times in ticks, rates and aspect ratios as fractions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamstyle.errors import VideoError
from streamstyle.media.alpha import bit_depth, has_alpha
from streamstyle.media.colour import Orientation, read_orientation, read_peak_luminance
from streamstyle.media.cropping import read_cropping
from streamstyle.media.decoder import decode_frames
from streamstyle.media.image_sequence import is_sequence
from streamstyle.media.reader import find_video_stream, is_cover, open_video
from streamstyle.media.standard_streams import STDIN
from streamstyle.media.video_range import (
    VideoRange,
    count_range,
    frame_rate,
    range_from_header,
    range_of_pipe,
    range_of_sequence,
    time_base,
)
from streamstyle.settings import MAX_SIDE, MIN_SIDE, Deinterlace, SourceSettings
from streamstyle.video_info import Cropping, StreamInfo, VideoInfo

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    ReadRange = Callable[[InputContainer, VideoStream, Path, SourceSettings], VideoRange]


def probe(path: Path, settings: SourceSettings) -> VideoInfo:
    """Return what is known of the video; the packets are counted, and only the first frame is decoded.

    VideoError when the file is not a video, cannot be decoded, has an unsupported size, or has no frame in the
    requested time range.
    """
    return _probe(path, settings, count_range)


def probe_header(path: Path) -> VideoInfo:
    """Return what the container states, duration and number of frames included, without reading all packets.

    Where the container states no duration, the packets are counted. VideoError as of `probe`.
    """
    return _probe(path, SourceSettings(), range_from_header)


def _probe(path: Path, settings: SourceSettings, read_range: ReadRange) -> VideoInfo:
    first, sample_aspect_ratio, cropping = _first_frame(path)
    orientation = read_orientation(first)
    width, height = cropping.cropped_size(first.width, first.height)
    source_size = FrameSize(width, height, sample_aspect_ratio)
    size = working_size(source_size.turned(orientation), settings, path)
    is_images = is_sequence(path)
    with open_video(path) as container:
        stream = find_video_stream(container, path)
        if is_images:
            video_range = range_of_sequence(path, settings)
        elif path == STDIN:
            video_range = range_of_pipe(stream, settings)
        else:
            video_range = read_range(container, stream, path, settings)
        return VideoInfo(
            path=path,
            width=size.width,
            height=size.height,
            source_width=width,
            source_height=height,
            rotation=orientation.rotation,
            sample_aspect_ratio=size.sample_aspect_ratio,
            time_base=1 / settings.sequence_rate if is_images else time_base(stream),
            frame_rate=settings.sequence_rate if is_images else frame_rate(stream),
            frames=video_range.frames,
            start_pts=video_range.start_pts,
            end_pts=video_range.end_pts,
            duration=video_range.duration,
            video_stream=stream.index,
            streams=tuple(_stream_info(each, video_range.packets.get(each.index)) for each in container.streams),
            origin_pts=video_range.origin_pts,
            is_from_start=not settings.start,
            joins=video_range.joins,
            stores_pts=video_range.stores_pts,
            shortfall=video_range.shortfall,
            cropping=cropping,
            is_interlaced=first.interlaced_frame,
            deinterlacing=which_to_deinterlace(settings, first.interlaced_frame),
            peak_luminance=read_peak_luminance(first),
            bit_depth=bit_depth(first.format),
            has_alpha=has_alpha(first.format),
        )


def which_to_deinterlace(settings: SourceSettings, is_interlaced: bool) -> str:
    """Return `VideoInfo.deinterlacing` of a video whose first frame is interlaced or not."""
    if settings.deinterlace is Deinterlace.auto:
        return "interlaced" if is_interlaced else ""
    return "all" if settings.deinterlace is Deinterlace.on else ""


def _first_frame(path: Path) -> tuple[VideoFrame, Fraction, Cropping]:
    """Return the first frame, and the sample aspect ratio and the cropping of its stream."""
    with open_video(path) as container:
        stream = find_video_stream(container, path)
        first = next(decode_frames(container, stream), None)
        if first is None:
            raise VideoError(f"{path} has no frame that can be decoded", "Copy or download it again.")
        return first, Fraction(stream.sample_aspect_ratio or 0) or Fraction(1), read_cropping(stream)


def _stream_info(stream: Any, packets: int | None) -> StreamInfo:
    kind = "attachment" if is_cover(stream) else stream.type
    language, title = _valid_unicode(stream.language), _valid_unicode(stream.metadata.get("title"))
    return StreamInfo(stream.index, kind, _codec_name(stream), language, title, packets)


def _codec_name(stream: Any) -> str:
    if stream.codec_context is None:  # FFmpeg has no decoder; a codec unknown to FFmpeg has no `name` either
        return getattr(stream, "name", None) or "unknown"
    name: str = stream.codec_context.codec.canonical_name
    return name


def _valid_unicode(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class FrameSize:
    """A frame's size in pixels, and the shape of a pixel."""

    width: int
    height: int
    sample_aspect_ratio: Fraction
    """Width of a pixel over its height."""

    def turned(self, orientation: Orientation) -> FrameSize:
        """Return the size of the upright frame."""
        if orientation.upright_size(1, 2) == (1, 2):
            return self
        return FrameSize(self.height, self.width, 1 / self.sample_aspect_ratio)


def working_size(source: FrameSize, settings: SourceSettings, path: Path) -> FrameSize:
    """Return the size to work at, for an upright `source`. VideoError where a side is too small or too large.

    4:2:0 video has even sides, so odd ones become even. The display aspect ratio is kept: where `--size` asks for
    another, the pixels are stretched; a difference that is only rounding does not change them.
    """
    width, height = _requested_size(source, settings)
    if not MIN_SIDE <= min(width, height) <= max(width, height) <= MAX_SIDE:
        raise VideoError(
            f"{path} would be worked on at {width}x{height}, and each side has to lie between "
            f"{MIN_SIDE} and {MAX_SIDE} pixels",
            "Give a size with --height or --size.",
        )
    keeps_pixels = settings.size is None
    return FrameSize(
        width, height, source.sample_aspect_ratio if keeps_pixels else _stretched_pixel(source, width, height)
    )


def _requested_size(source: FrameSize, settings: SourceSettings) -> tuple[int, int]:
    if settings.size is not None:
        return _nearest_even(settings.size[0]), _nearest_even(settings.size[1])
    wanted = settings.height
    if wanted is None and settings.max_height is not None and settings.max_height < source.height:
        wanted = settings.max_height
    if wanted is not None:
        height = _nearest_even(wanted)
        return _nearest_even(Fraction(height * source.width, source.height)), height
    return source.width & ~1, source.height & ~1


def _nearest_even(side: Fraction | int) -> int:
    """Round to an even number, at least 2; a tie goes down: rather a line less than one that is not in the source."""
    return max(2, 2 * -int(-(Fraction(side) - 1) // 2))


def _stretched_pixel(source: FrameSize, width: int, height: int) -> Fraction:
    """Return the sample aspect ratio that keeps the display aspect ratio at another size."""
    only_rounded = abs(Fraction(height * source.width, source.height) - width) <= 1
    if only_rounded:
        return source.sample_aspect_ratio
    exact = source.sample_aspect_ratio * Fraction(source.width * height, source.height * width)
    return exact.limit_denominator(1 << 14)
