"""The whole path of a video, in reading order: decode, shots, flow, stylise, consistency, upscale, write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol

import torch

from streamstyle.events import Finished, Observer, StopEvent, Stopped
from streamstyle.frames import Frame, FrameWithFlow, OutputFrame, StylisedFrame
from streamstyle.gpu.device import select_device, set_threads, tune_malloc
from streamstyle.gpu.memory import MemoryFallback, Warn, gpu_errors_as_device_errors, ignore_warning
from streamstyle.job import FrameCallback, Job
from streamstyle.mask_films import MaskFilms
from streamstyle.media.flow_cache import FlowCache
from streamstyle.models.weights import load_ruder_loss_network, load_upscaler_for_inference
from streamstyle.ops.image import to_tensor
from streamstyle.optimise.frame_optimiser import FALLBACKS, RuderOptimiser
from streamstyle.outputs import Writer, open_output
from streamstyle.painter import Painter, paintings_to_carry
from streamstyle.prefetch import prefetch
from streamstyle.resume.checkpoint import ResumePoint
from streamstyle.resume.checkpoint_writer import ResumeNeeds
from streamstyle.resume.signature import run_inputs, run_signature, upscale_signature
from streamstyle.settings import Device, EncoderSettings, FlowCheck, Method, Settings, UpscaleSettings
from streamstyle.stages.decode import decode
from streamstyle.stages.flow import CheckOf, MotionStore, add_flow
from streamstyle.stages.ruder import apply_strength, multi_pass, optimise_frames
from streamstyle.stages.shots import number_shots
from streamstyle.stages.upscale import upscale_frames
from streamstyle.styles.blending import style_targets
from streamstyle.styles.frame_looks import FrameLooks, LookNetworks
from streamstyle.styles.spec import StyleBlend
from streamstyle.timing import StageTimer
from streamstyle.video_info import VideoInfo

OUTPUT_AHEAD = {"cuda": 2}
"""Finished frames that wait to be encoded, by device. On a CPU there are none: both would compete for the cores."""

_DECODE_AHEAD = 4
"""Frames decoded ahead where nothing but the upscaler and the encoder follows."""


class FlowAhead(Protocol):
    """Computes flow elsewhere, ahead of its use."""

    def __call__(
        self,
        video: VideoInfo,
        frames: Iterable[Frame],
        settings: Settings,
        cache: FlowCache,
        check_of: CheckOf,
    ) -> AbstractContextManager[tuple[Iterator[Frame], MotionStore]]:
        """Yield the frames, and where the flow stage reads the motions of those that need one; they are cached, too."""


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
    begin: ResumePoint | None = None,
    run_in: int = 0,
    flow_ahead: FlowAhead | None = None,
) -> Finished | Stopped:
    """Write the video in a style to `output`; `observe` gets the events, `on_frame` every frame once it is written.

    Resumes an earlier run with this output that was stopped or killed, unless `restart` is set. When `stop` is set,
    the current frame is finished and the output closed, playable, under its partial name. Raises StreamstyleError for
    what a user can put right; the partial output is kept then, too.

    With `begin` only what follows there is written, and of that the first `run_in` frames are left out: they are there
    for what later frames carry over from them. `flow_ahead` computes flow elsewhere, ahead of the flow stage.
    """
    signature, needs = run_signature(video, style, settings), ResumeNeeds.from_settings(settings)
    inputs = run_inputs(video, style, settings)
    job = Job(
        video, output, inputs, signature, needs, settings.device, observe,
        restart=restart, threads=settings.threads, on_frame=on_frame,
    )  # fmt: skip
    job.compile_kernels()
    device, resume, warn, timed = job.device, begin or job.resume, job.warn, job.timer.measure_iter
    method, factor = settings.consistency.method, settings.upscale.upscale
    cache = FlowCache.open(video, settings.flow) if settings.needs_flow else None
    with ExitStack() as stack:
        opened = stack.enter_context
        path = _open_path(stack, video, style, settings, device, resume, cache, warn, job.timer, flow_ahead)
        images: Iterator[OutputFrame] = map(OutputFrame.from_stylised, islice(path.frames, run_in, None))
        if factor > 1:
            upscaler = load_upscaler_for_inference(device)
            images = timed("upscale", upscale_frames(images, upscaler, settings.upscale, warn))
        if ahead := OUTPUT_AHEAD.get(device.type):
            images = opened(prefetch(images, ahead=ahead))
        writer = opened(open_output(video.upscaled(factor), output, settings.encoder, job.checkpoints))
        job.start(writer, stop, method.value, style.name, factor, queues=path.queues)
        is_whole = write_all(images, writer, stop, job.frame_written, job.timer)
    return job.finish(writer, is_whole=is_whole, flow_cache=cache)


def stylised_frames(
    video: VideoInfo, style: StyleBlend, settings: Settings, warn: Warn = ignore_warning
) -> Iterator[OutputFrame]:
    """Yield the frames of the video in a style, one after the other; nothing is written but the flow cache.

    Raises StreamstyleError, when the first frame is asked for or later.
    """
    tune_malloc()
    set_threads(settings.threads)
    device, timer = select_device(settings.device, warn), StageTimer()
    cache = FlowCache.open(video, settings.flow) if settings.needs_flow else None
    with gpu_errors_as_device_errors(), ExitStack() as stack:
        path = _open_path(stack, video, style, settings, device, ResumePoint(), cache, warn, timer)
        images: Iterator[OutputFrame] = map(OutputFrame.from_stylised, path.frames)
        if settings.upscale.upscale > 1:
            images = upscale_frames(images, load_upscaler_for_inference(device), settings.upscale, warn)
        yield from images


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
    threads: int = 0,
) -> Finished | Stopped:
    """Write the video upscaled to `output` without stylising it; resumes, stops and fails as `stylise_video` does."""
    signature = upscale_signature(video, settings, encoder)
    job = Job(video, output, [video.path], signature, ResumeNeeds(), device, observe, restart=restart, threads=threads)
    resume, factor, timed = job.resume, settings.upscale, job.timer.measure_iter
    with ExitStack() as stack:
        opened = stack.enter_context
        upscaler = load_upscaler_for_inference(job.device)
        decoded = opened(prefetch(decode(video, resume.decode_from), ahead=_DECODE_AHEAD))
        images = _unstylised(decoded, resume.frames, job.device)
        upscaled = timed("upscale", upscale_frames(images, upscaler, settings, job.warn))
        writer = opened(open_output(video.upscaled(factor), output, encoder, job.checkpoints))
        job.start(writer, stop, method="upscale", style="", upscale=factor)
        is_whole = write_all(upscaled, writer, stop, job.frame_written, job.timer)
    return job.finish(writer, is_whole=is_whole)


@dataclass(frozen=True, slots=True)
class _Path:
    """The stages that are open."""

    frames: Iterator[StylisedFrame]
    queues: Mapping[str, object]
    """The iterators of stages that run ahead, by name."""


def _open_path(
    stack: ExitStack,
    video: VideoInfo,
    style: StyleBlend,
    settings: Settings,
    device: torch.device,
    resume: ResumePoint,
    cache: FlowCache | None,
    warn: Warn,
    timer: StageTimer,
    flow_ahead: FlowAhead | None = None,
) -> _Path:
    """Open the stages from the video to its stylised frames, at the working size; closing `stack` closes them."""
    opened, timed, looks = stack.enter_context, timer.measure_iter, FrameLooks.of(video, settings.looks(style))
    method, lookback = settings.consistency.method, settings.consistency.lookback
    decoded = opened(
        prefetch(decode(video, resume.decode_from), ahead=video.frames_within(settings.source.queue_bytes))
    )
    shots = number_shots(decoded, resume.shot, looks.breaks)
    flowed: Iterator[FrameWithFlow]
    if cache is None:
        flowed = _without_flow(shots)
    else:
        motions: MotionStore = cache
        check_of = partial(_flow_check, settings, looks)
        if flow_ahead is not None:
            shots, motions = opened(flow_ahead(video, shots, settings, cache, check_of))
        flowed = opened(add_flow(shots, settings.flow, motions, lookback, settings.is_multi_pass, check_of))
    remaining, feedback = timed("wait", _skip_resumed(flowed, resume.frames)), resume.feedback_on(device)
    if settings.is_original:
        frames = _as_they_are(remaining, device)
    elif method is Method.ruder:
        optimiser = _load_ruder_optimiser(style, settings, device, warn)
        first_pass = timed("optimise", optimise_frames(remaining, optimiser, settings, device, feedback))
        frames = apply_strength(timed("multi_pass", multi_pass(first_pass, optimiser, settings)), settings.style)
    else:
        painter = Painter(settings, LookNetworks(looks.looks, device), device, warn, timer)
        paintings = paintings_to_carry(style, settings)
        if looks.looks.masks:
            frames = timed("mask", painter.paint_masked(remaining, looks, MaskFilms(video, looks), feedback, paintings))
        else:
            frames = painter.paint(remaining, looks, feedback, paintings)
    return _Path(frames, {"decode": decoded, "flow": flowed})


def write_all(
    frames: Iterator[OutputFrame],
    writer: Writer,
    stop: threading.Event,
    frame_written: Callable[[OutputFrame], None],
    timer: StageTimer,
) -> bool:
    """Write the frames and publish the output, unless `stop` is set; return whether it is whole.

    `frame_written` is called after each frame; encoding is timed as `encode`.
    """
    while not stop.is_set() and (frame := next(frames, None)) is not None:
        with timer.measure("encode"):
            writer.write_frame(frame)
        frame_written(frame)
    if stop.is_set():
        return False

    def note_too_late() -> None:
        if isinstance(stop, StopEvent):
            stop.too_late = True

    writer.publish(note_too_late)
    return True


def _flow_check(settings: Settings, looks: FrameLooks, frame: Frame) -> FlowCheck | None:
    return settings.flow_check(looks.method_at(frame)) if looks.needs_motion(frame) else None


def _without_flow(frames: Iterable[Frame]) -> Iterator[FrameWithFlow]:
    return (FrameWithFlow(frame, None) for frame in frames)


def _skip_resumed(frames: Iterable[FrameWithFlow], resumed: int) -> Iterator[FrameWithFlow]:
    """Yield the frames after the resumed ones, which were decoded again only to compute the flow from them."""
    return (flowed for flowed in frames if flowed.frame.index >= resumed)


def _as_they_are(frames: Iterable[FrameWithFlow], device: torch.device) -> Iterator[StylisedFrame]:
    """Yield the frames as they would be at a strength of 0, if networks and what is carried did not round."""
    for flowed in frames:
        image = to_tensor(flowed.frame.pixels, device)
        yield StylisedFrame(flowed, image, per_frame=image)


def _unstylised(frames: Iterable[Frame], resumed: int, device: torch.device) -> Iterator[OutputFrame]:
    """Yield the frames after the resumed ones as they are, on the device."""
    return (
        OutputFrame(to_tensor(frame.pixels, device), frame.position, captions=frame.captions, alpha=frame.alpha)
        for frame in frames
        if frame.index >= resumed
    )


def _load_ruder_optimiser(style: StyleBlend, settings: Settings, device: torch.device, warn: Warn) -> RuderOptimiser:
    loss_network = load_ruder_loss_network(settings.consistency, device)
    grams = style_targets(style, settings.ruder.style_image, settings.style.style_scale, loss_network, device)
    weight, fallbacks = settings.consistency.effective_temporal_weight, MemoryFallback(FALLBACKS, warn)
    return RuderOptimiser(loss_network, grams, settings.ruder, weight, fallbacks)
