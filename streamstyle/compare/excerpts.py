"""The frames that the report shows of each film: a short loop, and two stills, as data URIs."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2

from streamstyle.compare.events import Compared
from streamstyle.evaluate.metrics import Curve
from streamstyle.media.images import RgbImage
from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.video_info import VideoInfo

LOOP_FRAMES = 16
"""Length of the loop: two thirds of a second, played within two seconds."""

MAX_STILL_WIDTH, MAX_LOOP_WIDTH = 960, 640
"""Largest width in pixels of a still and of a frame of the loop."""

_WEBP_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A still, or consecutive frames, of all films."""

    name: str
    films: list[list[str]]
    """For each film its frames as data URIs."""


def make_excerpts(video: VideoInfo, compared: Compared) -> list[Excerpt]:
    """Return the frames shown of the source and of every method: the loop first, then the stills."""
    loop, stills = _choose_frames(compared)
    paths = [Path(film.output) for film in compared.films if film.kind == "method"]
    videos = [video, *(probe(path, SourceSettings(size=(video.width, video.height))) for path in paths)]
    widths = {
        **dict.fromkeys(stills, MAX_STILL_WIDTH),
        **dict.fromkeys(loop, MAX_LOOP_WIDTH if len(loop) > 1 else MAX_STILL_WIDTH),
    }
    encoded = [_encode_frames(each, widths) for each in videos]
    loop_name = f"{len(loop)} frames from {loop[0] / compared.frame_rate:.1f} s" if len(loop) > 1 else "the frame"
    return [
        Excerpt(loop_name, [[frames[index] for index in loop] for frames in encoded]),
        *(Excerpt(f"{index / compared.frame_rate:.1f} s", [[frames[index]] for frames in encoded]) for index in stills),
    ]


def _choose_frames(compared: Compared) -> tuple[list[int], list[int]]:
    """Return the indices of the loop, from the middle of the longest shot, and of the stills."""
    start, length = longest_shot(compared.films[0].curves.get("warping_error_1", []))
    count = max(1, min(LOOP_FRAMES, length))
    first = start + (length - count) // 2
    loop = list(range(first, first + count))
    stills = sorted({compared.frames // 6, compared.frames * 5 // 6} - set(loop))
    return loop, stills


def longest_shot(curve: Curve) -> tuple[int, int]:
    """Return the first frame and the length of the longest shot; a frame without a value begins a shot."""
    starts = [index for index, value in enumerate(curve) if value is None or index == 0] or [0]
    ends = [*starts[1:], max(1, len(curve))]
    return max(((start, end - start) for start, end in zip(starts, ends, strict=True)), key=lambda shot: shot[1])


def _encode_frames(video: VideoInfo, widths: dict[int, int]) -> dict[int, str]:
    """Return frames by index as data URIs; `widths` gives the largest width of each."""
    encoded: dict[int, str] = {}
    for frame in islice(decode(video), max(widths) + 1):
        if frame.index in widths:
            encoded[frame.index] = data_uri(frame.image, widths[frame.index])
    return encoded


def data_uri(image: RgbImage, max_width: int) -> str:
    """Return an image as a WebP in a data URI."""
    height, width = image.shape[:2]
    size = (max_width, round(height * max_width / width))
    scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if width > max_width else image
    _, encoded = cv2.imencode(".webp", scaled[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])
    return f"data:image/webp;base64,{base64.b64encode(encoded.tobytes()).decode()}"
