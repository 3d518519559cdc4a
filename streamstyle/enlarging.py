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
from streamstyle.nets.allocation import keep_freed_memory
from streamstyle.nets.device import select_device
from streamstyle.nets.ready import ready_upscaler
from streamstyle.ops.pixels import to_tensor
from streamstyle.ops.trouble import clear_gpu_errors
from streamstyle.settings import Device, EnlargeSettings, SinkSettings
from streamstyle.stages.enlarge import enlarge
from streamstyle.stages.sink import Sink, open_sink
from streamstyle.stages.source import decode

_AHEAD = 4
"""Frames that are decoded ahead of their use."""


@clear_gpu_errors()
def enlarge_video(
    film: Film,
    output: Path,
    settings: EnlargeSettings,
    encoding: SinkSettings,
    where: Device,
    observe: Observer,
    stop: threading.Event,
) -> Finished | Stopped:
    """Write the film enlarged to `output`, telling `observe` of it; ends and fails as `stylise_video` does."""

    def warn(message: str) -> None:
        observe(Warned(message))

    keep_freed_memory()
    device, clock = select_device(where, warn), Clock()
    with ExitStack() as opened:
        sink = opened.enter_context(open_sink(enlarged_film(film, settings), output, encoding))
        decoded = opened.enter_context(buffered(decode(film), lambda frame: frame, workers=1, ahead=_AHEAD))
        observe(_started(film, output, settings, str(device)))
        for frame in enlarge(_unpainted(decoded, device), ready_upscaler(device), settings, warn):
            sink.write(frame)
            observe(FrameWritten(sink.frames, film.frames, _seconds(film, frame), clock.seconds))
            if stop.is_set():
                break
        for problem in _problems(film, sink, stopped=stop.is_set()):
            warn(problem)
        ended: Finished | Stopped = Stopped(str(sink.partial), sink.frames, clock.seconds)
        if not stop.is_set():
            sink.publish()
            ended = Finished(str(output), sink.frames, 1, clock.seconds, flows_computed=0, flows_cached=0)
    observe(ended)  # after everything is closed: the file is whole when this is said
    return ended


def _unpainted(frames: Iterator[Frame], device: torch.device) -> Iterator[StylisedFrame]:
    for frame in frames:
        picture = to_tensor(frame.image, device)
        yield StylisedFrame(FlowedFrame(frame, None), picture, naive=picture)


def _problems(film: Film, sink: Sink, *, stopped: bool) -> Iterator[str]:
    if sink.refused:
        yield f"{sink.refused} damaged packets of sound or subtitles were left out"
    if film.frames is not None and sink.frames < film.frames and not stopped:
        yield f"{sink.frames} of {film.frames} frames could be read; {film.path.name} may be damaged"


def _seconds(film: Film, frame: StylisedFrame) -> float:
    return float(frame.flowed.frame.pts * film.time_base)


def _started(film: Film, output: Path, settings: EnlargeSettings, device: str) -> Started:
    return Started(
        film=str(film.path),
        output=str(output),
        width=film.width,
        height=film.height,
        frames=film.frames,
        frame_rate=None if film.frame_rate is None else f"{film.frame_rate.numerator}/{film.frame_rate.denominator}",
        duration=film.duration,
        method="upscale",
        style="",
        device=device,
        upscale=settings.upscale,
    )
