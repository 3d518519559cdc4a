"""The stream of painted pictures inside the output: its tags, its encoder, its times."""

from __future__ import annotations

import difflib
import math
import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
from av.codec.context import OptionType, ThreadType
from av.video.frame import PictureType

from streamstyle.errors import OutputError, SettingsError
from streamstyle.media.colour import ColourTags, FromRGB, output_colour, resolve_tags
from streamstyle.media.decode_times import dts_from_pts
from streamstyle.media.output_file import new_container
from streamstyle.media.reader import open_video
from streamstyle.media.stream_plan import portable_tags

if TYPE_CHECKING:
    import numpy as np
    from av.codec.context import CodecOption
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    from streamstyle.settings import EncoderSettings
    from streamstyle.video_info import VideoInfo

_SHORTEST_TICK = {"mpeg4": Fraction(1, 65535)}
"""MPEG-4 part 2 counts the ticks of a second in 16 bits; finer times are rounded."""
_HIGHEST_RATE = Fraction(240)
"""Encoders plan with a rate; SVT-AV1 refuses more, which only broken headers and slow motion claim."""
_QP_TO_LAMBDA = 118


class VideoEncoder:
    """Encodes pictures into a stream of a container that is not yet open."""

    def __init__(
        self, container: OutputContainer, film: VideoInfo, output: Path, settings: EncoderSettings, source: VideoStream
    ) -> None:
        """Add the stream, tagged as `source`, which it is painted from.

        SettingsError for an unknown codec, OutputError where the container cannot hold it.
        """
        codec = find_encoder(settings.codec)
        self._film_tick = film.time_base
        self._tick = max(film.time_base, _SHORTEST_TICK.get(codec.name, film.time_base))
        rate = min(film.frame_rate or _mean_rate(film), _HIGHEST_RATE)
        pix_fmt = pixel_format(codec)
        seen = resolve_tags(source.codec_context, film.source_width, film.source_height)
        colour = output_colour(seen, film.width, film.height, pix_fmt)
        self._convert = FromRGB(pix_fmt, colour)
        self.luma = self._convert.luma
        """By which pictures may come as planes; None where they may not."""
        try:
            added = container.add_stream(codec.name, rate=rate, time_base=self._tick)
        except ValueError as error:
            raise OutputError(f"{output.name} cannot hold {codec.name} video", _suggest_codec(container)) from error
        self.stream = cast("VideoStream", added)
        self.stream.time_base = self._tick
        self.stream.disposition = source.disposition
        self.stream.metadata.update(portable_tags(source.metadata))
        self._set_up(film, colour, pix_fmt)
        self._set_quality(codec, settings, rate)
        self.duration = 1 / rate
        """Seconds that a frame usually lasts."""
        self._fed = self._begun = False

    def _set_up(self, film: VideoInfo, colour: ColourTags, pix_fmt: str) -> None:
        context = self.stream.codec_context
        context.width, context.height, context.pix_fmt = film.width, film.height, pix_fmt
        context.sample_aspect_ratio = film.sample_aspect_ratio
        context.color_primaries, context.color_trc = colour.primaries, colour.transfer
        context.colorspace, context.color_range = colour.matrix, 2 if colour.full_range else 1
        context.thread_type = ThreadType.AUTO  # PyAV's default cuts every frame into slices, which costs quality

    def _set_quality(self, codec: av.Codec, settings: EncoderSettings, rate: Fraction) -> None:
        context = self.stream.codec_context
        options = encoder_options(codec, context.supported_options.private, settings, rate)
        context.options = options
        if not options.keys() & {"crf", "cq"}:
            context.qscale, context.global_quality = True, _QP_TO_LAMBDA * max(1, round(settings.crf / 6))

    def encode(
        self,
        picture: NDArray[np.uint8],  # [H, W, 3] RGB, or [3 H / 2, W] planes
        pts: int,  # in ticks of the film
        force_keyframe: bool = False,
    ) -> list[Packet[Any]]:
        """Return what the encoder gives out, which may be frames from a while ago, or nothing yet.

        It is asked to begin anew with a `key` frame; whether it does its packet says.
        """
        frame = self._convert(picture)
        frame.time_base = self._tick
        frame.pts = self.to_ticks(pts)
        frame.pict_type = PictureType.I if force_keyframe else PictureType.NONE
        frame.duration = round(self.duration / self._tick)
        self._fed = True
        packets = self.stream.encode(frame)
        self._begun = self._begun or bool(packets)
        return packets

    def to_ticks(self, pts: int) -> int:
        """Return a time in ticks of the film as the encoder counts it."""
        return pts if self._tick == self._film_tick else round(pts * self._film_tick / self._tick)

    def flush(self) -> list[Packet[Any]]:
        """Return the frames still held back; none can be encoded after this."""
        if not self._fed:
            return []
        packets = self.stream.encode(None)
        if not self._begun:  # libx265 leaves them undefined where there are fewer frames than it reorders
            for packet, dts in zip(packets, dts_from_pts([packet.pts or 0 for packet in packets]), strict=True):
                packet.dts = dts
        return packets


