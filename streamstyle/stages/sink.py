"""Painted frames become a film: encoded as they come, with the source's sound and times, published whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from streamstyle.errors import OutputError, StreamstyleError
from streamstyle.film import Film
from streamstyle.frame import StylisedFrame
from streamstyle.media.alongside import Alongside
from streamstyle.media.carry import has_adts, lasting, plan_streams
from streamstyle.media.encoder import Encoder, open_encoders
from streamstyle.media.lane import due_at
from streamstyle.media.onward.checkpoint import forget_checkpoint
from streamstyle.media.onward.claim import claimed
from streamstyle.media.onward.earlier import Earlier, set_aside
from streamstyle.media.onward.ledger import Ledger
from streamstyle.media.opening import open_film
from streamstyle.media.output import clear_errors, new_container, partial_path, publish, refuse_output, remove_if_empty
from streamstyle.media.span import cut_chapters, span_of
from streamstyle.ops.transfer import downloaded
from streamstyle.settings import SinkSettings

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream


class Sink:
    """Takes painted frames in the order they are shown."""

    def __init__(
        self,
        film: Film,
        source: InputContainer,
        output: Path,
        settings: SinkSettings,
        ledger: Ledger | None = None,
        earlier: Earlier | None = None,
    ) -> None:
        """Add all streams and write the header; see `open_sink`."""
        self.partial = partial_path(output)
        """Where the film grows until it is published."""
        self.frames = 0
        """Frames taken so far."""
        self._film, self._output, self._ledger, self._earlier = film, output, ledger, earlier
        self._span = span_of(film, source)
        self._end = Fraction(0)
        self._open, self._broken = True, False
        self._container = new_container(output, self.partial, film.time_base, in_fragments=not has_adts(source))
        painted = cast("VideoStream", source.streams[film.video_stream])
        self._encoder = Encoder(self._container, film, output, settings, painted)
        self._alongside = Alongside(film, source, plan_streams(film, output), self._span, self._container)
        self._container.metadata.update(lasting(source.metadata))
        self._container.set_chapters(cut_chapters(source.chapters(), self._span))
        self._begin(settings)

    def _begin(self, settings: SinkSettings) -> None:
        try:
            with clear_errors(self.partial):
                open_encoders(self._container, settings)
            if self._ledger is not None:
                context = self._encoder.stream.codec_context
                self._ledger.begin(context.codec.canonical_name, context.extradata)
        except StreamstyleError:
            self._container.close()
            remove_if_empty(self.partial)
            raise

    @property
    def refused(self) -> int:
        """Packets of sound or subtitles that the container would not take."""
        return self._alongside.refused

    def problems(self, *, stopped: bool) -> Iterator[str]:
        """Yield what is not as it should be, and did not keep the film from being written."""
        ledger, film = self._ledger, self._film
        if self.refused:
            yield f"{self.refused} damaged packets of sound or subtitles were left out"
        if ledger and ledger.problem and stopped:
            yield ledger.problem
        if ledger and ledger.onward and ledger.onward.device != ledger.device:
            yield f"{ledger.earlier} frames were painted on {ledger.onward.device}, the others on {ledger.device}"
        if film.frames is not None and self.frames < film.frames and not stopped:
            yield f"{self.frames} of {film.frames} frames could be read; {film.path.name} may be damaged"

    def regain(self, stop: threading.Event) -> None:
        """Take the frames of an earlier run, if there are any; where `stop` is set they stay as they were."""
        if self._earlier is None:
            return
        with self._writing():
            for packet in self._earlier.packets(self._placed(self._earlier.last_pts) * self._film.time_base):
                if stop.is_set():
                    return
                self._mux_picture(packet)
        self.frames = self._earlier.frames
        self._note(self._earlier.last_pts)

    def write(self, painted: StylisedFrame) -> None:
        """Encode one frame, and copy the sound up to the picture that is in the file by now."""
        pts = self._placed(painted.flowed.frame.pts)
        time = pts * self._film.time_base
        key = self._ledger is not None and self._ledger.milestone(painted, time, self._encoder.tick(pts))
        with self._writing():
            self._mux(self._encoder.encode(downloaded(painted.output, self._encoder.luma), pts, key))
        if self._ledger is not None:
            self._ledger.painted(painted)
        self.frames += 1
        self._note(painted.flowed.frame.pts)

    def _note(self, pts: int) -> None:
        """Note the frame that is the last now."""
        self._end = self._placed(pts) * self._film.time_base + self._encoder.duration

    def _placed(self, pts: int) -> int:
        """Return the tick in the output of a frame of the film."""
        return pts - round(self._span.origin / self._film.time_base)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with clear_errors(self.partial):
                yield
        except OutputError:
            self._broken = True
            raise

    def _mux(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            if self._earlier is not None:
                self._earlier.follow(packet)
            tick, key, due = packet.pts, packet.is_keyframe, due_at(packet)
            self._mux_picture(packet)
            if self._ledger is not None:
                self._ledger.muxed(tick, key, due)

    def _mux_picture(self, packet: Packet[Any]) -> None:
        self._alongside.mux_until(due_at(packet))
        packet.stream = self._encoder.stream
        self._container.mux(packet)

    def publish(self) -> None:
        """Finish the whole film and give it its final name. OutputError where there is no room, or no frame."""
        if self.frames == 0:
            raise OutputError(f"{self._output.name} would be empty: no frame was painted", "Give a film with frames.")
        self._finish(None)
        with clear_errors(self.partial):
            publish(self.partial, self._output)
        if self._ledger is not None:
            self._ledger.forget()

    def close(self) -> None:
        """Finish the file under its partial name, sound no longer than picture; of no frames nothing remains."""
        if not self._open:
            return
        try:
            self._finish(self._end)
        except OutputError:
            if not self._broken:  # else it is on its way already
                raise
        if self.frames == 0:
            self.partial.unlink(missing_ok=True)
        elif self._ledger is not None and not self._broken:
            self._ledger.closed()

    def _finish(self, sound_until: Fraction | None) -> None:
        self._open = False
        with clear_errors(self.partial), closing(self._container), closing(self._alongside):
            if self.frames and not self._broken:
                self._mux(self._encoder.flush())
                self._alongside.mux_until(sound_until)


@contextmanager
def open_sink(film: Film, output: Path, settings: SinkSettings, ledger: Ledger | None = None) -> Iterator[Sink]:
    """Open the output for the film's painted frames; with a `ledger` a later run can go on where this one ends.

    OutputError when it cannot be written there, SettingsError when the encoder refuses its settings. Leaving without
    `publish` closes the file well under its partial name, playable, and removes it when no frame was written.
    """
    refuse_output(output, film.path)
    with ExitStack() as stack:
        earlier = None
        if ledger is not None and ledger.onward is not None:
            stack.enter_context(claimed(output.with_name(ledger.onward.file)))
            earlier = stack.enter_context(set_aside(output, ledger.onward))
        stack.enter_context(claimed(partial_path(output)))
        source = stack.enter_context(open_film(film.path))
        sink = Sink(film, source, output, settings, ledger, earlier)
        stack.callback(sink.close)
        if earlier is None:
            forget_checkpoint(output)
        yield sink
