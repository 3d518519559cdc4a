"""OpenEXR images: linear light with alpha multiplied in, in place of sRGB, by FFmpeg's codec, since OpenCV's is off."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.video.frame import VideoFrame

from streamstyle.errors import OutputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OPTIONS = {"compression": "zip16", "format": "half"}

_LINEAR_BELOW, _SLOPE, _OFFSET, _POWER = 0.0031308, 12.92, 0.055, 2.4
"""Of sRGB (IEC 61966-2-1)."""


def from_linear(frame: VideoFrame) -> VideoFrame:
    """Return a decoded EXR image in sRGB, in sixteen bits; what is brighter than 1 becomes white, NaN black.

    Integers, which are no light, stay as they are.
    """
    if not frame.format.name.removesuffix("le").removesuffix("be").endswith(("f16", "f32")):
        return frame
    planes = [_plane(frame, number) for number in range(len(frame.planes))]
    if len(planes) < 3:  # grey, and perhaps an alpha
        planes = [planes[0]] * 3 + planes[1:]
    green, blue, red, *rest = planes
    colours, alpha = np.stack([red, green, blue], -1), np.stack(rest, -1) if rest else green[..., None][..., :0]
    if alpha.size:
        colours = np.divide(colours, alpha, out=np.zeros_like(colours), where=alpha > 0)
    linear, alpha = (np.nan_to_num(each, nan=0.0).clip(0, 1) for each in (colours, alpha))
    encoded = np.where(linear <= _LINEAR_BELOW, _SLOPE * linear, (1 + _OFFSET) * linear ** (1 / _POWER) - _OFFSET)
    levels = np.rint(65535 * np.concatenate([encoded, alpha], -1)).astype(np.uint16)
    return VideoFrame.from_ndarray(levels, format="rgba64le" if alpha.size else "rgb48le")


def _plane(frame: VideoFrame, number: int) -> NDArray[np.float32]:
    """Return a plane of half or single floats, [H, W]; PyAV's conversion knows no half floats."""
    plane = frame.planes[number]
    kind = np.float16 if frame.format.components[number].bits == 16 else np.float32
    rows = np.frombuffer(memoryview(plane), dtype=kind).reshape(plane.height, -1)
    return np.asarray(rows[:, : plane.width], np.float32)


def encode_exr(
    image: NDArray[Any],  # [H, W, 3] RGB or [H, W, 4] RGBA, in uint16, sRGB
) -> bytes:
    """Return the bytes of an EXR image in half precision. OutputError where it cannot be encoded."""
    values = image.astype(np.float32) / 65535
    encoded, alpha = values[..., :3], values[..., 3:]
    linear = np.where(
        encoded <= _SLOPE * _LINEAR_BELOW, encoded / _SLOPE, ((encoded + _OFFSET) / (1 + _OFFSET)) ** _POWER
    )
    stored = np.concatenate([linear * alpha, alpha], -1) if alpha.size else linear
    pix_fmt = "gbrapf32le" if alpha.size else "gbrpf32le"
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(stored, np.float32), format=pix_fmt)
    encoder = av.CodecContext.create("exr", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, pix_fmt
    encoder.time_base, encoder.options = Fraction(1, 25), _OPTIONS
    frame.pts = 0
    try:
        return b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))
    except av.FFmpegError as error:
        size = f"{frame.width}x{frame.height}"
        raise OutputError(f"an image of {size} cannot be written as .exr ({error.strerror})", "Write .tif.") from error
