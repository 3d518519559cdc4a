"""Encode the video stream of the output, with any of FFmpeg's video encoders: tags, options, pixel format, times."""

from __future__ import annotations

import difflib
import math
import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
from av.codec.context import Flags, OptionType, ThreadType
from av.video.frame import PictureType

from streamstyle.errors import OutputError, SettingsError
from streamstyle.media.alpha import bit_depth, has_alpha
from streamstyle.media.captions import with_captions
from streamstyle.media.colour import ColourTags, FromRGB, output_colour, resolve_tags
from streamstyle.media.decode_times import dts_from_pts
from streamstyle.media.matroska_tee import TEE
from streamstyle.media.muxer_trial import MUX_ERRORS, NullFile
from streamstyle.media.output_file import new_container
from streamstyle.media.reader import open_video
from streamstyle.media.standard_streams import RAW_CODECS, is_stdout
from streamstyle.media.stream_plan import portable_tags
from streamstyle.media.timecode import with_timecode_after

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
"""Seconds. MPEG-4 part 2 stores the ticks of a second in 16 bits; finer times are rounded."""
_MAX_FRAME_RATE = Fraction(240)
"""For the rate control of encoders; SVT-AV1 accepts no more, and only broken headers and slow motion state more."""
_CAPTIONS = "a53cc"
"""The option of encoders that store closed captions; libx265 does so only if asked to."""
_QP_TO_LAMBDA = 118
"""FFmpeg's FF_QP2LAMBDA."""

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo")
_LOOKAHEAD_PRESETS = PRESETS[PRESETS.index("fast") :]
_SVT_PRESETS = ("10", "10", "9", "9", "8", "8", "6", "4", "3", "2")
"""Of SVT-AV1, for each of `PRESETS`: their times relate about as x264's."""

_SUGGESTED_ENCODERS = (
    "libx264", "libx265", "libsvtav1", "libvpx-vp9", "ffv1", "prores_ks", "dnxhd", "mpeg4", "mjpeg", "libx264rgb",
    "h264_nvenc", "hevc_nvenc", "av1_nvenc", "h264_qsv", "hevc_qsv", "av1_qsv", "h264_amf", "hevc_amf", "av1_amf",
    "h264_vaapi", "hevc_vaapi", "av1_vaapi", "h264_videotoolbox", "hevc_videotoolbox", "prores_videotoolbox",
)  # fmt: skip
"""Suggested in error messages; any other video encoder is accepted too."""

_PREFERRED_PIX_FMTS = ("yuv420p", "yuv422p", "yuv422p10le", "yuv444p", "gbrp", "rgb24", "bgr0", "bgra")
"""In order: what most players support comes first."""


_ALPHA_ENCODERS = ("prores_ks", "ffv1", "png", "qtrle", "utvideo")
"""Encoders that get the alpha of a film that has one; others only if it is asked for with --pix-fmt: of a GIF, which
always has one, an H.265 film would otherwise be one that few players show."""

_ALPHA_PIX_FMTS = ("yuva444p10le", "gbrap", "yuva420p", "rgba", "bgra", "argb")
"""In order, for films with an alpha."""

_DEEP_PIX_FMTS = {"dnxhd": "yuv422p10le", "ffv1": "yuv444p10le"}
"""Of encoders for archives and editing, which get more than players support."""

_DNXHR_PROFILES = {
    "yuv422p": "dnxhr_hq",
    "yuv422p10le": "dnxhr_hqx",
    "yuv444p10le": "dnxhr_444",
    "gbrp10le": "dnxhr_444",
}
"""By pixel format: of DNxHD itself, each profile has one size and rate only."""

_RATE_BY_PROFILE = ("prores_ks", "dnxhd")
"""Encoders whose profile says how many bits a frame gets."""

_ALIASES = {"prores": "prores_ks", "dnxhr": "dnxhd"}
"""Encoders by the names of their formats; FFmpeg's own `prores` knows neither alpha nor 4:4:4."""


