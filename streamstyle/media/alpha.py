"""The alpha of frames: read as levels of 16 bits, kept aside, and put into frames for the encoder.

8, 10, 12 and 16 bits go through these levels and back unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from av.video.format import VideoFormat, VideoFormatComponent
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

_TOP = 65535
_ALPHA_FIRST = ("argb", "abgr")


def has_alpha(video_format: VideoFormat) -> bool:
    """Return whether pixels of this format have an alpha."""
    return _alpha_component(video_format) is not None


def bit_depth(video_format: VideoFormat) -> int:
    """Return the bits of a sample; 8 for fewer, 16 for floating point."""
    return min(16, max(8, *(component.bits for component in video_format.components)))


def read_alpha(
    frame: VideoFrame,  # in a format that has an alpha
) -> NDArray[np.uint16]:
    """Return [H, W] the alpha, 0 transparent to 65535 opaque."""
    samples = _samples(frame)[1].astype(np.float64)
    bits = _component(frame).bits
    scaled = samples * _TOP if bits == 32 else samples * (_TOP / ((1 << bits) - 1))
    return np.rint(np.clip(scaled, 0, _TOP)).astype(np.uint16)


def write_alpha(
    frame: VideoFrame,  # in a format that has an alpha
    alpha: NDArray[np.uint16],  # [H, W], 0 transparent to 65535 opaque
) -> None:
    """Replace the alpha of a frame."""
    rows, samples = _samples(frame)
    top = (1 << _component(frame).bits) - 1
    samples[:] = np.rint(alpha * (top / _TOP))
    frame.planes[_component(frame).plane].update(rows.tobytes())


def _samples(frame: VideoFrame) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return a copy of the plane that holds the alpha, and a view of the alpha in it."""
    component, name = _component(frame), frame.format.name
    order = ">" if name.endswith("be") else "<"
    kind = {8: "u1", 32: f"{order}f4"}.get(component.bits, f"{order}u2")
    plane: Any = frame.planes[component.plane]
    rows = np.frombuffer(plane, kind).reshape(plane.height, -1).copy()
    together = sum(each.plane == component.plane for each in frame.format.components)
    first = 0 if name in _ALPHA_FIRST else together - 1
    return rows, rows[:, first : first + together * frame.width : together]


def _component(frame: VideoFrame) -> VideoFormatComponent:
    component = _alpha_component(frame.format)
    if component is None:
        raise ValueError(frame.format.name)
    return component


def _alpha_component(video_format: VideoFormat) -> VideoFormatComponent | None:
    return next((component for component in video_format.components if component.is_alpha), None)
