"""Moments of all films to look at in a report: a few stills, and a second that plays."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2

from streamstyle.compare.events import Compared
from streamstyle.evaluate.measures import Curve
from streamstyle.film import VideoInfo
from streamstyle.media.picture import RgbImage
from streamstyle.settings import SourceSettings
from streamstyle.stages.source import decode, probe

LOOP_FRAMES = 16
"""Frames that play: two thirds of a second, slowed to two seconds."""

MAX_STILL_WIDTH, MAX_LOOP_WIDTH = 960, 640
"""Pixels that a still and a frame that plays are wide at most."""

_WEBP_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One moment, or some frames on end."""

    name: str
    films: list[list[str]]
    """For each film the frames, as data URIs."""


def make_excerpts(film: VideoInfo, compared: Compared) -> list[Excerpt]:
    """Return the frames that are shown of the source and of every method."""
    loop, stills = _choose_frames(compared)
    paths = [Path(row.output) for row in compared.films if row.kind == "method"]
    films = [film, *(probe(path, SourceSettings(size=(film.width, film.height))) for path in paths)]
    wanted = {
        **dict.fromkeys(stills, MAX_STILL_WIDTH),
        **dict.fromkeys(loop, MAX_LOOP_WIDTH if len(loop) > 1 else MAX_STILL_WIDTH),
    }
    pictures = [_encode_frames(each, wanted) for each in films]
    played = f"{len(loop)} frames from {loop[0] / compared.frame_rate:.1f} s" if len(loop) > 1 else "the frame"
    shown = [Excerpt(played, [[seen[index] for index in loop] for seen in pictures])]
    return shown + [
        Excerpt(f"{index / compared.frame_rate:.1f} s", [[seen[index]] for seen in pictures]) for index in stills
    ]


def _choose_frames(compared: Compared) -> tuple[list[int], list[int]]:
    """Return the frames that play, from the middle of the longest shot, and those that stand still."""
    begun, length = longest_shot(compared.films[0].curves.get("warping_error_1", []))
    count = max(1, min(LOOP_FRAMES, length))
    first = begun + (length - count) // 2
    loop = list(range(first, first + count))
    stills = sorted({compared.frames // 6, compared.frames * 5 // 6} - set(loop))
    return loop, stills


def longest_shot(curve: Curve) -> tuple[int, int]:
    """Return where the longest shot begins and how many frames it has; a frame without a value begins one."""
    starts = [index for index, value in enumerate(curve) if value is None or index == 0] or [0]
    ends = [*starts[1:], max(1, len(curve))]
    return max(((start, end - start) for start, end in zip(starts, ends, strict=True)), key=lambda shot: shot[1])


def _encode_frames(film: VideoInfo, wanted: dict[int, int]) -> dict[int, str]:
    """Return those frames of a film, by index, as data URIs no wider than asked for."""
    found: dict[int, str] = {}
    for frame in islice(decode(film), max(wanted) + 1):
        if frame.index in wanted:
            found[frame.index] = data_uri(frame.image, wanted[frame.index])
    return found


def data_uri(picture: RgbImage, max_width: int) -> str:
    """Return a picture as a WebP that stands in the page itself."""
    height, width = picture.shape[:2]
    size = (max_width, round(height * max_width / width))
    shown = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if width > max_width else picture
    _, coded = cv2.imencode(".webp", shown[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])
    return f"data:image/webp;base64,{base64.b64encode(coded.tobytes()).decode()}"
