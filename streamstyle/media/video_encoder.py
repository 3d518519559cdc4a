"""Encode the video stream of the output, with any of FFmpeg's video encoders: tags, format, times."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
from av.codec.context import Flags, ThreadType
from av.video.frame import PictureType

from streamstyle.errors import OutputError, SettingsError
from streamstyle.media.alpha import bit_depth, has_alpha
from streamstyle.media.captions import with_captions
from streamstyle.media.colour import ColourTags, FromRGB, output_colour, resolve_tags
from streamstyle.media.decode_times import dts_from_pts
from streamstyle.media.encoders import CAPTIONS, encoder_options, find_encoder, pixel_format
from streamstyle.media.matroska_tee import TEE
from streamstyle.media.muxer_trial import MUX_ERRORS, NullFile
from streamstyle.media.output_file import new_container
from streamstyle.media.reader import open_video
from streamstyle.media.standard_streams import RAW_CODECS, is_stdout
from streamstyle.media.stream_plan import portable_tags
from streamstyle.media.thread_priority import same_priority
from streamstyle.media.timecode import with_timecode_after

if TYPE_CHECKING:
    import numpy as np
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
_QP_TO_LAMBDA = 118
"""FFmpeg's FF_QP2LAMBDA."""

_DNXHR_PROFILES = {
    "yuv422p": "dnxhr_hq",
    "yuv422p10le": "dnxhr_hqx",
    "yuv444p10le": "dnxhr_444",
    "gbrp10le": "dnxhr_444",
}
"""By pixel format: of DNxHD itself, each profile has one size and rate only."""

_RATE_BY_PROFILE = ("prores_ks", "dnxhd")
"""Encoders whose profile says how many bits a frame gets."""


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
        self.holds_captions = CAPTIONS in options
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
        with same_priority():
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
