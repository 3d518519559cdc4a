"""The whole way of a film, on one screen."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TypeVar

import torch

from streamstyle.buffered import Ahead, buffered
from streamstyle.clock import Clock, Stopwatch
from streamstyle.events import Finished, FrameWritten, Observer, ShotStarted, Started, Stopped, Warned
from streamstyle.film import Film
from streamstyle.frame import FlowedFrame, Frame, StylisedFrame
from streamstyle.media.enlarged import enlarged_film
from streamstyle.media.flow_cache import FlowCache
from streamstyle.mix import Mix
from streamstyle.moment import Look, Moment, look_away
from streamstyle.nets.allocation import keep_freed_memory
from streamstyle.nets.brush import WAYS, Brush
from streamstyle.nets.device import select_device
from streamstyle.nets.ready import ready_judge, ready_loss_network, ready_style, ready_upscaler
from streamstyle.ops.thrift import Thrift, Warn
from streamstyle.painter import painter
from streamstyle.painting import painting_grams
from streamstyle.settings import Method, Settings
from streamstyle.stages.consistency import consistency
from streamstyle.stages.dilute import dilute
from streamstyle.stages.enlarge import enlarge
from streamstyle.stages.flow import flow
from streamstyle.stages.optimise import optimise
from streamstyle.stages.shots import shots
from streamstyle.stages.sink import Sink, open_sink
from streamstyle.stages.source import decode
from streamstyle.stages.stylise import stylise
from streamstyle.stages.sweep import sweep

_PAINTED_AHEAD = {"cuda": 2}
"""Frames that are painted, by a thread that leads the GPU, while one is encoded; on a CPU both would want the cores."""

T = TypeVar("T")


def stylise_video(
    film: Film,
    output: Path,
    mix: Mix,
    settings: Settings,
    observe: Observer,
    stop: threading.Event,
    look: Look = look_away,
) -> Finished | Stopped:
    """Paint the film in a style into `output`, telling `observe` of it; `look` sees every frame once it is written.

    When `stop` is set the current frame is finished and the film so far closed well under its partial name. Raises
    StreamstyleError for what a user can put right; the film so far stays under its partial name then, too.
    """

    def warn(message: str) -> None:
        observe(Warned(message))

    keep_freed_memory()
    stopwatch = Stopwatch()
    device = select_device(settings.device)
    with ExitStack() as opened:
        sink = opened.enter_context(open_sink(enlarged_film(film, settings.enlarge), output, settings.sink))
        cache = FlowCache.open(film, settings.flow) if settings.consistency.method is not Method.johnson else None

        decoded = opened.enter_context(buffered(decode(film), _itself, workers=1, ahead=_frames_ahead(film, settings)))
        cut = shots(decoded)
        flowed = _alone(cut) if cache is None else opened.enter_context(_flow(cut, settings, cache))
        queues = {name: made for name, made in (("decoded", decoded), ("flowed", flowed)) if isinstance(made, Ahead)}
        waited = stopwatch.timed("waiting", flowed)
        steady = _painted(waited, mix, settings, device, stopwatch, warn)
        steady = _enlarged(steady, settings, device, stopwatch, warn)
        if ahead := _PAINTED_AHEAD.get(device.type):
            steady = opened.enter_context(buffered(steady, _itself, workers=1, ahead=ahead))

        clock = Clock()
        observe(_started(film, output, mix.name, settings, str(device)))
        frames, shot = 0, 0
        for frame in steady:
            with stopwatch.timing("encode"):
                sink.write(frame)
            frames += 1
            if (source := frame.flowed.frame).shot != shot or frames == 1:
                shot = source.shot
                observe(ShotStarted(shot, source.index, _seconds(film, source)))
            observe(FrameWritten(frames, film.frames, _seconds(film, source), clock.seconds))
            look(Moment(film, frame, frames, clock, stopwatch, queues, sink.partial))
            if stop.is_set():
                break

        for problem in _problems(film, frames, sink, cache, stopped=stop.is_set()):
            warn(problem)
        if stop.is_set():
            ended: Finished | Stopped = Stopped(str(sink.partial), frames, clock.seconds)
        else:
            sink.publish()
            computed, cached = (cache.computed, cache.cached) if cache is not None else (0, 0)
            ended = Finished(str(output), frames, shot + 1, clock.seconds, computed, cached)
    observe(ended)  # after everything is closed: the file is whole when this is said
    return ended


def _problems(film: Film, frames: int, sink: Sink, cache: FlowCache | None, *, stopped: bool) -> Iterator[str]:
    """Yield what is not as it should be, and did not keep the film from being painted."""
    if cache is not None and cache.problem:
        yield cache.problem
    if sink.refused:
        yield f"{sink.refused} damaged packets of sound or subtitles were left out"
    if film.frames is not None and frames < film.frames and not stopped:
        yield f"{frames} of {film.frames} frames could be read; {film.path.name} may be damaged"


def _flow(frames: Iterable[Frame], settings: Settings, cache: FlowCache) -> AbstractContextManager[Ahead[FlowedFrame]]:
    """Return the flow stage, with all the motion that the method asks for."""
    sweeping = settings.consistency.method is Method.ruder and settings.ruder.passes > 1
    return flow(frames, settings.flow, cache, settings.consistency.lookback, returning=sweeping)


def _painted(
    flowed: Iterator[FlowedFrame],
    mix: Mix,
    settings: Settings,
    device: torch.device,
    stopwatch: Stopwatch,
    warn: Warn,
) -> Iterator[StylisedFrame]:
    """Return the frames as the method paints them: towards the painting itself, or by a network that has learned it."""
    if settings.consistency.method is Method.ruder:
        judge = ready_judge(settings.consistency, device)
        grams = painting_grams(mix, settings.ruder.style_image, settings.style.style_scale, judge, device)
        brush = Brush(judge, grams, settings.ruder, settings.consistency.temporal_weight, Thrift(WAYS, warn))
        optimised = stopwatch.timed("optimise", optimise(flowed, brush, settings, device))
        swept = stopwatch.timed("sweep", sweep(optimised, brush, settings))
        return dilute(swept, settings.style)
    style = ready_style(painter(mix, settings.style.strength), device)
    network = ready_loss_network(settings.consistency, device)
    painted = stopwatch.timed("stylise", stylise(flowed, style, settings.style, device, warn))
    return stopwatch.timed("consistency", consistency(painted, settings.consistency, network, warn))


def _enlarged(
    painted: Iterator[StylisedFrame], settings: Settings, device: torch.device, stopwatch: Stopwatch, warn: Warn
) -> Iterator[StylisedFrame]:
    """Return the frames at the size of the output as well; all else goes on at the size that is painted at."""
    if settings.enlarge.upscale == 1:
        return painted
    return stopwatch.timed("enlarge", enlarge(painted, ready_upscaler(device), settings.enlarge, warn))


def _frames_ahead(film: Film, settings: Settings) -> int:
    return max(2, settings.source.queue_bytes // (film.width * film.height * 3))


def _itself(item: T) -> T:
    return item


def _alone(frames: Iterable[Frame]) -> Iterator[FlowedFrame]:
    return (FlowedFrame(frame, None) for frame in frames)


def _seconds(film: Film, frame: Frame) -> float:
    return float(frame.pts * film.time_base)


def _started(film: Film, output: Path, style: str, settings: Settings, device: str) -> Started:
    return Started(
        film=str(film.path),
        output=str(output),
        width=film.width,
        height=film.height,
        frames=film.frames,
        frame_rate=None if film.frame_rate is None else f"{film.frame_rate.numerator}/{film.frame_rate.denominator}",
        duration=film.duration,
        method=settings.consistency.method.value,
        style=style,
        device=device,
        upscale=settings.enlarge.upscale,
    )
