"""What a run warns of before it starts, and `--dry-run` says, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from streamstyle.formatting import format_timestamp
from streamstyle.looks import Looks
from streamstyle.settings import SourceSettings

if TYPE_CHECKING:
    from streamstyle.video_info import VideoInfo


def stream_warnings(video: VideoInfo, output: Path) -> Iterator[str]:
    """Yield which streams the output will not hold as they are. OutputError if FFmpeg knows no container for it."""
    from streamstyle.media.stream_plan import plan_streams

    for plan in plan_streams(video, output):
        if plan.reason:
            yield f"stream #{plan.stream.index} is {plan.action}: {plan.reason}"


def film_warnings(video: VideoInfo, output: Path, source: SourceSettings, script: Looks | None = None) -> Iterator[str]:
    """Yield what else of the film the output will not hold, and what of a script is for after its end.

    `source` is what the video was probed with.
    """
    from streamstyle.media.output_warnings import output_warnings

    yield from output_warnings(video, output, source)
    end = video.film_end
    if script is None or end is None:
        return
    if late := script.never_shown(end):
        times = f"begins at {format_timestamp(late[0].start)}, and the film ends at {format_timestamp(end)}"
        all_late = f" ({len(late)} shots in all)" if len(late) > 1 else ""
        yield f"{late[0].place}: the shot {times}: it is ignored{all_late}"
