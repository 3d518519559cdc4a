"""Which checkpoints a run keeps: those of a file, those of an image sequence, or none where something is piped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from streamstyle.media.image_sequence import first_number, is_pattern
from streamstyle.media.output_names import check_output
from streamstyle.media.standard_streams import STDIN, is_stdout
from streamstyle.resume.checkpoint_writer import CheckpointWriter, NullCheckpointWriter, ResumeNeeds
from streamstyle.resume.earlier_run import find_earlier_run
from streamstyle.resume.sequence_checkpoints import SequenceCheckpoints
from streamstyle.video_info import VideoInfo

Checkpoints: TypeAlias = CheckpointWriter | SequenceCheckpoints | NullCheckpointWriter


def can_resume(video: VideoInfo, output: Path) -> bool:
    """Return whether a run that was stopped can be resumed: a pipe can be read, and written to, only once."""
    return video.path != STDIN and not is_stdout(output)


def resume_warnings(video: VideoInfo, output: Path) -> Iterator[str]:
    """Yield what the user should know before a run that cannot be resumed."""
    if not can_resume(video, output):
        yield "what is piped cannot be resumed: after a stop the same command starts from the beginning"


def find_checkpoints(
    video: VideoInfo,
    output: Path,
    inputs: Sequence[Path],
    signature: Mapping[str, str],
    needs: ResumeNeeds,
    arithmetic: str,  # the device, and what else determines how results are rounded
    warn: Callable[[str], None],
    *,
    restart: bool,
) -> Checkpoints:
    """Return the checkpoints of a run, which say where it resumes. OutputError as of `find_earlier_run`."""
    if is_stdout(output):
        return NullCheckpointWriter()
    if is_pattern(output):
        check_output(output, inputs)
        restart = restart or not can_resume(video, output)
        number = first_number(video)
        return SequenceCheckpoints(output, signature, needs, arithmetic, video.time_base, number, warn, restart=restart)
    if not can_resume(video, output):
        find_earlier_run(output, inputs, signature, warn, restart=True)
        return NullCheckpointWriter()
    earlier = find_earlier_run(output, inputs, signature, warn, restart=restart)
    return CheckpointWriter(output, signature, needs, arithmetic, video.time_base, earlier)
