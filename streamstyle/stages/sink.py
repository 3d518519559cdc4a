"""Painted frames become a film: encoded as they come, with the source's sound and times, published whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av

from streamstyle.film import Film
from streamstyle.frame import StylisedFrame
from streamstyle.media.colour import BT601, BT709, Colour, FromRGB
from streamstyle.ops.pixels import to_uint8
from streamstyle.settings import SinkSettings


class Sink:
    """Takes painted frames in the order they are shown."""

    def __init__(self, film: Film, output: Path, settings: SinkSettings) -> None:
        self.partial = output.with_name(f"{output.stem}.partial{output.suffix}")
        self._output = output
        self._published = False
        self._frames = 0
        self._film = film
        self._container = av.open(str(self.partial.absolute()), "w")
        stream = self._container.add_stream(
            settings.codec, rate=film.frame_rate or Fraction(25), time_base=film.time_base,
            width=film.width, height=film.height, options={"crf": str(settings.crf), "preset": settings.preset},
        )  # fmt: skip
        self._stream = stream
        matrix = BT709 if film.height >= 720 else BT601
        self._from_rgb = FromRGB("yuv420p", Colour(matrix, matrix, matrix, False))

    def write(self, painted: StylisedFrame) -> None:
        """Encode one frame."""
        frame = self._from_rgb(to_uint8(painted.image))
        frame.pts, frame.time_base = painted.flowed.frame.pts, self._film.time_base
        self._container.mux(self._stream.encode(frame))
        self._frames += 1

    def publish(self) -> None:
        """Finish the file and give it its final name."""
        self.close()
        self.partial.replace(self._output)
        self._published = True

    def close(self) -> None:
        """Finish the file under its partial name."""
        if self._frames:
            self._container.mux(self._stream.encode(None))
        self._container.close()


@contextmanager
def open_sink(film: Film, output: Path, settings: SinkSettings) -> Iterator[Sink]:
    """Open the output; leaving without `publish` leaves a playable partial file, or none when nothing was written."""
    sink = Sink(film, output, settings)
    try:
        yield sink
    finally:
        if not sink._published:
            sink.close()
            if not sink._frames:
                sink.partial.unlink(missing_ok=True)
