"""Writes small video files of every kind, from the scenes of `tests.scenes`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from tests.scenes import Picture, Scene, cut, flat, moving_square, pan, still, texture

__all__ = [
    "Attachment", "Extras", "Picture", "Scene", "cut", "flat", "moving_square", "pan", "png", "rgb_to_yuv", "still",
    "texture", "to_frame", "write_film",
]  # fmt: skip

# --------------------------------------------------------------------------------------------------------------- colour

MATRICES = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}
"""Kr and Kb of ITU-R BT.601, BT.709 and BT.2020."""

_TAGS = {"bt601": (6, 6, 6), "bt709": (1, 1, 1), "bt2020": (9, 14, 9)}  # primaries, transfer, matrix (ITU-T H.273)


def rgb_to_yuv(picture: Picture, matrix: str, full_range: bool, bits: int = 8) -> NDArray[np.float64]:
    """[3, H, W]: Y', Cb, Cr code values, not rounded, as defined in ITU-T H.273."""
    kr, kb = MATRICES[matrix]
    r, g, b = np.moveaxis(picture.astype(np.float64) / 255, -1, 0)
    luma = kr * r + (1 - kr - kb) * g + kb * b
    blue, red = (b - luma) / (2 - 2 * kb), (r - luma) / (2 - 2 * kr)
    unit = 1 << (bits - 8)
    if full_range:
        top = (1 << bits) - 1
        return np.stack([luma * top, blue * top + 128 * unit, red * top + 128 * unit])
    return np.stack([(luma * 219 + 16) * unit, (blue * 224 + 128) * unit, (red * 224 + 128) * unit])


