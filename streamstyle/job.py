"""What a run does beside its frames: finds where to resume, chooses the device, and reports events and progress."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from streamstyle.events import Finished, FrameWritten, Observer, ShotStarted, Started, Stopped, Warned
from streamstyle.formatting import format_duration
from streamstyle.frames import OutputFrame, StylisedFrame
from streamstyle.gpu.device import describe_arithmetic, select_device, set_threads, tune_malloc
from streamstyle.gpu.dispatch import why_unavailable
from streamstyle.media.flow_cache import FlowCache
from streamstyle.media.output_names import partial_path
from streamstyle.media.stream_plan import keep_piped_streams
from streamstyle.outputs import Writer
from streamstyle.prefetch import PrefetchIterator
from streamstyle.resume.checkpoint_writer import ResumeNeeds
from streamstyle.resume.checkpoints import find_checkpoints, resume_warnings
from streamstyle.settings import Device
from streamstyle.timing import PausableClock, StageTimer
from streamstyle.video_info import VideoInfo


@dataclass(frozen=True, slots=True)
class FrameContext:
    """State of the run right after a frame was written."""

    video: VideoInfo
    stylised: StylisedFrame
    """The frame that was written, at the working size."""
    image: Tensor
    """[3, H, W] float32 in [0, 1]: the image that was written, at the size of the output."""
    frames: int
    """Frames in the output so far, those of an earlier run included."""
    clock: PausableClock
    """Time of the work; a callback that makes the work wait pauses it meanwhile."""
    timer: StageTimer
    """Where the time of this thread goes: `wait`, `stylise`, `consistency`, `upscale`, `encode`."""
    queues: Mapping[str, PrefetchIterator[Any]]
    """Prefetched frames by stage: `decode`, and `flow` unless the method needs none."""
    partial: Path
    """The unfinished output."""


FrameCallback = Callable[[FrameContext], None]


class Job:
    """One output, from the search for a checkpoint to the last event."""

    def __init__(
        self,
        video: VideoInfo,
        output: Path,
        inputs: Sequence[Path],
        signature: Mapping[str, str],
        needs: ResumeNeeds,
        device: Device,
        observe: Observer,
        *,
        restart: bool,
        threads: int = 0,
        on_frame: FrameCallback | None = None,
    ) -> None:
        """Choose the device and find where the run resumes, unless `restart` is set. Raises StreamstyleError.

        `inputs` are the files that the output is made from, none of which may be overwritten.
        """
        tune_malloc()
        set_threads(threads)
        keep_piped_streams(video, output)
        self.video, self.output = video, output
        self._observe, self._on_frame = observe, on_frame
        self.timer, self.clock = StageTimer(), PausableClock()
        self.device = select_device(device, self.warn)
        arithmetic = describe_arithmetic(self.device)
        self.checkpoints = find_checkpoints(
            video, output, inputs, signature, needs, arithmetic, self.warn, restart=restart
        )
        self.resume = self.checkpoints.resume
        self.frames, self._shot = self.resume.frames, self.resume.last_shot
        self._queues: dict[str, PrefetchIterator[Any]] = {}

    def warn(self, message: str) -> None:
        """Report that something is not as the user asked for; the run continues."""
        self._observe(Warned(message))

    def compile_kernels(self) -> None:
        """Compile the CUDA kernels now if the device is a GPU; warn where they cannot be used."""
        if self.device.type == "cuda" and (why := why_unavailable(self.device.type)):
            self.warn(f"{why}; torch does the work of the CUDA kernels, slower")

    def start(
        self,
        writer: Writer,
        stop: threading.Event,
        method: str,
        style: str,
        upscale: int,
        queues: Mapping[str, object] | None = None,
    ) -> None:
        """Report the start, once everything is open, and copy the frames of the earlier run into the output.

        `queues` are the iterators of the stages by name; those that are prefetched are shown to `on_frame`.
        """
        self._queues = {name: each for name, each in (queues or {}).items() if isinstance(each, PrefetchIterator)}
        self._observe(
            Started(
                output=str(self.output),
                method=method,
                style=style,
                device=str(self.device),
                upscale=upscale,
                resumed_frames=self.resume.frames,
                **self.video.event_fields(),
            )
        )
        if (cut := self.video.shortfall) is not None:
            self.warn(
                f"{self.video.path.name} was cut short: it states a length of {format_duration(cut.stated)} and holds "
                f"{format_duration(cut.held)}"
            )
        for warning in resume_warnings(self.video, self.output):
            self.warn(warning)
        if changed := self.checkpoints.changed_device():
            self.warn(changed)
        writer.copy_resumed(stop)
        self.clock = PausableClock()

    def frame_written(self, frame: OutputFrame) -> None:
        """Report a frame that was written, and call `on_frame` if it was stylised."""
        self.frames += 1
        position, time = frame.position, self.video.seconds(frame.position.pts)
        if frame.stylised is not None and (position.shot != self._shot or position.index == 0):
            self._shot = position.shot
            self._observe(ShotStarted(position.shot, position.index, time))
        self._observe(FrameWritten(self.frames, self.video.frames, time, self.clock.seconds))
        if self._on_frame is not None and frame.stylised is not None:
            self._on_frame(
                FrameContext(
                    self.video,
                    frame.stylised,
                    frame.image,
                    self.frames,
                    self.clock,
                    self.timer,
                    self._queues,
                    partial_path(self.output),
                )
            )

    def finish(self, writer: Writer, *, is_whole: bool, flow_cache: FlowCache | None = None) -> Finished | Stopped:
        """Report warnings and the end, after everything was closed; return the last event."""
        for warning in writer.warnings(stopped=not is_whole):
            self.warn(warning)
        if flow_cache is not None and flow_cache.problem:
            self.warn(flow_cache.problem)
        frames, seconds, resumed = self.frames, self.clock.seconds, self.resume.frames
        flows = (flow_cache.computed, flow_cache.cached) if flow_cache is not None else (0, 0)
        ended: Finished | Stopped
        if is_whole:
            ended = Finished(str(self.output), frames, self._shot + 1, seconds, *flows, resumed)
        else:
            ended = Stopped(str(writer.partial), frames, seconds, resumed, self.checkpoints.resumable_frames)
        self._observe(ended)
        return ended
