"""Colour tags and orientation of video frames, and the conversion to upright RGB and back.

Code points are those of ITU-T H.273, which FFmpeg uses as they are.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.sidedata.sidedata import Type
from av.video.reformatter import Interpolation, VideoReformatter

from streamstyle.media.alpha import write_alpha
from streamstyle.media.tone_map import DEFAULT_PEAK, hdr_to_sdr
from streamstyle.ops import luma

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

RGB, BT709, UNSPECIFIED, BT601, BT2020, PQ, HLG = 0, 1, 2, 6, 9, 16, 18

LIMITED, FULL = 1, 2
_SWSCALE_MATRIX = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
"""From H.273 matrix to libswscale's SWS_CS_*; libswscale takes others (RGB, YCgCo) from the frame itself."""

_LUMA = {BT709: luma.BT709, BT601: luma.BT601}

_EXACT = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
"""Without these libswscale is off by up to three levels."""


@dataclass(frozen=True, slots=True)
class ColourTags:
    """The four colour tags of a video stream."""

    primaries: int
    transfer: int
    matrix: int
    full_range: bool

    @property
    def is_wide(self) -> bool:
        """Whether the colours exceed BT.709: HDR, or the primaries of BT.2020."""
        return self.transfer in (PQ, HLG) or self.primaries == BT2020


def resolve_tags(tagged: VideoFrame | VideoCodecContext, width: int, height: int) -> ColourTags:
    """Return the tags; missing ones are what players assume at this size."""
    hd = _is_hd(width, height)
    matrix, primaries, transfer = int(tagged.colorspace), int(tagged.color_primaries), int(tagged.color_trc)
    if matrix == UNSPECIFIED:
        matrix = BT2020 if transfer in (PQ, HLG) else BT709 if hd else BT601
    fallback = matrix if matrix in (BT709, BT601) else BT709 if hd else BT601
    full = int(tagged.color_range) == FULL or (tagged.format is not None and tagged.format.name.startswith("yuvj"))
    return ColourTags(
        primaries if primaries not in (0, UNSPECIFIED) else BT2020 if matrix == BT2020 else fallback,
        transfer if transfer not in (0, UNSPECIFIED) else fallback,
        matrix,
        full,
    )


def output_colour(source: ColourTags, width: int, height: int, pix_fmt: str, *, full_range: bool = False) -> ColourTags:
    """Return the tags of the output: the matrix is the one that players which ignore tags assume."""
    if source.is_wide:  # converted to BT.709 by `ToRGB`
        source = replace(source, primaries=BT709, transfer=BT709)
    if pix_fmt.startswith(("rgb", "bgr", "gbr")):
        return replace(source, matrix=RGB, full_range=True)
    matrix = BT709 if _is_hd(width, height) else BT601
    return replace(source, matrix=matrix, full_range=full_range or pix_fmt.startswith("yuvj"))


def _is_hd(width: int, height: int) -> bool:
    return width >= 1280 or height >= 720


_MASTERING_DISPLAY = struct.Struct("=16i4i2i")
"""FFmpeg's AVMasteringDisplayMetadata: chromaticities, least and greatest luminance as fractions, two flags."""

_MIN_PEAK, _MAX_PEAK = 203.0, 10000.0


def read_peak_luminance(frame: VideoFrame) -> float | None:
    """Return the cd/m² of the brightest white of the display that the frame was mastered on; None if it has none."""
    try:
        data = frame.side_data[Type.MASTERING_DISPLAY_METADATA]  # type: ignore[typeddict-item]
    except (KeyError, ValueError):
        return None
    *_, top, bottom, _, has_luminance = _MASTERING_DISPLAY.unpack(bytes(data)[: _MASTERING_DISPLAY.size])
    return min(_MAX_PEAK, max(_MIN_PEAK, top / bottom)) if has_luminance and bottom else None


