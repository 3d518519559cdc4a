"""What an earlier run has encoded, taken out of its file as it went in."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamstyle.errors import FilmError, OutputError
from streamstyle.media.decoding import packets
from streamstyle.media.onward.checkpoint import Checkpoint, Standing, checkpoint_path, write_checkpoint
from streamstyle.media.onward.nal import has_lengths, with_start_codes
from streamstyle.media.opening import open_film, video_stream
from streamstyle.media.output import clear_errors, earlier_path, partial_path

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet

_Times = tuple[int, int | None]
"""When a packet is shown and when it is decoded, in ticks; Matroska keeps the first only."""


class Earlier:
    """The first packets of the picture in a film that was not finished."""

    def __init__(self, path: Path, standing: Standing) -> None:
        """Look through the file; OutputError where it does not hold so many frames."""
        self.path = path
        self.frames = frames = standing.frames
        self.last_pts = standing.places[-1].pts
        """When the last of them is shown, in ticks of the film."""
        try:
            with open_film(path) as container:
                times = [(packet.pts or 0, packet.dts) for packet in _pictures(container, path, frames)]
        except FilmError as error:
            raise _unreadable(path) from error
        if len(times) < frames:
            raise _unreadable(path)
        self._decoded_at = decoding_times(times)
        self._last_tick = max(pts for pts, _ in times)
        self._last: Fraction | None = None
        self.taken = False
        """Whether they are all in the new film."""

    def packets(self, last: Fraction) -> Generator[Packet[Any]]:
        """Yield them in their order, as an encoder gives them out; the last is shown at `last`, in seconds.

        So it is seen where a file tells its times all too late, as an MP4 does that was not closed.
        """
        with open_film(self.path) as container:
            stream = video_stream(container, self.path)
            late = self._last_tick - round(last / Fraction(stream.time_base or 1))
            late = late if abs(late) > 1 else 0  # one is how it was rounded
            context = stream.codec_context
            lengths = has_lengths(context.codec.canonical_name, context.extradata)
            for packet, tick in zip(_pictures(container, self.path, self.frames), self._decoded_at, strict=True):
                if lengths:
                    packet.update(with_start_codes(bytes(packet)))
                packet.pts, packet.dts = (packet.pts or 0) - late, tick - late
                self._last = packet.dts * packet.time_base
                yield packet
        self.taken = True

    def follow(self, packet: Packet[Any]) -> None:
        """Have a new packet decoded after all before it: an encoder that begins anew knows nothing of those."""
        if packet.dts is not None and packet.pts is not None and self._last is not None:
            if packet.dts * packet.time_base <= self._last:
                packet.dts = min(self._last // packet.time_base + 1, packet.pts)
            self._last = packet.dts * packet.time_base


def _pictures(container: InputContainer, path: Path, count: int) -> Iterator[Packet[Any]]:
    stream = video_stream(container, path)
    return islice((packet for packet in packets(container, stream) if packet.size), count)


def decoding_times(times: Sequence[_Times]) -> list[int]:
    """Return when packets are to be decoded: as they say, or else in order and none after it is shown."""
    said = [dts for _, dts in times if dts is not None]
    if len(said) == len(times) and all(one < other for one, other in pairwise(said)):
        return said
    shown = sorted(pts for pts, _ in times)
    ahead = max((tick - pts for tick, (pts, _) in zip(shown, times, strict=True)), default=0)
    return [tick - ahead for tick in shown]


@contextmanager
def set_aside(output: Path, checkpoint: Checkpoint) -> Iterator[Earlier]:
    """Make room for a new partial film and yield what is in the earlier one, which is put back unless it was taken.

    At every moment the checkpoint finds its frames. OutputError where they cannot be read.
    """
    earlier = Earlier(output.with_name(checkpoint.file), checkpoint.standing)
    aside = earlier_path(output)
    try:
        with clear_errors(aside):
            earlier.path = earlier.path.replace(aside)
            write_checkpoint(checkpoint_path(output), replace(checkpoint, file=aside.name))
        yield earlier
    finally:
        if not earlier.taken and aside.is_file():
            aside.replace(partial_path(output))


def _unreadable(path: Path) -> OutputError:
    return OutputError(
        f"{path.name} is damaged and holds less than was painted",
        "It plays as far as it goes; begin anew with --restart.",
    )
