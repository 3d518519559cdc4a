"""Opens what a run writes: a file, standard output or an image sequence, so that it is closed whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TypeAlias

from streamstyle.files import file_state
from streamstyle.media.output_file import lock_existing
from streamstyle.media.output_names import check_output, partial_path, set_aside_path
from streamstyle.media.reader import open_video
from streamstyle.media.standard_streams import StandardOutput, is_stdout
from streamstyle.resume.checkpoint_writer import CheckpointWriter, NullCheckpointWriter
from streamstyle.resume.checkpoints import Checkpoints
from streamstyle.resume.earlier_run import NoSideFiles, open_partial, set_aside
from streamstyle.resume.sequence_checkpoints import SequenceCheckpoints
from streamstyle.settings import EncoderSettings
from streamstyle.stages.sequence_writer import SequenceWriter
from streamstyle.stages.writer import VideoWriter
from streamstyle.video_info import VideoInfo

Writer: TypeAlias = VideoWriter | SequenceWriter


@contextmanager
def open_output(
    video: VideoInfo, output: Path, settings: EncoderSettings, checkpoints: Checkpoints
) -> Iterator[Writer]:
    """Open the output, a file, standard output or an image sequence, as `open_writer` does."""
    if isinstance(checkpoints, SequenceCheckpoints):
        with closing(SequenceWriter(video, output, settings, checkpoints)) as sequence:
            yield sequence
    else:
        with open_writer(video, output, settings, checkpoints) as writer:
            yield writer


@contextmanager
def open_writer(
    video: VideoInfo,
    output: Path,
    settings: EncoderSettings,
    checkpoints: CheckpointWriter | NullCheckpointWriter | None = None,
) -> Iterator[VideoWriter]:
    """Open the output for the images of a video; with `checkpoints` a later run can resume where this one ends.

    It is a file, or standard output, which cannot be resumed.

    Raises OutputError if the file cannot be written, SettingsError if the encoder refuses its settings. Leaving without
    `publish` closes the file under its partial name, playable, and removes it if no frame was written.
    """
    checkpoints = checkpoints or NullCheckpointWriter()
    with ExitStack() as stack:
        if is_stdout(output):
            pipe, source = StandardOutput(output), stack.enter_context(open_video(video.path))
            writer = VideoWriter(video, source, output, settings, checkpoints, pipe, NoSideFiles())
            stack.callback(writer.close)
            yield writer
            return
        check_output(output, [video.path])
        for path in (partial_path(output), set_aside_path(output)):
            stack.enter_context(lock_existing(path))
        side_files = stack.enter_context(set_aside(output, checkpoints.earlier))
        file = stack.enter_context(closing(open_partial(output, side_files)))
        source = stack.enter_context(open_video(video.path))
        is_file = video.path.is_file()
        source_file = stack.enter_context(video.path.open("rb")) if is_file else None
        state = file_state(source_file) if source_file else None
        writer = VideoWriter(video, source, output, settings, checkpoints, file, side_files)
        stack.callback(writer.close)
        yield writer
        writer.source_changed = source_file is not None and file_state(source_file) != state