class ToRGB:
    """Converts decoded frames to RGB. Not thread-safe."""

    def __init__(self, *, deep: bool = False, peak: float | None = None) -> None:
        """`deep` is whether to convert to 16 bits instead of 8; `peak` are cd/m² of the brightest white of HDR."""
        self._reformatter = VideoReformatter()
        self._deep, self._peak = deep, peak or DEFAULT_PEAK

    def __call__(self, frame: VideoFrame, size: tuple[int, int] | None = None) -> NDArray[Any]:
        """Return [height, width, 3] RGB, full range, not turned; `size` is (width, height), by default the frame's.

        Wide colours are converted to BT.709: HDR by `hdr_to_sdr`, others by libswscale, which takes about two seconds
        to prepare for it.
        """
        width, height = size or (frame.width, frame.height)
        colour = resolve_tags(frame, frame.width, frame.height)
        kernel = Interpolation.BICUBIC if width > frame.width or height > frame.height else Interpolation.LANCZOS
        to_bt709: dict[str, Any] = {}
        is_hdr = colour.transfer in (PQ, HLG)
        if colour.is_wide and not is_hdr:
            frame.color_primaries, frame.color_trc = colour.primaries, colour.transfer
            to_bt709 = {"dst_color_primaries": BT709, "dst_color_trc": BT709}
        converted = self._reformatter.reformat(
            frame,
            width,
            height,
            format="rgb48le" if self._deep or is_hdr else "rgb24",
            src_colorspace=_SWSCALE_MATRIX.get(colour.matrix),
            src_color_range=FULL if colour.full_range else LIMITED,
            dst_color_range=FULL,
            interpolation=int(kernel | _EXACT),
            **to_bt709,
        )
        image: NDArray[Any] = converted.to_ndarray()
        if not is_hdr:
            return image
        sdr = hdr_to_sdr(image, self._peak, is_hlg=colour.transfer == HLG)
        return sdr if self._deep else np.rint(sdr / 257).astype(np.uint8)


class FromRGB:
    """Converts images to frames for an encoder. Not thread-safe."""

    def __init__(self, pix_fmt: str, colour: ColourTags) -> None:
        self._pix_fmt = pix_fmt
        self._colour = colour
        self._reformatter = VideoReformatter()
        self.luma = _LUMA.get(colour.matrix) if pix_fmt == "yuv420p" and not colour.full_range else None
        """Luma weights for `ops.planes.to_planes`, whose planes may be passed in place of RGB; None if only RGB may."""

    def __call__(
        self,
        image: NDArray[Any],  # [H, W, 3] RGB in uint8 or uint16, or [3 H / 2, W] planes in uint8
        alpha: NDArray[np.uint16] | None = None,  # [H, W], for a format that has it; opaque by default
    ) -> VideoFrame:
        """Return the image as a frame with all four colour tags."""
        colour = self._colour
        if image.ndim == 2:
            frame = av.VideoFrame.from_ndarray(image, self._pix_fmt)
            frame.colorspace, frame.color_range = colour.matrix, LIMITED
        else:
            frame = self._reformatter.reformat(
                av.VideoFrame.from_ndarray(image, "rgb24" if image.dtype == np.uint8 else "rgb48le"),
                format=self._pix_fmt,
                dst_colorspace=_SWSCALE_MATRIX.get(colour.matrix),
                src_color_range=FULL,
                dst_color_range=FULL if colour.full_range else LIMITED,
                interpolation=int(Interpolation.BICUBIC | _EXACT),
            )
        if alpha is not None:
            write_alpha(frame, alpha)
        frame.color_primaries, frame.color_trc = colour.primaries, colour.transfer
        return frame


@dataclass(frozen=True, slots=True)
class Orientation:
    """A rotation by a multiple of 90 degrees, then a mirroring: the eight orientations of a display matrix."""

    rotation: int = 0
    """Degrees clockwise: 0, 90, 180 or 270."""
    mirrored: bool = False
    """Whether left and right are swapped after the rotation."""

    def apply(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return [H, W, ...] upright, contiguous in memory."""
        turned = np.rot90(image, -(self.rotation // 90))
        return np.ascontiguousarray(turned[:, ::-1] if self.mirrored else turned)

    def upright_size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height of the upright image; the inverse is the same function."""
        return (height, width) if self.rotation in (90, 270) else (width, height)


def read_orientation(frame: VideoFrame) -> Orientation:
    """Return the orientation that the frame's display matrix states; upright where it has none.

    The matrix maps a point (x, y), y down, to (a x + c y, b x + d y), stored a, b, u, c, d, v, x, y, w in 16.16
    fixed point (ISO/IEC 14496-12, 6.2.2). Angles are rounded to the nearest multiple of 90 degrees.
    """
    try:
        data = frame.side_data[Type.DISPLAYMATRIX]  # type: ignore[typeddict-item]
    except (KeyError, ValueError):  # ValueError: there is other side data that PyAV does not know, such as EXIF
        return Orientation()
    a, b, _, c, d, *_ = (int(value) for value in np.frombuffer(data, np.int32))
    mirrored = a * d - b * c < 0
    if mirrored:
        a, c = -a, -c
    return Orientation(round(np.degrees(np.arctan2(b, a)) / 90) % 4 * 90, mirrored)
