"""Frames of a film with the paintings of them, as training takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from streamstyle.errors import SettingsError, StyleError, VideoError
from streamstyle.frames import Frame
from streamstyle.media.images import RgbImage, read_image, resize
from streamstyle.stages.decode import decode
from streamstyle.styles.keyframes import Keyframe
from streamstyle.styles.painted_frames import PaintedFrame
from streamstyle.train.film_images import MAX_DECODED, FilmImages
from streamstyle.video_info import VideoInfo

MAX_STRETCH = 1.03
"""Ratio of the aspect ratios of frame and painting up to which they count as the same: sides are whole pixels."""

_SEARCHED_SECONDS = 1.0
"""The nearest frame is looked for from this long before a time to this long after it."""


def split_by_painting(film: FilmImages, painted: Sequence[PaintedFrame]) -> list[list[RgbImage]]:
    """Return frames of the film for each painting: its own, and those to which it is the nearest in time."""
    parts = [[each.image] for each in painted]
    for image, pts in zip(film.images, film.pts, strict=True):
        distances = [abs(each.pts - pts) for each in painted]
        parts[distances.index(min(distances))].append(image)
    return parts


def read_painted_frames(video: VideoInfo, keyframes: Sequence[Keyframe]) -> list[PaintedFrame]:
    """Return the key frames of a whole film with their paintings, in the order of their times.

    A painting of another size is resized. Raises SettingsError for a time outside the film and for two paintings of one
    frame, StyleError for a painting that cannot be read or has another aspect ratio.
    """
    ordered = sorted(keyframes, key=lambda each: each.seconds)
    frames = _find_frames(video, [keyframe.seconds for keyframe in ordered])
    painted = [
        PaintedFrame(frame.pts, frame.image, _read_painting(video, keyframe))
        for frame, keyframe in zip(frames, ordered, strict=True)
    ]
    for before, after in pairwise(painted):
        if before.pts == after.pts:
            seconds = float((after.pts - video.start_pts) * video.time_base)
            raise SettingsError(f"--keyframe names the frame at {seconds:g} s twice", "Give one painting of it.")
    return painted


def _read_painting(video: VideoInfo, keyframe: Keyframe) -> RgbImage:
    painting = read_image(keyframe.painting)
    height, width = painting.shape[:2]
    ratio = width / height * video.height / video.width
    shapes = (ratio, ratio / float(video.sample_aspect_ratio))  # painted over stored pixels, or over what is shown
    if not any(1 / MAX_STRETCH <= shape <= MAX_STRETCH for shape in shapes):
        raise StyleError(
            f"{keyframe.painting} is {width}x{height}, and the frames of {video.path.name} are "
            f"{video.width}x{video.height}",
            "Crop it to the shape of a frame; any size will do.",
        )
    return resize(painting, (video.width, video.height))


def _find_frames(video: VideoInfo, times: Sequence[float]) -> list[Frame]:
    """Return the frames that are nearest to times in seconds from the start of the film."""
    for seconds in times:
        if video.duration is not None and seconds >= video.duration:
            raise SettingsError(
                f"--keyframe {seconds:g} s is not in {video.path.name}, which is {video.duration:g} s long",
                "Give the time of a frame of the film.",
            )
    if video.duration is None or (video.frames is not None and video.frames <= MAX_DECODED):
        return _nearest_frames(video, decode(video), times)
    return [frame for seconds in times for frame in _nearest_frames(video, _frames_around(video, seconds), [seconds])]


def _frames_around(video: VideoInfo, seconds: float) -> Iterator[Frame]:
    start = max(0.0, seconds - _SEARCHED_SECONDS)
    end = video.start_pts + round((seconds + _SEARCHED_SECONDS) / float(video.time_base))
    return takewhile(lambda frame: frame.pts <= end, decode(video.starting_at(start)))


def _nearest_frames(video: VideoInfo, frames: Iterator[Frame], times: Sequence[float]) -> list[Frame]:
    """Return for each time the nearest of the frames. Raises VideoError if there is none."""
    wanted = [video.start_pts + round(seconds / float(video.time_base)) for seconds in times]
    first = next(frames, None)
    if first is None:
        raise VideoError(f"{video.path.name} has no frame at {times[0]:g} s", "Give the time of a frame of the film.")
    nearest = [first] * len(wanted)
    for frame in frames:
        nearest = [
            min(best, frame, key=lambda each: abs(each.pts - pts)) for best, pts in zip(nearest, wanted, strict=True)
        ]
    return nearest