class VideoEncoder:
    """Encodes images into a stream of a container whose header is not written yet."""

    def __init__(
        self, container: OutputContainer, video: VideoInfo, output: Path, settings: EncoderSettings, source: VideoStream
    ) -> None:
        """Add the stream, with the tags of `source`, the video stream that it is made from.

        SettingsError for an unknown codec, OutputError if the container cannot hold it.
        """
        codec = find_encoder(RAW_CODECS[container.format.name] if is_stdout(output) else settings.codec)
        self._source_tick = video.time_base
        self._tick = max(video.time_base, _SHORTEST_TICK.get(codec.name, video.time_base))
        rate = min(video.frame_rate or _mean_rate(video), _MAX_FRAME_RATE)
        pix_fmt = pixel_format(codec, settings.pix_fmt, alpha=video.has_alpha)
        source_colour = resolve_tags(source.codec_context, video.source_width, video.source_height)
        colour = output_colour(source_colour, video.width, video.height, pix_fmt, full_range=settings.full_range)
        self._convert = FromRGB(pix_fmt, colour)
        video_format = av.VideoFormat(pix_fmt)
        self.is_deep, self.holds_alpha = bit_depth(video_format) > 8, has_alpha(video_format)
        """Whether it takes images in 16 bits instead of 8, and whether it stores an alpha."""
        self.luma = self._convert.luma
        """Luma weights for images that are passed as planes; None if only RGB is accepted."""
        try:
            added = container.add_stream(codec.name, rate=rate, time_base=self._tick)
        except ValueError as error:
            raise OutputError(f"{output.name} cannot hold {codec.name} video", _suggest_codec(container)) from error
        self.stream = cast("VideoStream", added)
        self.stream.time_base = self._tick
        self.stream.disposition = source.disposition
        self.skipped = max(0, video.start_pts - (source.start_time or 0)) * video.time_base
        """Seconds of the video before its first frame that is processed."""
        self.stream.metadata.update(with_timecode_after(portable_tags(source.metadata), self.skipped, video.frame_rate))
        self._set_format(video, colour, pix_fmt)
        self._set_quality(codec, settings, rate)
        self.duration = 1 / rate
        """Seconds of one frame at the nominal rate."""
        self._has_input = self._has_output = False
        self._durations: dict[int, int] = {}

    def _set_format(self, video: VideoInfo, colour: ColourTags, pix_fmt: str) -> None:
        context = self.stream.codec_context
        context.width, context.height, context.pix_fmt = video.width, video.height, pix_fmt
        context.sample_aspect_ratio = video.sample_aspect_ratio
        context.color_primaries, context.color_trc = colour.primaries, colour.transfer
        context.colorspace, context.color_range = colour.matrix, 2 if colour.full_range else 1
        if self.stream.container.format.name == TEE:
            context.flags |= Flags.global_header  # as for Matroska itself
        context.thread_type = ThreadType.AUTO  # PyAV's default, slices of every frame, costs quality

    def _set_quality(self, codec: av.Codec, settings: EncoderSettings, rate: Fraction) -> None:
        context = self.stream.codec_context
        options = encoder_options(codec, context.supported_options.private, settings, rate)
        if codec.name == "dnxhd":
            options["profile"] = _DNXHR_PROFILES.get(str(context.pix_fmt), "dnxhr_hqx")
        context.options = options
        self.holds_captions = _CAPTIONS in options
        """Whether the encoder stores the closed captions of frames."""
        if not options.keys() & {"crf", "cq"} and codec.name not in _RATE_BY_PROFILE:
            context.qscale, context.global_quality = True, _QP_TO_LAMBDA * max(1, round(settings.crf / 6))

    def encode(
        self,
        image: NDArray[Any],  # [H, W, 3] RGB in uint8, uint16 if `is_deep`, or [3 H / 2, W] planes in uint8
        pts: int,  # in ticks of the source
        force_keyframe: bool = False,
        duration: int = 0,  # in ticks of the source; 0 if unknown
        captions: bytes = b"",  # as `Frame.captions`
        alpha: NDArray[np.uint16] | None = None,  # [H, W], if it `holds_alpha`
    ) -> list[Packet[Any]]:
        """Return the packets that the encoder puts out, which may be of earlier frames, or none yet.

        `force_keyframe` requests a keyframe; whether it is one, its packet tells.
        """
        frame = self._convert(image, alpha)
        if captions and self.holds_captions:
            frame = with_captions(frame, captions)
        frame.time_base = self._tick
        frame.pts = self.to_ticks(pts)
        frame.pict_type = PictureType.I if force_keyframe else PictureType.NONE
        frame.duration = self._durations[frame.pts] = self.duration_to_ticks(duration)
        self._has_input = True
        packets = self.stream.encode(frame)
        self._has_output = self._has_output or bool(packets)
        return self._set_durations(packets)

    def to_ticks(self, pts: int) -> int:
        """Return a time in ticks of the encoder, from one in ticks of the source."""
        return pts if self._tick == self._source_tick else round(pts * self._source_tick / self._tick)

    def duration_to_ticks(self, duration: int) -> int:
        """Return a duration in ticks of the encoder, from one in ticks of the source; the nominal one for 0."""
        return max(1, self.to_ticks(duration)) if duration > 0 else round(self.duration / self._tick)

    def _set_durations(self, packets: list[Packet[Any]]) -> list[Packet[Any]]:
        """Some encoders pass the duration of a frame on to its packet, others do not."""
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts or 0, packet.duration)
        return packets

    def flush(self) -> list[Packet[Any]]:
        """Return the packets that the encoder still holds; nothing can be encoded after this."""
        if not self._has_input:
            return []
        packets = self.stream.encode(None)
        if not self._has_output:  # libx265 leaves DTS undefined where there are fewer frames than it reorders
            for packet, dts in zip(packets, dts_from_pts([packet.pts or 0 for packet in packets]), strict=True):
                packet.dts = dts
        return self._set_durations(packets)


