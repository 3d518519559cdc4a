"""Arguments that name files: the output, checked before any work is done, and the requested range of the video."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streamstyle.errors import OutputError, SettingsError, VideoError
from streamstyle.settings import SourceSettings

if TYPE_CHECKING:
    from streamstyle.video_info import VideoInfo

TimeRange = tuple[float | None, float | None]
"""Start and end in seconds; None for the start or the end of the video."""


def confirm_output(output: Path, inputs: Sequence[Path], *, replace: bool, can_ask: bool, is_film: bool = True) -> None:
    """Raise OutputError if the output cannot be written; on a terminal, ask before replacing a file.

    `inputs` are the files that it is made from.
    """
    from streamstyle.media.output_names import check_output, exists_already
    from streamstyle.resume.earlier_run import remove_orphan_checkpoint

    check_output(output, inputs, is_film=is_film)
    if not exists_already(output, is_film=is_film):
        return
    if is_film:
        remove_orphan_checkpoint(output)
    if not (replace or (can_ask and _confirm_replacing(output))):
        raise OutputError(f"{output} exists already", "Give -y to replace it, or another output with -o.")


def _confirm_replacing(output: Path) -> bool:
    is_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    return is_terminal and click.confirm(f"{output} exists already. Replace it?", err=True)


def probe_range(
    movie: Path, settings: SourceSettings, sample: float | None, time_range: TimeRange | None
) -> tuple[VideoInfo, SourceSettings]:
    """Return the requested range of the video, and the settings with that range.

    Raises VideoError if the video cannot be read or has no such range, SettingsError for a range that cannot be.
    """
    from streamstyle.media.probe import probe

    require_one_range(sample, time_range)
    start, end = time_range or (None, None)
    source = replace(settings, start=start, end=end)
    video = probe(movie, source)
    if sample is None:
        return video, source
    start, end = middle_range(video, sample)
    source = replace(source, start=start, end=end)
    return probe(movie, source), source


def probe_stated_range(
    movie: Path, settings: SourceSettings, sample: float | None, time_range: TimeRange | None
) -> tuple[VideoInfo, SourceSettings]:
    """Return what `probe_range` does, by what the container states: the film is not read, frames are an estimate."""
    from streamstyle.media.image_sequence import is_sequence
    from streamstyle.media.probe import probe_header

    require_one_range(sample, time_range)
    if is_sequence(movie):
        return probe_range(movie, settings, sample, time_range)
    return stated_range(probe_header(movie), settings, sample, time_range)


def stated_range(
    video: VideoInfo, settings: SourceSettings, sample: float | None, time_range: TimeRange | None
) -> tuple[VideoInfo, SourceSettings]:
    """Return the requested range and size of a whole video that `probe_header` returned, and the settings with them.

    Raises SettingsError or VideoError if there is no such range.
    """
    from streamstyle.media.stated_range import at_working_size, cut_to_range

    start, end = (time_range or (None, None)) if sample is None else middle_range(video, sample)
    source = replace(settings, start=start, end=end)
    return cut_to_range(at_working_size(video, source), start, end, source), source


def require_free_stdout(output: Path | None, *, as_json: bool) -> None:
    """Raise SettingsError if standard output would get both the film and the events."""
    if as_json and str(output) in ("-", "nut:-"):
        raise SettingsError(f"--json and -o {output} both write to standard output", "Give one of them.")


def require_one_range(sample: float | None, time_range: TimeRange | None) -> None:
    """Raise SettingsError if both --sample and --range are given."""
    if sample is not None and time_range is not None:
        raise SettingsError("--sample and --range cannot be given together", "Give one of them.")


def middle_range(video: VideoInfo, length: float) -> TimeRange:
    """Return the range of `length` seconds in the middle of the video; the whole video if it is shorter."""
    if length <= 0:
        raise SettingsError(f"--sample cannot be {length:g} s", "Give a time above 0.")
    if video.duration is None:
        raise VideoError(f"the duration of {video.path} is unknown", "Give --range A-B instead of --sample.")
    if video.duration <= length:
        return None, None
    start = (video.duration - length) / 2
    return start, start + length
