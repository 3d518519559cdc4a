"""Images become a video file: encoded as they come, with the source's sound and times, published whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor

from streamstyle.errors import OutputError, StreamstyleError
from streamstyle.files import publish
from streamstyle.frames import OutputFrame
from streamstyle.media.decode_times import DtsContinuation
from streamstyle.media.output_file import (
    check_output,
    locked,
    new_container,
    output_errors,
    partial_path,
    remove_if_empty,
)
from streamstyle.media.reader import open_video
from streamstyle.media.stream_copy import StreamCopier, cut_chapters, decode_time, time_range
from streamstyle.media.stream_plan import has_adts_aac, plan_streams, portable_tags
from streamstyle.media.video_encoder import VideoEncoder, write_header
from streamstyle.ops.transfer import to_host
from streamstyle.resume.checkpoint import ResumePoint, remove_checkpoint
from streamstyle.resume.checkpoint_writer import CheckpointWriter, NullCheckpointWriter
from streamstyle.resume.partial_video import PartialVideo, set_aside
from streamstyle.settings import EncoderSettings
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream


class VideoWriter:
    """Takes images in the order they are shown; see `open_writer`."""

    def __init__(
        self,
        film: VideoInfo,
        source: InputContainer,
        output: Path,
        settings: EncoderSettings,
        checkpoints: CheckpointWriter | NullCheckpointWriter,
        partial_video: PartialVideo | None = None,
    ) -> None:
        """Add all streams and write the header."""
        self.checkpoints = checkpoints
        self.partial = partial_path(output)
        """The file until it is published."""
        self.frames = 0
        """Frames taken so far, those of an earlier run among them."""
        self._video, self._output, self._partial_video = film, output, partial_video
        self._span = time_range(film, source)
        self._end = Fraction(0)
        self._dts = DtsContinuation()
        self._open, self._broken = True, False
        self._container = new_container(output, self.partial, film.time_base, in_fragments=not has_adts_aac(source))
        source_video = cast("VideoStream", source.streams[film.video_stream])
        self._encoder = VideoEncoder(self._container, film, output, settings, source_video)
        self._copied_streams = StreamCopier(film, source, plan_streams(film, output), self._span, self._container)
        self._container.metadata.update(portable_tags(source.metadata))
        self._container.set_chapters(cut_chapters(source.chapters(), self._span))
        self._write_header(settings)

    def _write_header(self, settings: EncoderSettings) -> None:
        try:
            with output_errors(self.partial):
                write_header(self._container, settings)
            context = self._encoder.stream.codec_context
            self.checkpoints.check_encoder(context.codec.canonical_name, context.extradata)
        except StreamstyleError:
            self._container.close()
            remove_if_empty(self.partial)
            raise

    @property
    def dropped_packets(self) -> int:
        """Packets of sound or subtitles that the container would not take."""
        return self._copied_streams.dropped_packets

    def warnings(self, *, stopped: bool) -> Iterator[str]:
        """Yield what is not as it should be, and did not keep the video from being written."""
        if self.dropped_packets:
            yield f"{self.dropped_packets} damaged packets of sound or subtitles were left out"
        yield from self.checkpoints.warnings(stopped=stopped)
        if self._video.frames is not None and self.frames < self._video.frames and not stopped:
            name = self._video.path.name
            yield f"{self.frames} of {self._video.frames} frames could be read; {name} may be damaged"

    def copy_resumed(self, stop: threading.Event) -> None:
        """Copy the frames of an earlier run, if there are any; where `stop` is set they stay as they were."""
        if self._partial_video is None:
            return
        last_pts = self._partial_video.last_pts
        with self._errors_noted():
            for packet in self._partial_video.packets(self._output_pts(last_pts) * self._video.time_base):
                if stop.is_set():
                    return
                self._dts.add(packet)
                self._mux_packet(packet)
        self.frames = self._partial_video.frames
        self._set_end(last_pts)

    def write_frame(self, frame: OutputFrame) -> None:
        """Encode a frame that a later run may resume at."""
        self.write(frame.image, frame.position.pts, self.checkpoints.resume_point(frame))
        self.checkpoints.frame_encoded(frame)

    def write(
        self,
        image: Tensor,  # [3, H, W] float in [0, 1]
        pts: int,  # in ticks of the source
        resume_point: ResumePoint | None = None,
    ) -> None:
        """Encode one image, and copy the other streams as far as the video has got into the file.

        With a `resume_point`, which is what resuming with this image takes, it is made a keyframe.
        """
        output_pts = self._output_pts(pts)
        if resume_point is not None:
            self.checkpoints.expect_keyframe(resume_point, self._encoder.to_ticks(output_pts))
        with self._errors_noted():
            pixels = to_host(image, self._encoder.luma)
            self._mux(self._encoder.encode(pixels, output_pts, resume_point is not None))
        self.frames += 1
        self._set_end(pts)

    def publish(self) -> None:
        """Finish the whole video and give it its final name. OutputError where there is no room, or no frame."""
        if self.frames == 0:
            raise OutputError(f"{self._output.name} would be empty: no frame was painted", "Give a film with frames.")
        self._finish(None)
        with output_errors(self.partial):
            publish(self.partial, self._output)
        self.checkpoints.remove()

    def close(self) -> None:
        """Finish the file under its partial name, sound no longer than picture; of no frames nothing remains."""
        if not self._open:
            return
        try:
            self._finish(self._end)
        except OutputError:
            if not self._broken:  # else it is on its way already
                raise
        if self.frames == 0:
            self.partial.unlink(missing_ok=True)
        elif not self._broken:
            self.checkpoints.close()

    def _set_end(self, last_pts: int) -> None:
        self._end = self._output_pts(last_pts) * self._video.time_base + self._encoder.duration

    def _output_pts(self, pts: int) -> int:
        """Return the time in the output of a frame of the source, both in ticks of the source."""
        return pts - round(self._span.origin / self._video.time_base)

    @contextmanager
    def _errors_noted(self) -> Iterator[None]:
        try:
            with output_errors(self.partial):
                yield
        except OutputError:
            self._broken = True
            raise

    def _mux(self, packets: list[Packet[Any]]) -> None:
        """Write what the encoder gave out."""
        for packet in packets:
            self._dts.repair(packet)
            pts, is_keyframe, due = packet.pts, packet.is_keyframe, decode_time(packet)
            self._mux_packet(packet)
            self.checkpoints.packet_muxed(pts, is_keyframe, due)

    def _mux_packet(self, packet: Packet[Any]) -> None:
        self._copied_streams.mux_until(decode_time(packet))
        packet.stream = self._encoder.stream
        self._container.mux(packet)

    def _finish(self, sound_until: Fraction | None) -> None:
        self._open = False
        with output_errors(self.partial), closing(self._container), closing(self._copied_streams):
            if self.frames and not self._broken:
                self._mux(self._encoder.flush())
                self._copied_streams.mux_until(sound_until)


@contextmanager
def open_writer(
    video: VideoInfo,
    output: Path,
    settings: EncoderSettings,
    checkpoints: CheckpointWriter | NullCheckpointWriter | None = None,
) -> Iterator[VideoWriter]:
    """Open the output for the film's images; with `checkpoints` a later run can resume where this one ends.

    OutputError when it cannot be written there, SettingsError when the encoder refuses its settings. Leaving without
    `publish` closes the file well under its partial name, playable, and removes it when no frame was written.
    """
    checkpoints = checkpoints or NullCheckpointWriter()
    check_output(output, video.path)
    with ExitStack() as stack:
        partial_video = None
        if checkpoints.checkpoint is not None:
            stack.enter_context(locked(output.with_name(checkpoints.checkpoint.file)))
            partial_video = stack.enter_context(set_aside(output, checkpoints.checkpoint))
        stack.enter_context(locked(partial_path(output)))
        source = stack.enter_context(open_video(video.path))
        writer = VideoWriter(video, source, output, settings, checkpoints, partial_video)
        stack.callback(writer.close)
        if partial_video is None:
            remove_checkpoint(output)
        yield writer
