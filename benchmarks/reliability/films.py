"""What a film holds: the time and pixels of each frame, and the packets of its other streams."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import av
from av.error import FFmpegError

from streamstyle.media.stream_plan import MOV_TEXT_GAP

_TIME = Fraction(1, 1000)
"""Resolution at which times are compared: that of Matroska."""


_MAX_REFUSED = 100
"""Reads that may fail before the rest of a file counts as unreadable."""


@dataclass(frozen=True)
class Content:
    """A film as a player sees it."""

    frames: tuple[tuple[int, str], ...]
    """Time in milliseconds and digest of the pixels."""
    packets: tuple[tuple[tuple[int, str], ...], ...]
    """The same of each packet, for each stream that is not video.

    Without the gaps between subtitles, which the muxer of MP4 writes as packets, and at will at the end of a fragment.
    """

    def difference(self, expected: Content) -> str:
        """Return how it differs from another film, in words; empty if it does not."""
        if len(self.frames) != len(expected.frames):
            return f"{len(self.frames)} frames in place of {len(expected.frames)}"
        pairs = list(zip(self.frames, expected.frames, strict=True))
        if wrong := [n for n, ((_, image), (_, right)) in enumerate(pairs) if image != right]:
            return f"{len(wrong)} frames with other pixels, the first is {wrong[0]}"
        if wrong := [n for n, ((time, _), (right_time, _)) in enumerate(pairs) if time != right_time]:
            return f"{len(wrong)} frames at other times, the first is {wrong[0]}"
        counts, right_counts = ([len(stream) for stream in film.packets] for film in (self, expected))
        if counts != right_counts:
            return f"{counts} packets in place of {right_counts}"
        return "" if self.packets == expected.packets else "other packets of sound or subtitles"


def read_content(path: Path) -> Content:
    """Read a film. Raises FFmpegError if it cannot be read."""
    with av.open(str(path)) as container:
        frames = tuple(
            (_milliseconds(frame.pts, frame.time_base), sha256(frame.to_ndarray().tobytes()).hexdigest()[:16])
            for frame in container.decode(video=0)
        )
        others = [stream.index for stream in container.streams if stream.type in ("audio", "subtitle")]
    with av.open(str(path)) as container:
        packets: dict[int, list[tuple[int, str]]] = {index: [] for index in others}
        for packet in container.demux():
            if packet.stream_index in packets and packet.size and bytes(packet) != MOV_TEXT_GAP:
                digest = sha256(bytes(packet)).hexdigest()[:16]
                packets[packet.stream_index].append((_milliseconds(packet.pts, packet.time_base), digest))
    return Content(frames, tuple(map(tuple, packets.values())))


def count_decodable(path: Path) -> int | None:
    """Return how many frames of the first video stream FFmpeg decodes, past any damage; None if it opens no video.

    Of frames of the same time one counts: where a stretch of a file is there twice, its frames are.
    """
    frames, refused = list[int | None](), 0
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                return None
            stream = container.streams.video[0]
            packets = container.demux(stream)
            while refused < _MAX_REFUSED:
                try:
                    packet = next(packets, None)
                except FFmpegError:  # a generator that has raised is over: go on behind the damage
                    packets, refused = container.demux(stream), refused + 1
                    continue
                with suppress(FFmpegError):
                    frames += [frame.pts for frame in stream.decode(packet)]
                if packet is None or packet.size == 0:
                    break
    except (FFmpegError, ValueError):
        if not frames:
            return None
    return frames.count(None) + len({*frames} - {None})


def _milliseconds(pts: int | None, time_base: Fraction | None) -> int:
    return -1 if pts is None or time_base is None else round(pts * time_base / _TIME)
