"""Joins encoded pieces by stream copy, and checks that they can be joined."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av

from streamstyle.cluster.pieces import Piece
from streamstyle.errors import OutputError
from streamstyle.media.decode_times import complete_dts
from streamstyle.media.muxer_trial import NullFile
from streamstyle.media.output_file import new_container
from streamstyle.media.reader import open_video
from streamstyle.media.video_encoder import VideoEncoder, write_header
from streamstyle.outputs import open_writer
from streamstyle.resume.checkpoint import DamagedError
from streamstyle.resume.partial_video import decoder_parameters, read_packets
from streamstyle.settings import EncoderSettings
from streamstyle.stages.writer import VideoWriter
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream


def encoder_header(video: VideoInfo, output: Path, settings: EncoderSettings) -> str:
    """Return a digest of what players need to decode the encoder's packets; `video` has the size of the output."""
    with new_container(output, output) as unwritten:
        container = unwritten.format.name
    with open_video(video.path) as source, av.open(NullFile(), "w", format=container) as trial:
        encoder = VideoEncoder(trial, video, output, settings, cast("VideoStream", source.streams[video.video_stream]))
        write_header(trial, output, settings)
        context = encoder.stream.codec_context
        parameters = decoder_parameters(context.codec.canonical_name, context.extradata)
    return blake2b(parameters, digest_size=16).hexdigest()


def check_piece(path: Path, piece: Piece, video: VideoInfo) -> None:
    """Raise OutputError unless the file holds the frames of the piece at their distances, a keyframe first."""
    try:
        packets = [packet for packet, _ in read_packets(path, len(piece.frames) + 1)]
    except DamagedError as error:
        raise OutputError(f"{path.name} cannot be read", "Run the same command again.") from error
    if len(packets) != len(piece.frames) or not packets[0].is_keyframe:
        problem = f"{path.name} holds {len(packets)} frames, not {len(piece.frames)} from a keyframe on"
        raise OutputError(problem, "Run the same command again.")
    tick = Fraction(packets[0].time_base)
    times = sorted((packet.pts or 0) * tick for packet in packets)
    shift, tolerance = times[0] - piece.first.pts * video.time_base, tick + video.time_base
    for shown, position in zip(times, piece.frames, strict=True):
        if abs(shown - shift - position.pts * video.time_base) > tolerance:
            raise OutputError(f"{path.name} shows its frames at other times", "Run the same command again.")


def join(
    video: VideoInfo,
    output: Path,
    settings: EncoderSettings,
    pieces: Iterable[tuple[Piece, Path]],  # all of the film, in order, checked
    stop: threading.Event,
) -> list[str] | None:
    """Write the output: the pieces one after another, and the other streams of the film; `video` has its size.

    Returns warnings, or None if `stop` was set before it was complete; nothing is left of it then.
    Raises OutputError.
    """
    with ExitStack() as stack:
        writer = stack.enter_context(open_writer(video, output, settings))
        for piece, path in pieces:
            if stop.is_set():
                break
            last = piece.last
            writer.copy_encoded(_packets(path, piece, video, writer), len(piece.frames), last.pts, last.duration)
        if stop.is_set():
            stack.callback(writer.partial.unlink, missing_ok=True)
            return None
        writer.publish()
    return list(writer.warnings(stopped=False))


def _packets(path: Path, piece: Piece, video: VideoInfo, writer: VideoWriter) -> Iterator[Packet[Any]]:
    """Yield the packets of a piece with their times in the output."""
    times = [(packet.pts or 0, packet.dts) for packet, _ in read_packets(path, len(piece.frames))]
    decode_times, last = complete_dts(times), max(pts for pts, _ in times)
    shift: int | None = None
    for (packet, _), dts in zip(read_packets(path, len(piece.frames)), decode_times, strict=True):
        if shift is None:
            shift = last - round(writer.output_pts(piece.last.pts) * video.time_base / packet.time_base)
            shift = shift if abs(shift) > 1 else 0  # one tick is rounding
        if packet.pts == last and piece.last.duration:
            packet.duration = round(piece.last.duration * video.time_base / packet.time_base)
        packet.pts, packet.dts = (packet.pts or 0) - shift, dts - shift
        yield packet
