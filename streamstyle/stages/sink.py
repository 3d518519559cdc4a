"""Painted frames become a film: encoded as they come, with the source's sound and times, published whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from streamstyle.errors import OutputError, StreamstyleError
from streamstyle.film import Film
from streamstyle.frame import StylisedFrame
from streamstyle.media.alongside import Alongside
from streamstyle.media.carry import lasting, plan_streams
from streamstyle.media.encoder import Encoder, open_encoders
from streamstyle.media.lane import due_at
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

    def __init__(self, film: Film, source: InputContainer, output: Path, settings: SinkSettings) -> None:
        """Add all streams and write the header; see `open_sink`."""
        self.partial = partial_path(output)
        """Where the film grows until it is published."""
        self.frames = 0
        """Frames taken so far."""
        self._film, self._output = film, output
        self._span = span_of(film, source)
        self._end = Fraction(0)
        self._open, self._broken = True, False
        self._container = new_container(output, self.partial, film.time_base)
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
        except StreamstyleError:
            self._container.close()
            remove_if_empty(self.partial)
            raise

    @property
    def refused(self) -> int:
        """Packets of sound or subtitles that the container would not take."""
        return self._alongside.refused

    def write(self, painted: StylisedFrame) -> None:
        """Encode one frame, and copy the sound up to the picture that is in the file by now."""
        pts = painted.flowed.frame.pts - round(self._span.origin / self._film.time_base)
        try:
            with clear_errors(self.partial):
                self._mux(self._encoder.encode(downloaded(painted.output, self._encoder.luma), pts))
        except OutputError:
            self._broken = True
            raise
        self.frames += 1
        self._end = pts * self._film.time_base + self._encoder.duration

    def _mux(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            self._alongside.mux_until(due_at(packet))
            self._container.mux(packet)

    def publish(self) -> None:
        """Finish the whole film and give it its final name. OutputError where there is no room, or no frame."""
        if self.frames == 0:
            raise OutputError(f"{self._output.name} would be empty: no frame was painted", "Give a film with frames.")
        self._finish(None)
        with clear_errors(self.partial):
            publish(self.partial, self._output)

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

    def _finish(self, sound_until: Fraction | None) -> None:
        self._open = False
        with clear_errors(self.partial), closing(self._container), closing(self._alongside):
            if self.frames and not self._broken:
                self._mux(self._encoder.flush())
                self._alongside.mux_until(sound_until)


@contextmanager
def open_sink(film: Film, output: Path, settings: SinkSettings) -> Iterator[Sink]:
    """Open the output for the film's painted frames.

    OutputError when it cannot be written there, SettingsError when the encoder refuses its settings. Leaving without
    `publish` closes the file well under its partial name, playable, and removes it when no frame was written.
    """
    refuse_output(output, film.path)
    with ExitStack() as stack:
        source = stack.enter_context(open_film(film.path))
        sink = Sink(film, source, output, settings)
        stack.callback(sink.close)
        yield sink
