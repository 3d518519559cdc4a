"""What goes beside the frames of one run: where it resumes, its device, its events, and what its time goes into."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from streamstyle.events import Finished, FrameWritten, Observer, ShotStarted, Started, Stopped, Warned
from streamstyle.frames import OutputFrame, StylisedFrame
from streamstyle.gpu.device import select_device, tune_malloc
from streamstyle.gpu.dispatch import why_unavailable
from streamstyle.media.flow_cache import FlowCache
from streamstyle.prefetch import PrefetchIterator
from streamstyle.resume.checkpoint import find_checkpoint
from streamstyle.resume.checkpoint_writer import CheckpointWriter, ResumeNeeds
from streamstyle.settings import Device
from streamstyle.stages.writer import VideoWriter
from streamstyle.timing import PausableClock, StageTimer
from streamstyle.video_info import VideoInfo


@dataclass(frozen=True, slots=True)
class FrameContext:
    """The run, as it stands after a frame."""

    video: VideoInfo
    stylised: StylisedFrame
    """The frame that has just been written, at the size that is painted at."""
    image: Tensor
    """[3, H, W] float32 in [0, 1]: the same as it was written, at the size of the output."""
    frames: int
    """Frames written so far, by this run and any it goes on from."""
    clock: PausableClock
    """Whoever lets the work wait stops it meanwhile."""
    timer: StageTimer
    """What the time of painting and encoding goes into: `wait`, `stylise`, `consistency`, `upscale`, `encode`."""
    queues: Mapping[str, PrefetchIterator[Any]]
    """What is made ahead, by the stage that makes it: `decode`, and `flow` where there is flow."""
    partial: Path
    """The film so far."""


FrameCallback = Callable[[FrameContext], None]


class Job:
    """One output, from its opening to its last event."""

    def __init__(
        self,
        video: VideoInfo,
        output: Path,
        signature: Mapping[str, str],
        needs: ResumeNeeds,
        device: Device,
        observe: Observer,
        *,
        restart: bool,
        on_frame: FrameCallback | None = None,
    ) -> None:
        """Choose the device and find where the run resumes, unless it is to `restart`. Raises StreamstyleError."""
        tune_malloc()
        self.video, self.output = video, output
        self._observe, self._on_frame = observe, on_frame
        self.timer, self.clock = StageTimer(), PausableClock()
        self.device = select_device(device, self.warn)
        checkpoint = None if restart else find_checkpoint(output, video.path, signature)
        self.checkpoints = CheckpointWriter(output, signature, needs, str(self.device), video.time_base, checkpoint)
        self.resume = self.checkpoints.resumed
        self.frames, self._shot = self.resume.frames, self.resume.last_shot
        self._queues: dict[str, PrefetchIterator[Any]] = {}

    def warn(self, message: str) -> None:
        """Tell the user that something is not as asked for, while the work goes on."""
        self._observe(Warned(message))

    def compile_kernels(self) -> None:
        """Compile the GPU's kernels now, where there are any; warn where they cannot be used."""
        if self.device.type == "cuda" and (why := why_unavailable(self.device.type)):
            self.warn(f"{why}; what our own kernels would do torch does, slower")

    def show_queues(self, **queues: object) -> None:
        """Show whoever watches the run how full these are, those of them that are prefetched."""
        self._queues = {name: queue for name, queue in queues.items() if isinstance(queue, PrefetchIterator)}

    def start(self, writer: VideoWriter, stop: threading.Event, *, method: str, style: str, upscale: int) -> None:
        """Say that everything is open, and take over the frames of the earlier run."""
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
        writer.copy_resumed(stop)
        self.clock = PausableClock()

    def frame_written(self, frame: OutputFrame, writer: VideoWriter) -> None:
        """Say that a frame is written, and show it to whoever watches."""
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
                    writer.partial,
                )
            )

    def finish(self, writer: VideoWriter, *, whole: bool, flow_cache: FlowCache | None = None) -> Finished | Stopped:
        """Say how it ended, once everything is closed: the file is whole when this is said."""
        for warning in writer.warnings(stopped=not whole):
            self.warn(warning)
        if flow_cache is not None and flow_cache.problem:
            self.warn(flow_cache.problem)
        frames, seconds, resumed = self.frames, self.clock.seconds, self.resume.frames
        flows = (flow_cache.computed, flow_cache.cached) if flow_cache is not None else (0, 0)
        ended: Finished | Stopped
        if whole:
            ended = Finished(str(self.output), frames, self._shot + 1, seconds, *flows, resumed)
        else:
            ended = Stopped(str(writer.partial), frames, seconds, resumed, self.checkpoints.resumable_frames)
        self._observe(ended)
        return ended
