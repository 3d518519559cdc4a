"""The whole way of a film, on one screen."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from streamstyle.buffered import Ahead, buffered
from streamstyle.clock import Clock, Stopwatch
from streamstyle.events import Finished, FrameWritten, Observer, ShotStarted, Started, Stopped, Warned
from streamstyle.film import Film
from streamstyle.frame import FlowedFrame, Frame, StylisedFrame
from streamstyle.gpu.dispatch import why_unavailable
from streamstyle.media.enlarged import enlarged_film
from streamstyle.media.flow_cache import FlowCache
from streamstyle.media.onward.checkpoint import Standing
from streamstyle.media.onward.ledger import Ledger
from streamstyle.media.onward.recipe import recipe
from streamstyle.media.onward.resumption import resumption
from streamstyle.mix import Mix
from streamstyle.moment import Look, Moment, look_away
from streamstyle.nets.allocation import keep_freed_memory
from streamstyle.nets.device import select_device
from streamstyle.nets.ready import ready_judge, ready_loss_network, ready_style, ready_upscaler
from streamstyle.ops.thrift import Thrift, Warn
from streamstyle.ops.trouble import clear_gpu_errors
from streamstyle.optimise.frame_optimiser import RUDER_FALLBACKS, RuderOptimiser
from streamstyle.painter import painter
from streamstyle.painting import painting_grams
from streamstyle.settings import Device, Method, Settings
from streamstyle.stages.consistency import consistency
from streamstyle.stages.dilute import dilute
from streamstyle.stages.enlarge import enlarge
from streamstyle.stages.flow import flow
from streamstyle.stages.optimise import optimise
from streamstyle.stages.shots import shots
from streamstyle.stages.sink import open_sink
from streamstyle.stages.source import decode
from streamstyle.stages.stylise import stylise
from streamstyle.stages.sweep import sweep

_PAINTED_AHEAD = {"cuda": 2}
"""Frames that are painted, by a thread that leads the GPU, while one is encoded; on a CPU both would want the cores."""

T = TypeVar("T")


@clear_gpu_errors()
def stylise_video(
    film: Film,
    output: Path,
    mix: Mix,
    settings: Settings,
    observe: Observer,
    stop: threading.Event,
    look: Look = look_away,
    restart: bool = False,
) -> Finished | Stopped:
    """Paint the film in a style into `output`, telling `observe` of it; `look` sees every frame once it is written.

    It goes on where an earlier run with this output was stopped or killed, unless it is to `restart`. When `stop` is
    set the current frame is finished and the film so far closed well under its partial name. Raises StreamstyleError
    for what a user can put right; the film so far stays under its partial name then, too.
    """

    def warn(message: str) -> None:
        observe(Warned(message))

    keep_freed_memory()
    stopwatch, device = Stopwatch(), _ready_device(settings.device, warn)
    wanted = recipe(film, mix, settings)
    onward = None if restart else resumption(output, film.path, wanted)
    ledger = Ledger(output, wanted, settings, str(device), onward)
    with ExitStack() as opened:
        cache = FlowCache.open(film, settings.flow) if settings.consistency.method is not Method.johnson else None
        paintings = _paintings(film, mix, settings, device, ledger.standing, cache, stopwatch, warn)
        steady, queues = opened.enter_context(paintings)
        sink = opened.enter_context(open_sink(enlarged_film(film, settings.enlarge), output, settings.sink, ledger))
        observe(_started(film, output, mix.name, settings, ledger))
        sink.regain(stop)
        clock, shot = Clock(), ledger.shot
        while not stop.is_set() and (frame := next(steady, None)) is not None:
            with stopwatch.timing("encode"):
                sink.write(frame)
            if (source := frame.flowed.frame).shot != shot or source.index == 0:
                shot = source.shot
                observe(ShotStarted(shot, source.index, film.seconds(source.pts)))
            observe(FrameWritten(ledger.frames, film.frames, film.seconds(source.pts), clock.seconds))
            look(Moment(film, frame, ledger.frames, clock, stopwatch, queues, sink.partial))
        if not (stopped := stop.is_set()):
            sink.publish()
    for problem in sink.problems(stopped=stopped):
        warn(problem)
    if cache is not None and cache.problem:
        warn(cache.problem)
    if stopped:
        ended: Finished | Stopped = Stopped(
            f"{sink.partial}", ledger.frames, clock.seconds, ledger.earlier, ledger.kept
        )
    else:
        flows = (cache.computed, cache.cached) if cache is not None else (0, 0)
        ended = Finished(f"{output}", ledger.frames, shot + 1, clock.seconds, *flows, ledger.earlier)
    observe(ended)  # after everything is closed: the file is whole when this is said
    return ended


def _ready_device(wanted: Device, warn: Warn) -> torch.device:
    """Return the device, with what is compiled for it at its first use."""
    device = select_device(wanted, warn)
    if device.type == "cuda" and (
        why := why_unavailable(device.type)
    ):  # where there are kernels, they are compiled now
        warn(f"{why}; what our own kernels would do torch does, slower")
    return device


@contextmanager
def _paintings(
    film: Film,
    mix: Mix,
    settings: Settings,
    device: torch.device,
    standing: Standing | None,
    cache: FlowCache | None,
    stopwatch: Stopwatch,
    warn: Warn,
) -> Iterator[tuple[Iterator[StylisedFrame], Mapping[str, Ahead[Any]]]]:
    """Yield the painted frames after a `standing`, and what is made ahead of them, by name."""
    with ExitStack() as opened:
        place = standing.places[0] if standing else None
        pictures = decode(film, place)
        decoded = opened.enter_context(buffered(pictures, _itself, workers=1, ahead=_frames_ahead(film, settings)))
        cut = shots(decoded, place.shot if place else 0)
        flowed = _alone(cut) if cache is None else opened.enter_context(_flow(cut, settings, cache))
        queues = {name: made for name, made in (("decode", decoded), ("flow", flowed)) if isinstance(made, Ahead)}
        waited = stopwatch.timed("wait", _to_paint(flowed, standing))
        steady = _painted(waited, mix, settings, device, _carried(standing, device), stopwatch, warn)
        steady = _enlarged(steady, settings, device, stopwatch, warn)
        if ahead := _PAINTED_AHEAD.get(device.type):
            steady = opened.enter_context(buffered(steady, _itself, workers=1, ahead=ahead))
        yield steady, queues


def _to_paint(frames: Iterable[FlowedFrame], standing: Standing | None) -> Iterator[FlowedFrame]:
    """Yield the frames that are not painted yet; those before were needed for what follows from them."""
    painted = standing.frames if standing else 0
    return (flowed for flowed in frames if flowed.frame.index >= painted)


def _carried(standing: Standing | None, device: torch.device) -> list[Tensor]:
    return [output.to(device) for output in standing.carried] if standing else []


def _flow(frames: Iterable[Frame], settings: Settings, cache: FlowCache) -> AbstractContextManager[Ahead[FlowedFrame]]:
    """Return the flow stage, with all the motion that the method asks for."""
    sweeping = settings.consistency.method is Method.ruder and settings.ruder.passes > 1
    return flow(frames, settings.flow, cache, settings.consistency.lookback, returning=sweeping)


def _painted(
    flowed: Iterator[FlowedFrame],
    mix: Mix,
    settings: Settings,
    device: torch.device,
    carried: Sequence[Tensor],
    stopwatch: Stopwatch,
    warn: Warn,
) -> Iterator[StylisedFrame]:
    """Return the frames as the method paints them: towards the painting itself, or by a network that has learned it."""
    if settings.consistency.method is Method.ruder:
        judge = ready_judge(settings.consistency, device)
        grams = painting_grams(mix, settings.ruder.style_image, settings.style.style_scale, judge, device)
        brush = RuderOptimiser(
            judge, grams, settings.ruder, settings.consistency.temporal_weight, Thrift(RUDER_FALLBACKS, warn)
        )
        optimised = stopwatch.timed("optimise", optimise(flowed, brush, settings, device, carried))
        swept = stopwatch.timed("multi_pass", sweep(optimised, brush, settings))
        return dilute(swept, settings.style)
    style = ready_style(painter(mix, settings.style.strength), device)
    network = ready_loss_network(settings.consistency, device)
    painted = stopwatch.timed("stylise", stylise(flowed, style, settings.style, device, warn))
    return stopwatch.timed("consistency", consistency(painted, settings.consistency, network, warn, carried))


def _enlarged(
    painted: Iterator[StylisedFrame], settings: Settings, device: torch.device, stopwatch: Stopwatch, warn: Warn
) -> Iterator[StylisedFrame]:
    """Return the frames at the size of the output as well; all else goes on at the size that is painted at."""
    if settings.enlarge.upscale == 1:
        return painted
    return stopwatch.timed("upscale", enlarge(painted, ready_upscaler(device), settings.enlarge, warn))


def _frames_ahead(film: Film, settings: Settings) -> int:
    return max(2, settings.source.queue_bytes // (film.width * film.height * 3))


def _itself(item: T) -> T:
    return item


def _alone(frames: Iterable[Frame]) -> Iterator[FlowedFrame]:
    return (FlowedFrame(frame, None) for frame in frames)


def _started(film: Film, output: Path, style: str, settings: Settings, ledger: Ledger) -> Started:
    return Started(
        output=str(output),
        method=settings.consistency.method.value,
        style=style,
        device=ledger.device,
        upscale=settings.enlarge.upscale,
        resumed_frames=ledger.earlier,
        **film.said(),
    )
