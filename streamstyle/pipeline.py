"""The whole path of a video, in reading order: decode, shots, flow, stylise, consistency, upscale, write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import torch

from streamstyle.events import Finished, Observer, Stopped
from streamstyle.frames import Frame, FrameWithFlow, OutputFrame, StylisedFrame
from streamstyle.gpu.memory import MemoryFallback, Warn, gpu_errors_as_device_errors
from streamstyle.job import FrameCallback, Job
from streamstyle.media.flow_cache import FlowCache
from streamstyle.models.weights import (
    load_consistency_loss_network,
    load_ruder_loss_network,
    load_upscaler_for_inference,
    prepare_style_net,
)
from streamstyle.ops.image import to_tensor
from streamstyle.optimise.frame_optimiser import RUDER_FALLBACKS, RuderOptimiser
from streamstyle.prefetch import prefetch
from streamstyle.resume.checkpoint_writer import ResumeNeeds
from streamstyle.resume.signature import run_signature, upscale_signature
from streamstyle.settings import Device, EncoderSettings, Method, Settings, UpscaleSettings
from streamstyle.stages.consistency import consistency
from streamstyle.stages.decode import decode
from streamstyle.stages.flow import add_flow
from streamstyle.stages.ruder import apply_strength, multi_pass, optimise_frames
from streamstyle.stages.shots import number_shots
from streamstyle.stages.stylise import stylise
from streamstyle.stages.upscale import upscale_frames
from streamstyle.stages.writer import VideoWriter, open_writer
from streamstyle.styles.blending import load_blend, style_targets
from streamstyle.styles.spec import StyleBlend
from streamstyle.timing import StageTimer
from streamstyle.video_info import VideoInfo

OUTPUT_AHEAD = {"cuda": 2}
"""Frames finished, by a thread that leads the GPU, while one is encoded; on a CPU both would want the cores."""

_DECODE_AHEAD = 4
"""Frames decoded ahead where nothing but the writer waits for them."""


@gpu_errors_as_device_errors()
def stylise_video(
    video: VideoInfo,
    output: Path,
    style: StyleBlend,
    settings: Settings,
    observe: Observer,
    stop: threading.Event,
    on_frame: FrameCallback | None = None,
    restart: bool = False,
) -> Finished | Stopped:
    """Write the film in a style to `output`; `observe` hears the events, `on_frame` sees every frame once written.

    It resumes where an earlier run with this output was stopped or killed, unless it is to `restart`. When `stop` is
    set the current frame is finished and the output closed, playable, under its partial name. Raises StreamstyleError
    for what a user can put right; the partial output stays then, too.
    """
    signature, needs = run_signature(video, style, settings), ResumeNeeds.of_settings(settings)
    job = Job(video, output, signature, needs, settings.device, observe, restart=restart, on_frame=on_frame)
    job.compile_kernels()
    device, resume, warn, timed = job.device, job.resume, job.warn, job.timer.measure_iter
    method, lookback = settings.consistency.method, settings.consistency.lookback
    cache = FlowCache.open(video, settings.flow) if method is not Method.johnson else None
    with ExitStack() as stack:
        decoded = stack.enter_context(
            prefetch(decode(video, resume.decode_from), ahead=_frames_to_decode_ahead(video, settings))
        )
        numbered = number_shots(decoded, resume.shot)
        if method is Method.johnson:
            flowed = _without_flow(numbered)
        else:
            both_ways = method is Method.ruder and settings.ruder.passes > 1
            flowed = stack.enter_context(add_flow(numbered, settings.flow, cache, lookback, returning=both_ways))
        remaining = timed("wait", _skip_resumed(flowed, resume.frames))
        carried = [image.to(device) for image in resume.feedback]
        if method is Method.ruder:
            optimiser = _load_ruder_optimiser(style, settings, device, warn)
            optimised = timed("optimise", optimise_frames(remaining, optimiser, settings, device, carried))
            stylised = apply_strength(timed("multi_pass", multi_pass(optimised, optimiser, settings)), settings.style)
        else:
            network = prepare_style_net(load_blend(style, settings.style.strength), device)
            loss_network = load_consistency_loss_network(settings.consistency, device)
            alone = timed("stylise", stylise(remaining, network, settings.style, device, warn))
            stylised = timed("consistency", consistency(alone, settings.consistency, loss_network, warn, carried))
        finished = _to_output(stylised)
        if settings.upscale.upscale > 1:
            finished = timed(
                "upscale", upscale_frames(finished, load_upscaler_for_inference(device), settings.upscale, warn)
            )
        if ahead := OUTPUT_AHEAD.get(device.type):
            finished = stack.enter_context(prefetch(finished, ahead=ahead))
        larger = video.upscaled(settings.upscale.upscale)
        writer = stack.enter_context(open_writer(larger, output, settings.encoder, job.checkpoints))
        job.show_queues(decode=decoded, flow=flowed)
        job.start(writer, stop, method=method.value, style=style.name, upscale=settings.upscale.upscale)
        whole = write_all(finished, writer, stop, partial(job.frame_written, writer=writer), job.timer)
    return job.finish(writer, whole=whole, flow_cache=cache)


@gpu_errors_as_device_errors()
def upscale_video(
    video: VideoInfo,
    output: Path,
    settings: UpscaleSettings,
    encoder: EncoderSettings,
    device: Device,
    observe: Observer,
    stop: threading.Event,
    restart: bool = False,
) -> Finished | Stopped:
    """Write the film upscaled to `output`, without stylising it; resumes, stops and fails as `stylise_video` does."""
    signature = upscale_signature(video, settings, encoder)
    job = Job(video, output, signature, ResumeNeeds(), device, observe, restart=restart)
    with ExitStack() as stack:
        network = load_upscaler_for_inference(job.device)
        decoded = stack.enter_context(prefetch(decode(video, job.resume.decode_from), ahead=_DECODE_AHEAD))
        images = _source_images(decoded, job.resume.frames, job.device)
        upscaled = job.timer.measure_iter("upscale", upscale_frames(images, network, settings, job.warn))
        larger = video.upscaled(settings.upscale)
        writer = stack.enter_context(open_writer(larger, output, encoder, job.checkpoints))
        job.start(writer, stop, method="upscale", style="", upscale=settings.upscale)
        whole = write_all(upscaled, writer, stop, partial(job.frame_written, writer=writer), job.timer)
    return job.finish(writer, whole=whole)


def write_all(
    frames: Iterator[OutputFrame],
    writer: VideoWriter,
    stop: threading.Event,
    frame_written: Callable[[OutputFrame], None],
    timer: StageTimer,
) -> bool:
    """Write the frames and publish the output, unless `stop` is set; return whether it is whole.

    `frame_written` is called after each frame; encoding is timed as `encode`.
    """
    while not stop.is_set() and (frame := next(frames, None)) is not None:
        with timer.measure("encode"):
            writer.write(frame.image, frame.position.pts, writer.checkpoints.resume_point(frame))
            writer.checkpoints.frame_encoded(frame)
        frame_written(frame)
    if stop.is_set():
        return False
    writer.publish()
    return True


def _frames_to_decode_ahead(film: VideoInfo, settings: Settings) -> int:
    return max(2, settings.source.queue_bytes // (film.width * film.height * 3))


def _without_flow(frames: Iterable[Frame]) -> Iterator[FrameWithFlow]:
    return (FrameWithFlow(frame, None) for frame in frames)


def _skip_resumed(frames: Iterable[FrameWithFlow], resumed: int) -> Iterator[FrameWithFlow]:
    """Yield the frames that are not done yet; those before were needed for the flow to them."""
    return (flowed for flowed in frames if flowed.frame.index >= resumed)


def _load_ruder_optimiser(mix: StyleBlend, settings: Settings, device: torch.device, warn: Warn) -> RuderOptimiser:
    judge = load_ruder_loss_network(settings.consistency, device)
    grams = style_targets(mix, settings.ruder.style_image, settings.style.style_scale, judge, device)
    weight, fallbacks = settings.consistency.temporal_weight, MemoryFallback(RUDER_FALLBACKS, warn)
    return RuderOptimiser(judge, grams, settings.ruder, weight, fallbacks)


def _to_output(frames: Iterable[StylisedFrame]) -> Iterator[OutputFrame]:
    return (OutputFrame(frame.image, frame.flowed.frame.position, frame) for frame in frames)


def _source_images(frames: Iterable[Frame], resumed: int, device: torch.device) -> Iterator[OutputFrame]:
    """Yield the frames that are not done yet, as they are."""
    return (OutputFrame(to_tensor(frame.image, device), frame.position) for frame in frames if frame.index >= resumed)
