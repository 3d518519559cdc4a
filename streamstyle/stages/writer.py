"""Writes the output: encodes the images, copies sound, subtitles and chapters of the source, and publishes the file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from av.format import Flags
from torch import Tensor

from streamstyle.errors import OutputError, StreamstyleError
from streamstyle.frames import OutputFrame
from streamstyle.media.captions import holds_text
from streamstyle.media.decode_times import DtsContinuation
from streamstyle.media.faststart import FASTSTART_SUFFIXES, index_in_front
from streamstyle.media.frame_converter import resize_alpha
from streamstyle.media.output_file import PartialFile, new_container, output_errors
from streamstyle.media.standard_streams import StandardOutput
from streamstyle.media.stream_copy import StreamCopier
from streamstyle.media.stream_plan import needs_tee, plan_streams, portable_tags
from streamstyle.media.time_range import cut_chapters, decode_time, time_range
from streamstyle.media.timecode import with_timecode_after
from streamstyle.media.video_encoder import VideoEncoder, write_header
from streamstyle.ops.transfer import to_host, to_host_deep
from streamstyle.resume.checkpoint import ResumePoint
from streamstyle.resume.checkpoint_writer import CheckpointWriter, NullCheckpointWriter
from streamstyle.resume.earlier_run import NoSideFiles, SideFiles
from streamstyle.resume.packet_digest import PacketDigest
from streamstyle.settings import EncoderSettings
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    import numpy as np
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream
    from numpy.typing import NDArray


class VideoWriter:
    """Takes images in display order; `outputs.open_writer` makes one."""

    def __init__(
        self,
        video: VideoInfo,
        source: InputContainer,
        output: Path,
        settings: EncoderSettings,
        checkpoints: CheckpointWriter | NullCheckpointWriter,
        file: PartialFile | StandardOutput,
        side_files: SideFiles | NoSideFiles,
    ) -> None:
        """Add all streams and write the header."""
        self.checkpoints = checkpoints
        self.partial = file.path
        """The name of the file until it is published."""
        self.frames = 0
        """Frames written so far, those of an earlier run included."""
        self.source_changed = False
        """Whether the source was written to while it was read; known once this is closed."""
        self._video, self._output, self._file, self._side_files = video, output, file, side_files
        self._range = time_range(video, source)
        self._end = Fraction(0)
        self._dts = DtsContinuation()
        self._frames_without_captions, self._has_lost_alpha = 0, False
        self._is_open, self._failed = True, False
        self._faststart = (
            settings.faststart and isinstance(file, PartialFile) and output.suffix.lower() in FASTSTART_SUFFIXES
        )
        self._index_problems = list[str]()
        plan = plan_streams(video, output)
        self._container = new_container(output, file, video.time_base, through_tee=needs_tee(plan, source, output))
        source_video = cast("VideoStream", source.streams[video.video_stream])
        self._encoder = VideoEncoder(self._container, video, output, settings, source_video)
        self._copied_streams = StreamCopier(video, source, plan, self._range, self._container)
        tags = with_timecode_after(portable_tags(source.metadata), self._encoder.skipped, video.frame_rate)
        self._container.metadata.update(tags)
        self._container.set_chapters(cut_chapters(source.chapters(), self._range))
        self._write_header(settings)

    @property
    def dropped_packets(self) -> int:
        """Number of packets of sound or subtitles that the muxer refused."""
        return self._copied_streams.dropped_packets

    def warnings(self, *, stopped: bool) -> Iterator[str]:
        """Yield problems that did not prevent the output from being written."""
        if self.dropped_packets:
            yield f"{self.dropped_packets} damaged packets of sound or subtitles were dropped"
        if self._frames_without_captions:
            codec = self._encoder.stream.codec_context.name
            yield f"closed captions of {self._frames_without_captions} frames were left out: {codec} cannot hold them"
        if self._has_lost_alpha:
            codec = self._encoder.stream.codec_context.name
            yield f"the alpha was left out: {codec} does not hold it; --codec prores or ffv1 do, and PNG images"
        yield from self._index_problems
        yield from self._side_files.kept
        yield from self.checkpoints.warnings(stopped=stopped)
        if not stopped:
            yield from self._losses()

    def _losses(self) -> Iterator[str]:
        """Yield what was found when the video was probed and could not be read when it was processed."""
        name = self._video.path.name
        if self.source_changed:
            yield f"{name} was changed while it was read, so the output may be of another film, or of a part of it"
        if self._video.frames is not None and self.frames < self._video.frames:
            yield f"{self.frames} of {self._video.frames} frames could be read; {name} may be damaged"
        for label, (read, expected) in self._copied_streams.missing_packets().items():
            yield f"{read} of {expected} packets of sound ({label}) could be read; {name} may be damaged"

    def copy_resumed(self, stop: threading.Event) -> None:
        """Copy the frames of an earlier run, if there are any; once `stop` is set, keep the earlier file instead."""
        if (earlier := self.checkpoints.earlier.video) is None:
            return
        last_pts, last_duration, tick = earlier.last_pts, earlier.last_duration, self._video.time_base
        with self._note_failure():
            for packet in earlier.packets(self.output_pts(last_pts) * tick, last_duration * tick):
                if stop.is_set():
                    return
                self._dts.add(packet)
                self._mux_packet(packet)
        self.frames = earlier.frames
        self.checkpoints.frames_copied()
        self._set_end(last_pts, last_duration)

    def copy_encoded(
        self,
        packets: Iterable[Packet[Any]],  # with their times in the output
        frames: int,
        last_pts: int,  # display time of the last frame, ticks of the source
        last_duration: int,  # ticks of the source; 0 if unknown
    ) -> None:
        """Copy frames that follow those so far and were encoded by an encoder like this one, a keyframe first."""
        with self._note_failure():
            self._file.require_in_place()
            for packet in packets:
                self._dts.repair(packet)
                self._mux_packet(packet)
        self.frames += frames
        self._set_end(last_pts, last_duration)

    def write_frame(self, frame: OutputFrame) -> None:
        """Encode a frame, as a keyframe if it is chosen as a resume point."""
        position, resume_point = frame.position, self.checkpoints.resume_point(frame)
        self.write(
            frame.image,
            position.pts,
            resume_point,
            duration=position.duration,
            captions=frame.captions,
            alpha=frame.alpha,
        )
        self.checkpoints.frame_encoded(frame)

    def write(
        self,
        image: Tensor,  # [3, H, W] float in [0, 1]
        pts: int,  # ticks of the source
        resume_point: ResumePoint | None = None,
        *,
        duration: int = 0,  # ticks of the source; 0 if unknown
        captions: bytes = b"",  # as `Frame.captions`
        alpha: NDArray[np.uint16] | None = None,  # as `Frame.alpha`
    ) -> None:
        """Encode one image, and copy the other streams up to the video packets that were muxed.

        The image becomes a keyframe if a `resume_point`, the state needed to resume with it, is given.
        """
        output_pts = self.output_pts(pts)
        if resume_point is not None:
            self.checkpoints.expect_keyframe(resume_point, self._encoder.to_ticks(output_pts))
        with self._note_failure():
            self._file.require_in_place()
            pixels = to_host_deep(image) if self._encoder.is_deep else to_host(image, self._encoder.luma)
            kept = None
            if alpha is not None and self._encoder.holds_alpha:
                kept = resize_alpha(alpha, self._video.width, self._video.height)
            self._mux_encoded(
                self._encoder.encode(pixels, output_pts, resume_point is not None, duration, captions, kept)
            )
        self.frames += 1
        if alpha is not None and not (self._encoder.holds_alpha or self._has_lost_alpha):
            self._has_lost_alpha = bool(alpha.min() < 65535)
        self._frames_without_captions += holds_text(captions) and not self._encoder.holds_captions
        self._set_end(pts, duration)

    def publish(self, before_rename: Callable[[], None] = lambda: None) -> None:
        """Finish the file and give it its final name. Raises OutputError if it has no frame or the disk is full.

        `before_rename` is called when nothing is left to do that takes time.
        """
        if self.frames == 0:
            raise OutputError(
                f"{self._output.name} would be empty: {self._video.path.name} has no frame that can be decoded",
                "Give another film, or another part of it.",
            )
        with self._note_failure():
            self._finish(None)
            if self._side_files.aside():
                self.checkpoints.close()  # so that a kill from here on leaves only what is complete
            self._file.sync()
            with ExitStack() as stack:
                file = self._file
                if self._faststart and isinstance(file, PartialFile):
                    file = stack.enter_context(index_in_front(file, self._output, self._index_problems.append))
                before_rename()
                file.publish(self._output)
            self._side_files.finish()

    def close(self) -> None:
        """Close the unfinished file, with sound up to the last frame; remove it if there is no frame."""
        if not self._is_open:
            return
        try:
            self._finish(self._end)
        except OutputError:
            if not self._failed:  # otherwise an earlier error is being raised
                raise
        if self.frames == 0:
            self._give_up()
        elif not self._failed:
            self.checkpoints.close()

    def _write_header(self, settings: EncoderSettings) -> None:
        try:
            with output_errors(self.partial):
                write_header(self._container, self._output, settings)
            stream = self._encoder.stream
            codec = stream.codec_context.codec.canonical_name
            self.checkpoints.check_encoder(codec, stream.codec_context.extradata)
        except StreamstyleError:
            self._container.close()
            self._give_up()
            raise
        keeps_times = self._container.format.flags & cast("int", Flags.variable_fps.value)
        self._packets = PacketDigest(codec, Fraction(stream.time_base or 1), with_times=bool(keeps_times))
        self.checkpoints.open(self._file, self._side_files, self._packets)

    def _give_up(self) -> None:
        """Remove what was written; without frames it is of no use."""
        with output_errors(self.partial):
            self._file.discard()
            if self.checkpoints.earlier.video is None:
                self._side_files.finish()

    def _set_end(self, last_pts: int, duration: int) -> None:
        seconds = duration * self._video.time_base or self._encoder.duration
        self._end = self.output_pts(last_pts) * self._video.time_base + seconds

    def output_pts(self, pts: int) -> int:
        """Return the display time in the output, in ticks of the source as `pts`."""
        return pts - round(self._range.origin / self._video.time_base)

    @contextmanager
    def _note_failure(self) -> Iterator[None]:
        """Turn errors of writing into OutputError, and note them: a file that could not be written is not finished."""
        try:
            with output_errors(self.partial):
                yield
        except OutputError:
            self._failed = True
            raise

    def _mux_encoded(self, packets: list[Packet[Any]]) -> None:
        """Mux packets of the encoder, and report them to the checkpoint writer."""
        for packet in packets:
            self._dts.repair(packet)
            pts, is_keyframe, dts, before = packet.pts, packet.is_keyframe, decode_time(packet), self._packets.digest()
            self._mux_packet(packet)
            self.checkpoints.packet_muxed(pts, is_keyframe, dts, before)

    def _mux_packet(self, packet: Packet[Any]) -> None:
        self._copied_streams.mux_until(decode_time(packet))
        self._packets.add(packet)
        packet.stream = self._encoder.stream
        self._container.mux(packet)

    def _finish(self, copy_until: Fraction | None) -> None:
        self._is_open = False
        with output_errors(self.partial), closing(self._container), closing(self._copied_streams):
            if self.frames and not self._failed:
                self._mux_encoded(self._encoder.flush())
                self._copied_streams.mux_until(copy_until)
                self.checkpoints.closing()
