"""The whole path of a video, in reading order: decode, shots, flow, stylise, consistency, upscale, write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import torch

from streamstyle.buffered import buffered
from streamstyle.clock import Stopwatch
from streamstyle.events import Finished, Observer, Stopped
from streamstyle.film import Film
from streamstyle.frame import FlowedFrame, Frame, OutputFrame, StylisedFrame
from streamstyle.job import Job, Look
from streamstyle.media.flow_cache import FlowCache
from streamstyle.mix import Mix
from streamstyle.nets.ready import ready_judge, ready_loss_network, ready_style, ready_upscaler
from streamstyle.ops.pixels import to_tensor
from streamstyle.ops.thrift import Thrift, Warn
from streamstyle.ops.trouble import clear_gpu_errors
from streamstyle.optimise.frame_optimiser import RUDER_FALLBACKS, RuderOptimiser
from streamstyle.painter import painter
from streamstyle.painting import painting_grams
from streamstyle.resume.checkpoint_writer import ResumeNeeds
from streamstyle.resume.signature import run_signature, upscale_signature
from streamstyle.settings import Device, EnlargeSettings, Method, Settings, SinkSettings
from streamstyle.stages.consistency import consistency
from streamstyle.stages.dilute import dilute
from streamstyle.stages.flow import flow
from streamstyle.stages.optimise import optimise
from streamstyle.stages.shots import shots
from streamstyle.stages.source import decode
from streamstyle.stages.stylise import stylise
from streamstyle.stages.sweep import sweep
from streamstyle.stages.upscale import upscale_frames
from streamstyle.stages.writer import VideoWriter, open_writer

_OUTPUT_AHEAD = {"cuda": 2}
"""Frames finished, by a thread that leads the GPU, while one is encoded; on a CPU both would want the cores."""

_DECODE_AHEAD = 4
"""Frames decoded ahead where nothing but the writer waits for them."""


@clear_gpu_errors()
def stylise_video(
    film: Film,
    output: Path,
    mix: Mix,
    settings: Settings,
    observe: Observer,
    stop: threading.Event,
    on_frame: Look | None = None,
    restart: bool = False,
) -> Finished | Stopped:
    """Write the film in a style to `output`; `observe` hears the events, `on_frame` sees every frame once written.

    It resumes where an earlier run with this output was stopped or killed, unless it is to `restart`. When `stop` is
    set the current frame is finished and the output closed, playable, under its partial name. Raises StreamstyleError
    for what a user can put right; the partial output stays then, too.
    """
    signature, needs = run_signature(film, mix, settings), ResumeNeeds.of_settings(settings)
    job = Job(film, output, signature, needs, settings.device, observe, restart=restart, on_frame=on_frame)
    job.compile_kernels()
    device, resume, warn, timed = job.device, job.resume, job.warn, job.timer.timed
    method, lookback = settings.consistency.method, settings.consistency.lookback
    cache = FlowCache.open(film, settings.flow) if method is not Method.johnson else None
    with ExitStack() as stack:
        decoded = stack.enter_context(buffered(decode(film, resume.decode_from), ahead=_decode_ahead(film, settings)))
        numbered = shots(decoded, resume.shot)
        if method is Method.johnson:
            flowed = _without_flow(numbered)
        else:
            both_ways = method is Method.ruder and settings.ruder.passes > 1
            flowed = stack.enter_context(flow(numbered, settings.flow, cache, lookback, returning=both_ways))
        remaining = timed("wait", _skip_resumed(flowed, resume.frames))
        carried = [image.to(device) for image in resume.feedback]
        if method is Method.ruder:
            optimiser = _ready_ruder_optimiser(mix, settings, device, warn)
            optimised = timed("optimise", optimise(remaining, optimiser, settings, device, carried))
            stylised = dilute(timed("multi_pass", sweep(optimised, optimiser, settings)), settings.style)
        else:
            network = ready_style(painter(mix, settings.style.strength), device)
            loss_network = ready_loss_network(settings.consistency, device)
            alone = timed("stylise", stylise(remaining, network, settings.style, device, warn))
            stylised = timed("consistency", consistency(alone, settings.consistency, loss_network, warn, carried))
        finished = _to_output(stylised)
        if settings.enlarge.upscale > 1:
            finished = timed("upscale", upscale_frames(finished, ready_upscaler(device), settings.enlarge, warn))
        if ahead := _OUTPUT_AHEAD.get(device.type):
            finished = stack.enter_context(buffered(finished, ahead=ahead))
        larger = film.upscaled(settings.enlarge.upscale)
        writer = stack.enter_context(open_writer(larger, output, settings.sink, job.checkpoints))
        job.show_queues(decode=decoded, flow=flowed)
        job.start(writer, stop, method=method.value, style=mix.name, upscale=settings.enlarge.upscale)
        whole = write_all(finished, writer, stop, partial(job.frame_written, writer=writer), job.timer)
    return job.finish(writer, whole=whole, flow_cache=cache)


@clear_gpu_errors()
def upscale_video(
    film: Film,
    output: Path,
    settings: EnlargeSettings,
    encoding: SinkSettings,
    device: Device,
    observe: Observer,
    stop: threading.Event,
    restart: bool = False,
) -> Finished | Stopped:
    """Write the film upscaled to `output`, without stylising it; resumes, stops and fails as `stylise_video` does."""
    signature = upscale_signature(film, settings, encoding)
    job = Job(film, output, signature, ResumeNeeds(), device, observe, restart=restart)
    with ExitStack() as stack:
        network = ready_upscaler(job.device)
        decoded = stack.enter_context(buffered(decode(film, job.resume.decode_from), ahead=_DECODE_AHEAD))
        images = _unchanged(decoded, job.resume.frames, job.device)
        upscaled = job.timer.timed("upscale", upscale_frames(images, network, settings, job.warn))
        larger = film.upscaled(settings.upscale)
        writer = stack.enter_context(open_writer(larger, output, encoding, job.checkpoints))
        job.start(writer, stop, method="upscale", style="", upscale=settings.upscale)
        whole = write_all(upscaled, writer, stop, partial(job.frame_written, writer=writer), job.timer)
    return job.finish(writer, whole=whole)


def write_all(
    frames: Iterator[OutputFrame],
    writer: VideoWriter,
    stop: threading.Event,
    frame_written: Callable[[OutputFrame], None],
    timer: Stopwatch,
) -> bool:
    """Write the frames and publish the output, unless `stop` is set; return whether it is whole.

    `frame_written` is called after each frame; encoding is timed as `encode`.
    """
    while not stop.is_set() and (frame := next(frames, None)) is not None:
        with timer.timing("encode"):
            writer.write(frame.image, frame.position.pts, writer.checkpoints.resume_point(frame))
            writer.checkpoints.frame_encoded(frame)
        frame_written(frame)
    if stop.is_set():
        return False
    writer.publish()
    return True


def _decode_ahead(film: Film, settings: Settings) -> int:
    return max(2, settings.source.queue_bytes // (film.width * film.height * 3))


def _without_flow(frames: Iterable[Frame]) -> Iterator[FlowedFrame]:
    return (FlowedFrame(frame, None) for frame in frames)


def _skip_resumed(frames: Iterable[FlowedFrame], resumed: int) -> Iterator[FlowedFrame]:
    """Yield the frames that are not done yet; those before were needed for the flow to them."""
    return (flowed for flowed in frames if flowed.frame.index >= resumed)


def _ready_ruder_optimiser(mix: Mix, settings: Settings, device: torch.device, warn: Warn) -> RuderOptimiser:
    judge = ready_judge(settings.consistency, device)
    grams = painting_grams(mix, settings.ruder.style_image, settings.style.style_scale, judge, device)
    weight, fallbacks = settings.consistency.temporal_weight, Thrift(RUDER_FALLBACKS, warn)
    return RuderOptimiser(judge, grams, settings.ruder, weight, fallbacks)


def _to_output(frames: Iterable[StylisedFrame]) -> Iterator[OutputFrame]:
    return (OutputFrame(frame.image, frame.flowed.frame.place, frame) for frame in frames)


def _unchanged(frames: Iterable[Frame], resumed: int, device: torch.device) -> Iterator[OutputFrame]:
    """Yield the frames that are not done yet, as they are."""
    return (OutputFrame(to_tensor(frame.image, device), frame.place) for frame in frames if frame.index >= resumed)
