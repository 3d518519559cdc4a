"""What a container asks to cut off its frames is cut off, before they are turned."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from streamstyle.video_info import Cropping
from tests.films import pan, write_film
from tests.video_io import mean_difference, read_video

SIDES = Cropping(left=8, top=4, right=2, bottom=6)
PICTURES = pan(frames=4, width=64, height=48).frames


def write_cropped(path: Path, rotation: int = 0) -> Path:
    """Write a Matroska film with PixelCrop elements, in place of its Colour element (RFC 9559)."""
    write_film(path, PICTURES, rotation=rotation)
    data = path.read_bytes()
    at = data.index(b"\x55\xb0")
    size = 3 + (data[at + 2] & 0x7F)
    names = {b"\x54\xcc": SIDES.left, b"\x54\xbb": SIDES.top, b"\x54\xdd": SIDES.right, b"\x54\xaa": SIDES.bottom}
    sides = b"".join(name + b"\x81" + bytes([pixels]) for name, pixels in names.items())
    void = b"\xec" + bytes([0x80 | size - len(sides) - 2]) + bytes(size - len(sides) - 2)
    path.write_bytes(data[:at] + sides + void + data[at + size :])
    return path


def remux(source: Path, target: Path) -> Path:
    """Copy the film into another container, cropping and rotation included."""
    with av.open(str(source)) as film, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(film.streams.video[0], opaque=True)
        for packet in film.demux(video=0):
            if packet.size:
                packet.stream = stream
                container.mux(packet)
    return target


@pytest.mark.parametrize("suffix", ["mkv", "mov", "mp4"])
def test_the_cropping_of_a_container_is_applied(tmp_path: Path, suffix: str) -> None:
    path = write_cropped(tmp_path / "film.mkv")
    path = path if suffix == "mkv" else remux(path, tmp_path / f"film.{suffix}")
    video, frames = read_video(path)
    assert video.cropping == SIDES
    assert (video.width, video.height) == (video.source_width, video.source_height) == (54, 38)
    for frame, picture in zip(frames, PICTURES, strict=True):
        assert mean_difference(frame.image, picture[4:-6, 8:-2]) < 6


def test_what_is_cut_off_turns_with_the_frame(tmp_path: Path) -> None:
    path = remux(write_cropped(tmp_path / "film.mkv", rotation=90), tmp_path / "film.mov")
    video, frames = read_video(path)
    assert (video.width, video.height, video.rotation) == (38, 54, 90)
    assert mean_difference(frames[0].image, np.rot90(PICTURES[0][4:-6, 8:-2], -1)) < 6


def test_the_aspect_ratio_of_a_scaled_film_is_that_of_what_is_left(tmp_path: Path) -> None:
    video, frames = read_video(write_cropped(tmp_path / "film.mkv"), height=76)
    assert (video.width, video.height, video.sample_aspect_ratio) == (108, 76, Fraction(1))
    assert frames[0].image.shape == (76, 108, 3)
    assert mean_difference(frames[0].image[::2, ::2], PICTURES[0][4:-6, 8:-2]) < 12


def test_a_film_without_cropping_has_none(tmp_path: Path) -> None:
    assert not probe(write_film(tmp_path / "film.mkv", PICTURES), SourceSettings()).cropping
