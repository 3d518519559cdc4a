"""The way of a film that is enlarged as it is: read, enlarged, written with all that goes along."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import torch

from streamstyle.buffered import buffered
from streamstyle.clock import Clock
from streamstyle.events import Finished, FrameWritten, Observer, Started, Stopped, Warned
from streamstyle.film import Film
from streamstyle.frame import FlowedFrame, Frame, StylisedFrame
from streamstyle.media.enlarged import enlarged_film
from streamstyle.media.onward.ledger import Ledger
from streamstyle.media.onward.recipe import enlarging_recipe
from streamstyle.media.onward.resumption import resumption
from streamstyle.nets.allocation import keep_freed_memory
from streamstyle.nets.device import select_device
from streamstyle.nets.ready import ready_upscaler
from streamstyle.ops.pixels import to_tensor
from streamstyle.ops.trouble import clear_gpu_errors
from streamstyle.settings import ConsistencySettings, Device, EnlargeSettings, Method, Settings, SinkSettings
from streamstyle.stages.enlarge import enlarge
from streamstyle.stages.sink import open_sink
from streamstyle.stages.source import decode

_AHEAD = 4
"""Frames that are decoded ahead of their use."""

_AS_IT_IS = Settings(consistency=ConsistencySettings(method=Method.johnson))
"""No frame looks back to another."""


@clear_gpu_errors()
def enlarge_video(
    film: Film,
    output: Path,
    settings: EnlargeSettings,
    encoding: SinkSettings,
    where: Device,
    observe: Observer,
    stop: threading.Event,
    restart: bool = False,
) -> Finished | Stopped:
    """Write the film enlarged to `output`, telling `observe` of it; ends, fails and goes on as `stylise_video` does."""

    def warn(message: str) -> None:
        observe(Warned(message))

    keep_freed_memory()
    device, clock = select_device(where, warn), Clock()
    wanted = enlarging_recipe(film, settings, encoding)
    onward = None if restart else resumption(output, film.path, wanted)
    ledger = Ledger(output, wanted, _AS_IT_IS, str(device), onward)
    with ExitStack() as opened:
        network = ready_upscaler(device)
        frames = decode(film, onward.standing.places[0] if onward else None)
        decoded = opened.enter_context(buffered(frames, lambda frame: frame, workers=1, ahead=_AHEAD))
        larger = enlarge(_unpainted(decoded, ledger.earlier, device), network, settings, warn)
        sink = opened.enter_context(open_sink(enlarged_film(film, settings), output, encoding, ledger))
        observe(_started(film, output, settings, ledger))
        sink.regain(stop)
        while not stop.is_set() and (frame := next(larger, None)) is not None:
            sink.write(frame)
            time = film.seconds(frame.flowed.frame.pts)
            observe(FrameWritten(ledger.frames, film.frames, time, clock.seconds))
        if not (stopped := stop.is_set()):
            sink.publish()
    for problem in sink.problems(stopped=stopped):
        warn(problem)
    if stopped:
        ended: Finished | Stopped = Stopped(
            str(sink.partial), ledger.frames, clock.seconds, ledger.earlier, ledger.kept
        )
    else:
        ended = Finished(str(output), ledger.frames, 1, clock.seconds, 0, 0, ledger.earlier)
    observe(ended)  # after everything is closed: the file is whole when this is said
    return ended


def _unpainted(frames: Iterator[Frame], earlier: int, device: torch.device) -> Iterator[StylisedFrame]:
    """Yield the frames that are not written yet, as they are."""
    for frame in frames:
        if frame.index >= earlier:
            picture = to_tensor(frame.image, device)
            yield StylisedFrame(FlowedFrame(frame, None), picture, naive=picture)


def _started(film: Film, output: Path, settings: EnlargeSettings, ledger: Ledger) -> Started:
    return Started(
        output=str(output),
        method="upscale",
        style="",
        device=ledger.device,
        upscale=settings.upscale,
        resumed_frames=ledger.earlier,
        **film.said(),
    )
