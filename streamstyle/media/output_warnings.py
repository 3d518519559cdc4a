"""What a user should know of an output before it is made: what it will not hold as the film does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from streamstyle.media import timecode
from streamstyle.media.image_sequence import is_pattern
from streamstyle.media.muxer_trial import written_tags
from streamstyle.media.output_file import new_container
from streamstyle.media.reader import open_video
from streamstyle.media.standard_streams import is_stdout
from streamstyle.media.stream_plan import portable_tags
from streamstyle.settings import SourceSettings
from streamstyle.video_info import VideoInfo

DEINTERLACED = "interlaced, and is deinterlaced; --deinterlace off keeps it"
INTERLACED = "interlaced, and is not deinterlaced: combing is stylised too"

_SHOWN_TAGS = 5


def output_warnings(video: VideoInfo, output: Path, source: SourceSettings) -> Iterator[str]:
    """Yield what of the video beside its streams `output` will not hold, and what its frames should be but are not.

    `source` is what the video was probed with.

    OutputError if FFmpeg knows no container by the suffix of `output`.
    """
    if lost := _lost_tags(video, output):
        more = f" and {len(lost) - _SHOWN_TAGS} more" if len(lost) > _SHOWN_TAGS else ""
        yield f"tags are left out: {output.suffix} cannot hold {', '.join(lost[:_SHOWN_TAGS])}{more}"
    if changed := _rounded_size(video, source) or _trimmed_sides(video):
        yield changed
    if video.is_interlaced:
        yield f"the film is {DEINTERLACED if video.deinterlacing else INTERLACED}"


def _rounded_size(video: VideoInfo, source: SourceSettings) -> str:
    """Return what becomes of an odd side that was asked for; empty if there is none."""
    if source.size is not None:
        asked, sides = f"--size {source.size[0]}x{source.size[1]}", source.size
    elif source.height is not None:
        asked, sides = f"--height {source.height}", (source.height, 0)
    elif source.max_height is not None and source.max_height < video.upright_source_size[1]:
        asked, sides = f"--max-height {source.max_height}", (source.max_height, 0)
    else:
        return ""
    is_odd = any(side % 2 for side in sides)
    return f"{asked} becomes {video.width}x{video.height}, since sides have to be even" if is_odd else ""


def _trimmed_sides(video: VideoInfo) -> str:
    """Return what is cut off a film with an odd side; empty if nothing is, or another size was asked for."""
    width, height = video.upright_source_size
    missing = [name for name, side in (("column", width), ("line", height)) if side % 2]
    if not missing or (video.width, video.height) != (width & ~1, height & ~1):
        return ""
    sizes = f"{width}x{height} becomes {video.width}x{video.height}"
    return f"{sizes}, since sides have to be even: the last {' and '.join(missing)} of each frame is cut off"


def _lost_tags(video: VideoInfo, output: Path) -> list[str]:
    """Return the names of the film's tags that the container does not give back."""
    if is_pattern(output) or is_stdout(output):
        return []
    with new_container(output, output) as unwritten:
        container = unwritten.format.name
    with open_video(video.path) as source:
        tags = portable_tags(source.metadata)
    if not tags:
        return []
    kept = {name.lower() for name in written_tags(container, tags)}
    return [name for name in tags if name.lower() not in kept | {timecode.TAG}]