def check_encoder(video: VideoInfo, output: Path, settings: EncoderSettings) -> None:
    """Raise the error that a run with these settings would fail with, as far as it is known without writing a file."""
    with new_container(output, output) as unwritten:
        container = unwritten.format.name
    with open_video(video.path) as source, av.open(NullFile(), "w", format=container) as trial:
        VideoEncoder(trial, video, output, settings, cast("VideoStream", source.streams[video.video_stream]))
        write_header(trial, output, settings)


def write_header(container: OutputContainer, output: Path, settings: EncoderSettings) -> None:
    """Open the encoders and write the header.

    SettingsError if an encoder does not accept its settings, OutputError if the container cannot hold what it gets.
    """
    try:
        container.start_encoding()
    except MUX_ERRORS as error:
        why = getattr(error, "strerror", None) or error
        if "avcodec_open2" in str(error):
            raise SettingsError(
                f"--codec {settings.codec} cannot be used with --crf {settings.crf} --preset {settings.preset} on this "
                f"machine ({why})",
                "Try --codec libx264.",
            ) from error
        if isinstance(error, OSError):  # the disk's, not the muxer's
            raise
        problem = f"{output.name} cannot hold {settings.codec} video ({why})"
        raise OutputError(problem, _suggest_codec(container)) from error


def _suggest_codec(container: OutputContainer) -> str:
    default = container.default_video_codec
    return "Call it .mkv." if default == "none" else f"Call it .mkv, or choose a --codec for {default}."


def _mean_rate(video: VideoInfo) -> Fraction:
    if video.frames and video.duration:
        return Fraction(video.frames / video.duration).limit_denominator(1001)
    return Fraction(25)


def find_encoder(name: str) -> av.Codec:
    """Return the video encoder of this name. SettingsError, with the nearest names, if there is none."""
    try:
        codec = av.Codec(_ALIASES.get(name, name), "w")
    except ValueError as error:
        raise SettingsError(f"--codec {name} is not a video encoder of this FFmpeg", _nearest_encoders(name)) from error
    if codec.type != "video":
        raise SettingsError(f"--codec {name} encodes {codec.type}, not video", _nearest_encoders(name))
    if codec.name == "libsvtav1":
        os.environ.setdefault(
            "SVT_LOG", "1"
        )  # SVT-AV1 prints a page to stderr, and there is no other way to prevent it
    return codec


def encoder_names(beginning: str = "") -> list[str]:
    """Return the video encoders of this FFmpeg whose names begin so, those that are suggested first."""
    known = [name for name in [*_SUGGESTED_ENCODERS, *sorted(av.codecs_available)] if name.startswith(beginning)]
    return [name for name in dict.fromkeys(known) if _is_video_encoder(name)]


