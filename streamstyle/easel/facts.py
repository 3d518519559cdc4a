"""What there is to say of a film: its picture, its streams, and what is unusual about it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from streamstyle.film import Film, Stream
from streamstyle.media.colour import HLG, PQ, resolved
from streamstyle.media.decoding import decoded
from streamstyle.media.opening import open_film, video_stream

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream


@dataclass(frozen=True, slots=True)
class Facts:
    """A film in words and numbers."""

    path: str
    bytes: int
    """Of its file."""
    width: int
    """Upright, in pixels."""
    height: int
    codec: str
    rate: float | None
    """Frames a second."""
    frames: int | None
    counted: bool
    """Whether the container says how many frames there are; else it is what follows from length and rate."""
    duration: float | None
    """Seconds."""
    streams: tuple[str, ...]
    """What else is in it: `audio aac eng`."""
    notes: tuple[str, ...]
    """What is unusual about the picture, and what becomes of it."""


def facts_of(film: Film) -> Facts:
    """Return what there is to say of a whole film; raises FilmError where it cannot be read."""
    with open_film(film.path) as container:
        stream = video_stream(container, film.path)
        first = next(decoded(container, stream), None)
        counted = bool(stream.frames)
        notes = tuple(_notes(film, stream, first))
    return Facts(
        path=str(film.path),
        bytes=film.path.stat().st_size,
        width=film.width,
        height=film.height,
        codec=film.streams[film.video_stream].codec,
        rate=None if film.frame_rate is None else float(film.frame_rate),
        frames=film.frames,
        counted=counted,
        duration=film.duration,
        streams=tuple(_in_words(stream) for stream in film.streams if stream.index != film.video_stream),
        notes=notes,
    )


def _in_words(stream: Stream) -> str:
    return " ".join(
        part for part in (stream.kind, stream.codec, stream.language, stream.title) if part and part != "und"
    )


def _notes(film: Film, stream: VideoStream, first: VideoFrame | None) -> list[str]:
    found = []
    if film.rotation:
        found.append(f"turned by {film.rotation}° to stand upright")
    if film.sample_aspect_ratio != 1:
        found.append(f"pixels are not square: shown {round(film.width * film.sample_aspect_ratio)} wide")
    if _varies(stream):
        found.append("frames last unequally long, and will")
    if first is not None:
        found += _notes_on(first)
    return found


def _notes_on(picture: VideoFrame) -> list[str]:
    found = []
    colour = resolved(picture, picture.width, picture.height)
    if colour.is_wide:
        kind = {PQ: "HDR (PQ)", HLG: "HDR (HLG)"}.get(colour.transfer, "wide colours (BT.2020)")
        found.append(f"{kind}: painted in the colours of an ordinary screen")
    if picture.format.components[0].bits > 8:
        found.append(f"{picture.format.components[0].bits} bits a channel: painted from 8")
    if picture.interlaced_frame:
        found.append("interlaced: its combs are painted, too; deinterlace it first")
    return found


def _varies(stream: VideoStream) -> bool:
    """Return whether the rate on which all times fit is far from the mean rate."""
    mean, exact = Fraction(stream.average_rate or 0), Fraction(stream.base_rate or 0)
    return bool(mean and exact) and abs(exact / mean - 1) > Fraction(1, 20)
