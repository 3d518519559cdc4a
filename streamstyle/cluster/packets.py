"""Copies the packets around a piece into a small file in memory, from which a worker decodes the same frames."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np

from streamstyle.cluster.pieces import Piece
from streamstyle.errors import VideoError
from streamstyle.files import temporary_folder
from streamstyle.media.muxer_trial import MUX_ERRORS
from streamstyle.media.reader import demux, open_video, seek
from streamstyle.stages.decode import PREROLL_SECONDS, decode
from streamstyle.video_info import StreamInfo, VideoInfo

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

_FORMATS = ("matroska", "nut", "mov")
"""Tried in turn. Matroska keeps colour and shape of pixels, but only times in milliseconds; NUT keeps all times."""

_MARGIN_SECONDS = 1
"""Packets are copied until so long after the piece: a decoder may need what is stored after a frame to put it out."""


@dataclass(frozen=True, slots=True)
class SmallFile:
    """Packets of the video stream of a film, as a file."""

    content: bytes
    container: str
    """FFmpeg's name of its format."""

    def save(self, folder: Path, video: VideoInfo) -> VideoInfo:
        """Write it into a folder and return the film with this file in place of its own."""
        path = folder / f"packets.{self.container}"
        path.write_bytes(self.content)
        codec = video.streams[video.video_stream].codec
        return replace(
            video, path=path, video_stream=0, streams=(StreamInfo(0, "video", codec),), joins=(), shortfall=None
        )


class PacketCutter:
    """Cuts a film into small files."""

    def __init__(self, video: VideoInfo) -> None:
        """VideoError for a film whose frames cannot be found by the times in its file."""
        if not video.is_seekable:
            raise VideoError(
                f"{video.path} cannot be cut into pieces: it does not state when each frame is shown",
                "Convert it to Matroska first, or run without --cluster.",
            )
        self._video = video
        self._container: str | None = None

    def cut(self, piece: Piece) -> SmallFile:
        """Return the packets that a piece and what is painted before it are decoded from.

        VideoError if no format of a small file keeps picture and times as they are in the film.
        """
        if self._container is not None:
            return SmallFile(self._copy(piece, self._container), self._container)
        for container in _FORMATS:
            with suppress(*MUX_ERRORS, VideoError):
                small = SmallFile(self._copy(piece, container), container)
                if self._is_same(piece, small):
                    self._container = container
                    return small
        raise VideoError(
            f"{self._video.path} cannot be cut into pieces: no container keeps its video as it is",
            "Convert it to H.264 first, or run without --cluster.",
        )

    def _copy(self, piece: Piece, container: str) -> bytes:
        file = io.BytesIO()
        with open_video(self._video.path) as source:
            stream = cast("VideoStream", source.streams[self._video.video_stream])
            options = {"avoid_negative_ts": "disabled"}
            if container == "mov":
                timescale = str(Fraction(stream.time_base or 1).denominator)
                options |= {"movflags": "negative_cts_offsets", "video_track_timescale": timescale}
            with av.open(file, "w", format=container, options=options) as target:
                copied = target.add_stream_from_template(stream)
                copied.time_base = stream.time_base
                for packet in self._packets(piece, source, stream):
                    packet.stream = copied
                    target.mux(packet)
        return file.getvalue()

    def _packets(self, piece: Piece, source: InputContainer, stream: Any) -> Iterator[Packet[Any]]:
        """Yield the packets from the keyframe before the piece that decoding would begin at."""
        tick = piece.begin.pts - round(PREROLL_SECONDS / self._video.time_base)
        end = None if piece.end_pts is None else piece.end_pts + round(_MARGIN_SECONDS / self._video.time_base)
        if tick > (stream.start_time or 0):
            seek(source, tick, stream)
        for packet in demux(source, stream):
            if packet.size:
                if end is not None and packet.dts is not None and packet.dts >= end:
                    return
                yield packet

    def _is_same(self, piece: Piece, small: SmallFile) -> bool:
        """Whether the first frame is decoded from the small file as it is from the film."""
        with temporary_folder() as folder:
            video = small.save(folder, self._video)
            with open_video(video.path) as container, open_video(self._video.path) as film:
                stream, source = container.streams.video[0], film.streams[self._video.video_stream]
                if stream.time_base != source.time_base or _tags(stream) != _tags(source):
                    return False
            ours, theirs = (next(decode(each, piece.begin), None) for each in (self._video, video))
        if ours is None or theirs is None:
            return False
        return ours.position == theirs.position and np.array_equal(ours.image, theirs.image)


def _tags(stream: Any) -> tuple[Any, ...]:
    """Return what the encoder takes over from a stream."""
    context = stream.codec_context
    return context.color_primaries, context.color_trc, context.colorspace, context.color_range