def _is_video_encoder(name: str) -> bool:
    try:
        return av.Codec(name, "w").type == "video"
    except ValueError:
        return False


def pixel_formats(encoder: str) -> list[str]:
    """Return the names of the pixel formats that an encoder takes; none if there is no such encoder."""
    try:
        return [each.name for each in find_encoder(encoder).video_formats or ()]
    except SettingsError:
        return []


def _nearest_encoders(name: str) -> str:
    near = difflib.get_close_matches(name, [known for known in _SUGGESTED_ENCODERS if known in av.codecs_available], 3)
    return f"Nearest: {', '.join(near)}." if near else f"Try {', '.join(_SUGGESTED_ENCODERS[:3])}."


def pixel_format(codec: av.Codec, wanted: str | None = None, *, alpha: bool = False) -> str:
    """Return the pixel format to encode in: the wanted one, else by the encoder; with an `alpha` if that can be.

    SettingsError for a wanted one that the encoder does not take.
    """
    known = [each.name for each in codec.video_formats or ()]
    if wanted is not None:
        return _check_pix_fmt(codec, wanted, known)
    if (
        alpha
        and codec.name in _ALPHA_ENCODERS
        and (chosen := next((name for name in _ALPHA_PIX_FMTS if name in known), None))
    ):
        return chosen
    if codec.name == "mjpeg":
        return "yuvj420p"  # it accepts yuv420p too, but only in full range
    if codec.name in _DEEP_PIX_FMTS:
        return _DEEP_PIX_FMTS[codec.name]
    return next(
        (name for name in _PREFERRED_PIX_FMTS if not known or name in known),
        known[0] if known else _PREFERRED_PIX_FMTS[0],
    )


def _check_pix_fmt(codec: av.Codec, wanted: str, known: list[str]) -> str:
    try:
        name: str = av.VideoFormat(wanted).name
    except ValueError as error:
        near = difflib.get_close_matches(wanted, known or _PREFERRED_PIX_FMTS, 3, 0.5)
        advice = f"Nearest: {', '.join(near)}." if near else "Try yuv420p."
        raise SettingsError(f"--pix-fmt {wanted} is no pixel format of this FFmpeg", advice) from error
    if known and name not in known:
        raise SettingsError(f"--codec {codec.name} does not take --pix-fmt {wanted}", f"It takes {', '.join(known)}.")
    return name


def encoder_options(
    codec: av.Codec, supported: tuple[CodecOption, ...], settings: EncoderSettings, rate: Fraction
) -> dict[str, str]:
    """Return quality and preset by the encoder's own option names; without `crf` or `cq` it takes only a quantiser."""
    by_name = {option.name: option for option in supported}
    options = {"x265-params": "log-level=error"} if codec.name == "libx265" else {}
    if "forced-idr" in by_name:
        options["forced-idr"] = "1"  # a forced keyframe is one that no later frame refers back across
    if _CAPTIONS in by_name:
        options[_CAPTIONS] = "1"
    if codec.name == "ffv1":
        options["g"] = "1"  # all frames: it cannot be asked for single keyframes
    quality = next((name for name in ("crf", "cq") if name in by_name), None)
    if quality is not None:
        options[quality] = str(min(settings.crf, int(min(by_name[quality].max, 63))))
    if "preset" in by_name:
        options["preset"] = _preset_option(by_name["preset"], settings.preset)
    if codec.name == "libx264" and settings.preset in _LOOKAHEAD_PRESETS:
        options["rc-lookahead"] = str(min(40, math.ceil(rate)))  # a killed run then loses only about a second
    return options


def _preset_option(option: CodecOption, name: str) -> str:
    numbered = option.type == OptionType.INT and not option.choices
    allowed = [choice.name for choice in option.choices] or list(PRESETS)
    if numbered and name.isdigit():
        return name
    if name not in allowed:
        raise SettingsError(f"--preset {name} is not known", f"Known presets: {', '.join(allowed)}.")
    return _SVT_PRESETS[PRESETS.index(name)] if numbered else name
