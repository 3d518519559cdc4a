"""The frames of an image sequence: every image is a file of its own, so any frame is read by itself.

The tick of a frame is its count from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import av

from streamstyle.errors import SettingsError, VideoError
from streamstyle.media.alpha import bit_depth, has_alpha
from streamstyle.media.exr import from_linear
from streamstyle.media.image_sequence import find_images

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from streamstyle.video_info import VideoInfo

_PIX_FMTS = "Give rgb24, rgb48, rgba or rgba64; of JPEG only rgb24."


def read_frames(video: VideoInfo, start: int) -> Iterator[VideoFrame]:
    """Yield the images from the one at index `start` on. VideoError for one that is damaged, or of another size."""
    for index, image in enumerate(find_images(video.path)):
        if index >= start:
            frame = read_frame(image)
            if (frame.width, frame.height) != (video.source_width, video.source_height):
                raise VideoError(
                    f"{image} is {frame.width}x{frame.height}, and the first image {video.source_width}x"
                    f"{video.source_height}",
                    "Give images of one size.",
                )
            frame.pts = frame.dts = index
            frame.time_base, frame.duration = video.time_base, 1
            yield frame


def read_frame(image: Path) -> VideoFrame:
    """Return an image as a frame. VideoError if it cannot be decoded."""
    try:
        with av.open(str(image.absolute())) as container:
            frame = next(container.decode(video=0), None)
    except (av.FFmpegError, OSError, IndexError) as error:
        reason = getattr(error, "strerror", None) or error
        raise VideoError(f"{image} cannot be decoded ({reason})", "Write it again.") from error
    if frame is None:
        raise VideoError(f"{image} holds no image", "Write it again.")
    return from_linear(frame) if image.suffix.lower() == ".exr" else frame


def image_format(video: VideoInfo, output: Path, pix_fmt: str | None) -> tuple[bool, bool]:
    """Return whether images are written in 16 bits, and whether with alpha: as `pix_fmt` has it, else as the video.

    SettingsError where images of this kind cannot be so.
    """
    suffix = output.suffix.lower()
    is_jpeg, is_exr = suffix in (".jpg", ".jpeg"), suffix == ".exr"
    if pix_fmt is None:
        return is_exr or (video.bit_depth > 8 and not is_jpeg), video.has_alpha and not is_jpeg
    try:
        wanted = av.VideoFormat(pix_fmt)
    except ValueError as error:
        raise SettingsError(f"--pix-fmt {pix_fmt} is no pixel format of this FFmpeg", _PIX_FMTS) from error
    chosen = is_exr or bit_depth(wanted) > 8, has_alpha(wanted)
    if not wanted.is_rgb or (is_jpeg and any(chosen)):
        raise SettingsError(f"{output.suffix} images cannot be written as --pix-fmt {pix_fmt}", _PIX_FMTS)
    return chosen