def check_encoder(film: VideoInfo, output: Path, settings: EncoderSettings) -> None:
    """Raise the error that a run with these settings would end with, as far as it can be known without a file."""
    with open_video(film.path) as source, new_container(output, output) as unwritten:
        VideoEncoder(unwritten, film, output, settings, cast("VideoStream", source.streams[film.video_stream]))


def write_header(container: OutputContainer, settings: EncoderSettings) -> None:
    """Open the encoders and write the header. SettingsError when an encoder refuses its settings."""
    try:
        container.start_encoding()
    except av.FFmpegError as error:
        if "avcodec_open2" not in str(error):
            raise
        raise SettingsError(
            f"--codec {settings.codec} cannot be used with --crf {settings.crf} --preset {settings.preset} on this "
            f"machine ({error.strerror})",
            "Try --codec libx264.",
        ) from error


def _suggest_codec(container: OutputContainer) -> str:
    its_own = container.default_video_codec
    return "Call it .mkv." if its_own == "none" else f"Call it .mkv, or choose a --codec for {its_own}."


def _mean_rate(film: VideoInfo) -> Fraction:
    if film.frames and film.duration:
        return Fraction(film.frames / film.duration).limit_denominator(1001)
    return Fraction(25)


PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo")
_LOOKAHEAD_PRESETS = PRESETS[PRESETS.index("fast") :]
_SVT_PRESETS = ("10", "10", "9", "9", "8", "8", "6", "4", "3", "2")
"""SVT-AV1 numbers its presets; these take about as long, against each other, as x264's."""

_SUGGESTED_ENCODERS = (
    "libx264", "libx265", "libsvtav1", "libvpx-vp9", "ffv1", "prores_ks", "mpeg4", "mjpeg", "libx264rgb",
    "h264_nvenc", "hevc_nvenc", "av1_nvenc", "h264_qsv", "hevc_qsv", "av1_qsv", "h264_amf", "hevc_amf", "av1_amf",
    "h264_vaapi", "hevc_vaapi", "av1_vaapi", "h264_videotoolbox", "hevc_videotoolbox", "prores_videotoolbox",
)  # fmt: skip
"""What is suggested; any other video encoder is taken too."""

_PREFERRED_PIX_FMTS = ("yuv420p", "yuv422p", "yuv422p10le", "yuv444p", "gbrp", "rgb24", "bgr0", "bgra")
"""What to encode, what most players know first."""


def find_encoder(name: str) -> av.Codec:
    """Return the video encoder of that name; SettingsError with the nearest names when there is none."""
    try:
        codec = av.Codec(name, "w")
    except ValueError as error:
        raise SettingsError(f"--codec {name} is no video encoder here", _nearest_encoders(name)) from error
    if codec.type != "video":
        raise SettingsError(f"--codec {name} encodes {codec.type}, not video", _nearest_encoders(name))
    if codec.name == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "1")  # it prints a page to stderr, and knows no other way to be told not to
    return codec


def _nearest_encoders(name: str) -> str:
    near = difflib.get_close_matches(name, [known for known in _SUGGESTED_ENCODERS if known in av.codecs_available], 3)
    return f"Nearest: {', '.join(near)}." if near else f"Try {', '.join(_SUGGESTED_ENCODERS[:3])}."


def pixel_format(codec: av.Codec) -> str:
    """Return the pixel format to feed the encoder."""
    if codec.name == "mjpeg":
        return "yuvj420p"  # it takes yuv420p too, but only as full range
    known = [known.name for known in codec.video_formats or ()]
    return next(
        (name for name in _PREFERRED_PIX_FMTS if not known or name in known),
        known[0] if known else _PREFERRED_PIX_FMTS[0],
    )


def encoder_options(
    codec: av.Codec, known: tuple[CodecOption, ...], settings: EncoderSettings, rate: Fraction
) -> dict[str, str]:
    """Return quality and preset under the names this encoder has for them; without `crf` or `cq` it has no quality."""
    named = {option.name: option for option in known}
    options = {"x265-params": "log-level=error"} if codec.name == "libx265" else {}
    if "forced-idr" in named:
        options["forced-idr"] = "1"  # a frame that is to be a key frame is one that nothing looks back across
    if codec.name == "ffv1":
        options["g"] = "1"  # it listens to no such wish
    quality = next((name for name in ("crf", "cq") if name in named), None)
    if quality is not None:
        options[quality] = str(min(settings.crf, int(min(named[quality].max, 63))))
    if "preset" in named:
        options["preset"] = _preset_option(named["preset"], settings.preset)
    if codec.name == "libx264" and settings.preset in _LOOKAHEAD_PRESETS:
        options["rc-lookahead"] = str(min(40, math.ceil(rate)))  # a killed run then loses about a second
    return options


def _preset_option(option: CodecOption, name: str) -> str:
    numbered = option.type == OptionType.INT and not option.choices
    allowed = [choice.name for choice in option.choices] or list(PRESETS)
    if numbered and name.isdigit():
        return name
    if name not in allowed:
        raise SettingsError(f"--preset {name} is not known", f"Known are {', '.join(allowed)}.")
    return _SVT_PRESETS[PRESETS.index(name)] if numbered else name
