"""Image sequences: a folder of images, or a pattern of numbered ones such as `frames/%05d.png`, as one film.

This module knows their names; `image_frames` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from hashlib import blake2b
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from streamstyle.errors import VideoError
from streamstyle.files import fingerprint

if TYPE_CHECKING:
    from streamstyle.settings import SourceSettings
    from streamstyle.video_info import VideoInfo

IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".exr", ".dpx", ".bmp", ".webp")

WRITTEN_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".exr")

_NUMBER = re.compile(r"%(?:0?(?P<digits>\d+))?d")
"""printf's conversion of a number, as FFmpeg has it in the names of image sequences."""

_FINGERPRINTED = 16
"""Images of a sequence whose content is read to tell it from another; of all of them, name and size."""


def is_pattern(path: Path) -> bool:
    """Return whether a path is the pattern of numbered images: one conversion of a number in its last part."""
    return len(_NUMBER.findall(path.name)) == 1


def is_sequence(path: Path) -> bool:
    """Return whether a path is an image sequence: the pattern of one, or a folder."""
    return is_pattern(path) or path.is_dir()


def _find_number(pattern: Path) -> re.Match[str]:
    match = _NUMBER.search(pattern.name)
    if match is None:
        raise ValueError(pattern)
    return match


def numbered(pattern: Path, number: int) -> Path:
    """Return the path of an image of a sequence."""
    match, name = _find_number(pattern), pattern.name
    digits = str(number).zfill(int(match["digits"] or 0))
    return pattern.with_name(f"{name[: match.start()]}{digits}{name[match.end() :]}")


def find_images(path: Path) -> Sequence[Path]:
    """Return the images of a sequence in order. VideoError if there is none, or if a numbered one is missing."""
    return _find_numbered(path) if is_pattern(path) else _find_in_folder(path)


def written_images(pattern: Path) -> dict[int, Path]:
    """Return the images that exist by this pattern, by number; none if the folder cannot be read."""
    place = _find_number(pattern)
    before, after = pattern.name[: place.start()], pattern.name[place.end() :]
    name = re.compile(rf"{re.escape(before)}(\d+){re.escape(after)}")
    try:
        found = {int(match[1]): entry for entry in pattern.parent.iterdir() if (match := name.fullmatch(entry.name))}
    except OSError:
        return {}
    return {number: found[number] for number in sorted(found) if found[number] == numbered(pattern, number)}


def _find_numbered(pattern: Path) -> list[Path]:
    found = written_images(pattern)
    if not found:
        raise VideoError(f"there is no image {pattern}", "Check the folder and the number of digits, such as %05d.")
    first, last = min(found), max(found)
    missing = next((number for number in range(first, last) if number not in found), None)
    if missing is not None:
        raise VideoError(
            f"{numbered(pattern, missing)} is missing, between {found[first].name} and {found[last].name}",
            "Give the folder in its place to leave out what is missing.",
        )
    return list(found.values())


def _find_in_folder(folder: Path) -> list[Path]:
    try:
        names = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        raise VideoError(f"{folder} cannot be read: {error.strerror}", "Check its permissions.") from error
    images = sorted((name for name in names if Path(name).suffix.lower() in IMAGE_SUFFIXES), key=natural_order)
    if not images:
        raise VideoError(f"{folder} is a folder without images", "Give a film, or a folder of PNG or TIFF images.")
    return [folder / name for name in images]


def natural_order(name: str) -> tuple[object, ...]:
    """Sort key by which 2.png comes before 10.png: text at even places, numbers at odd ones."""
    parts = re.split(r"(\d+)", name)
    return (*(int(part) if place % 2 else part for place, part in enumerate(parts)), name)


def first_number(video: VideoInfo) -> int:
    """Return the number of the first image written: the last one in the name of the first image read, else 1."""
    if not is_sequence(video.path):
        return 1
    numbers = re.findall(r"\d+", find_images(video.path)[video.start_pts].stem)
    return int(numbers[-1]) if numbers else 1


def sequence_range(path: Path, settings: SourceSettings, rate: Fraction) -> range:
    """Return the indices of the images from `settings.start` to `settings.end`."""
    count = len(find_images(path))
    start, end = (
        None if each is None else ceil(Fraction(each).limit_denominator(10**6) * rate)
        for each in (settings.start, settings.end)
    )
    return range(min(start or 0, count), count if end is None else min(end, count))


def source_size(path: Path) -> int:
    """Return the bytes of a film on the disk; of a sequence those of all images. Raises OSError."""
    return sum(each.stat().st_size for each in find_images(path)) if is_sequence(path) else path.stat().st_size


def source_fingerprint(path: Path) -> str:
    """Return what identifies the content of a film, as `fingerprint`; of a sequence by its names, sizes and samples."""
    if not is_sequence(path):
        return fingerprint(path)
    try:
        images = find_images(path)
    except VideoError as error:
        raise FileNotFoundError(str(error)) from error
    digest = blake2b(repr([(image.name, image.stat().st_size) for image in images]).encode(), digest_size=16)
    for image in images[:: ceil(len(images) / _FINGERPRINTED)]:
        digest.update(fingerprint(image).encode())
    return digest.hexdigest()