def _subsample(values: NDArray[np.float64], across: int, down: int) -> NDArray[np.float64]:
    """Means of blocks of `across` x `down` values; odd edges are repeated."""
    height, width = values.shape
    padded = np.pad(values, ((0, -height % down), (0, -width % across)), mode="edge")
    return padded.reshape(padded.shape[0] // down, down, padded.shape[1] // across, across).mean((1, 3))


def to_frame(picture: Picture, pix_fmt: str, matrix: str = "bt601", full_range: bool = False) -> av.VideoFrame:
    """A frame in any planar YUV format of 8 to 16 bits, or in rgb24, gbrp or gray, converted without FFmpeg."""
    height, width = picture.shape[:2]
    if pix_fmt == "rgb24":
        return av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
    frame = av.VideoFrame(width, height, pix_fmt)
    bits = frame.format.components[0].bits
    if pix_fmt.startswith("gbrp"):
        planes = [picture[..., channel].astype(np.float64) for channel in (1, 2, 0)]
    else:
        planes = list(rgb_to_yuv(picture, matrix, full_range or pix_fmt.startswith("yuvj"), bits))
    for plane, values in zip(frame.planes, planes, strict=False):
        across = 1 if plane.width == width else 2
        down = 1 if plane.height == height else 2
        samples = np.frombuffer(plane, np.uint8 if bits == 8 else np.uint16).reshape(plane.height, -1)
        samples[:, : plane.width] = np.round(_subsample(values, across, down))
    return frame


# ---------------------------------------------------------------------------------------------------------------- files


def png(picture: Picture) -> bytes:
    """The picture as a PNG file."""
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.shape[1], picture.shape[0], "rgb24"
    encoder.time_base = Fraction(1, 25)
    return bytes(encoder.encode(av.VideoFrame.from_ndarray(picture, "rgb24"))[0])


@dataclass(frozen=True)
class Attachment:
    name: str
    mimetype: str
    data: bytes


@dataclass(frozen=True)
class Extras:
    """Streams and metadata beside the video."""

    subtitles: Sequence[tuple[float, float, str]] = ()
    """Start and end in seconds, and text."""
    subtitle_codec: str = "subrip"
    attachments: Sequence[Attachment] = ()
    chapters: Sequence[tuple[float, float, str]] = ()
    """Start and end in seconds, and title."""
    metadata: dict[str, str] = field(default_factory=dict)
    audio_codec: str = "aac"
    audio_languages: Sequence[str | None] = (None,)
    """One sound track for each."""
    audio_titles: Sequence[str | None] = (None,)
    audio_start: float = 0.0


def write_film(
    path: Path,
    frames: Picture | Sequence[Picture],  # [T, H, W, 3]
    *,
    rate: Fraction | int = 25,
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    audio: bool = False,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    matrix: str = "bt601",
    full_range: bool = False,
    tagged: bool = True,
    transfer: int | None = None,
    rotation: int = 0,
    sar: Fraction | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    extras: Extras | None = None,
) -> Path:
    """Write a video file and return its path.

    `pts` are in ticks of `time_base` (by default one tick per frame). `rotation` is in degrees clockwise by which a
    player rotates the picture. The default encoding is nearly lossless, so that pictures can be compared.
    """
    extras = extras or Extras()
    rate, height, width = Fraction(rate), *frames[0].shape[:2]
    time_base = time_base or 1 / rate
    pts = range(len(frames)) if pts is None else pts
    exact_start = {"movie_timescale": str(time_base.denominator)} if path.suffix in (".mp4", ".mov") else {}
    with av.open(str(path), "w", container_options=exact_start | (container_options or {})) as container:
        container.metadata.update(extras.metadata)
        video = container.add_stream(
            codec, rate=rate, time_base=time_base, width=width, height=height, pix_fmt=pix_fmt,
            options=_quality(codec) | (options or {}),
        )  # fmt: skip
        video.time_base = time_base
        if sar is not None:
            video.codec_context.sample_aspect_ratio = sar
        if rotation:
            video.set_display_rotation(-rotation)
        if tagged:
            context = video.codec_context
            context.color_primaries, context.color_trc, context.colorspace = _TAGS[matrix]
            context.color_trc = transfer or context.color_trc
        if tagged or full_range:
            video.codec_context.color_range = 2 if full_range else 1
        sound = _add_sound(container, extras) if audio else []
        subtitles = _add_subtitles(container, extras)
        for attachment in extras.attachments:
            container.add_attachment(attachment.name, attachment.mimetype, attachment.data)
        if extras.chapters:
            container.set_chapters(_chapters(extras))
        container.start_encoding()
        length = float((pts[-1] - pts[0]) * time_base + 1 / rate)
        for stream, pitch in zip(sound, (440, 330, 550, 660), strict=False):
            _write_sound(container, stream, length, pitch, extras.audio_start)
        if subtitles is not None:
            _write_subtitles(container, subtitles, extras)
        for picture, tick in zip(frames, pts, strict=True):
            frame = to_frame(picture, pix_fmt, matrix, full_range)
            frame.pts, frame.time_base = tick, time_base
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def _quality(codec: str) -> dict[str, str]:
    if codec == "libx264":
        return {"crf": "6", "preset": "ultrafast", "bf": "2", "b-adapt": "0", "g": "10", "keyint_min": "10"}
    if codec == "libx265":
        return {"x265-params": "log-level=none:crf=6:keyint=10", "preset": "ultrafast"}
    if codec == "mpeg4":
        return {"flags": "+qscale", "global_quality": "236"}
    return {}


def _add_sound(container: av.container.OutputContainer, extras: Extras) -> list[av.AudioStream]:
    streams = []
    for number, language in enumerate(extras.audio_languages):
        stream = container.add_stream(extras.audio_codec, rate=48000, layout="mono")
        if extras.audio_codec.startswith("wma"):
            stream.codec_context.bit_rate = 64000
        if language:
            stream.metadata["language"] = language
        title = extras.audio_titles[number] if number < len(extras.audio_titles) else None
        if title:
            stream.metadata["title"] = title
        streams.append(stream)
    return streams


_BLOCK = 960
"""Samples of sound encoded at once: a fiftieth of a second."""


def _write_sound(
    container: av.container.OutputContainer, stream: av.AudioStream, seconds: float, pitch: int, start: float
) -> None:
    count = round(seconds * 48000)
    wave = np.round(8000 * np.sin(2 * np.pi * pitch * np.arange(count) / 48000)).astype(np.int16)
    resampler = av.AudioResampler(format=stream.format, layout="mono", rate=48000)
    for begin in range(0, count, _BLOCK):
        frame = av.AudioFrame.from_ndarray(wave[None, begin : begin + _BLOCK], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, round(start * 48000) + begin, Fraction(1, 48000)
        for converted in resampler.resample(frame):
            container.mux(stream.encode(converted))
    container.mux(stream.encode(None))


def _add_subtitles(
    container: av.container.OutputContainer, extras: Extras
) -> av.subtitles.stream.SubtitleStream | None:
    if not extras.subtitles:
        return None
    stream = container.add_stream(extras.subtitle_codec)
    stream.codec_context.subtitle_header = _ASS_HEADER
    stream.time_base = Fraction(1, 1000)
    stream.metadata["language"] = "eng"
    return stream


_ASS_HEADER = (
    b"[Script Info]\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\n"
    b"Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    b"Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, "
    b"MarginV, Encoding\r\n"
    b"Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1\r\n\r\n"
    b"[Events]\r\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
)


def _write_subtitles(
    container: av.container.OutputContainer, stream: av.subtitles.stream.SubtitleStream, extras: Extras
) -> None:
    for start, end, text in extras.subtitles:
        packet = av.Packet(_subtitle_payload(extras.subtitle_codec, text))
        packet.stream, packet.time_base = stream, Fraction(1, 1000)
        packet.pts = packet.dts = round(1000 * start)
        packet.duration = round(1000 * (end - start))
        container.mux(packet)


def _subtitle_payload(codec: str, text: str) -> bytes:
    payload = text.encode()
    if codec == "mov_text":
        return len(payload).to_bytes(2, "big") + payload
    if codec == "ass":
        return b"0,0,Default,,0,0,0,," + payload
    return payload


def _chapters(extras: Extras) -> list[dict[str, object]]:
    return [
        {
            "id": number,
            "start": round(1000 * start),
            "end": round(1000 * end),
            "time_base": Fraction(1, 1000),
            "metadata": {"title": title},
        }
        for number, (start, end, title) in enumerate(extras.chapters)
    ]
