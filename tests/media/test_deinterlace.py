"""Interlaced film: a square that moves between the two fields of a frame leaves combs unless it is deinterlaced."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from streamstyle.frames import Frame
from streamstyle.media.probe import probe
from streamstyle.settings import Deinterlace, SourceSettings
from streamstyle.stages.decode import decode
from tests.films import moving_square, write_film


def woven(count: int) -> NDArray[np.uint8]:
    """Frames of two fields, of which the lower shows the scene half a frame later."""
    scene = moving_square(frames=2 * count).frames
    pictures = scene[::2].copy()
    pictures[:, 1::2] = scene[1::2, 1::2]
    return pictures


def combing(frame: Frame) -> float:
    """Mean difference of neighbouring lines less that of the lines of one field."""
    image = frame.image.astype(float)
    return float(abs(np.diff(image, axis=0)).mean() - abs(image[2:] - image[:-2]).mean() / 2)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    options = {"x264-params": "interlaced=1", "tune": "zerolatency"}
    return write_film(tmp_path / "film.mkv", woven(12), rate=Fraction(25), options=options)


def read(film: Path, **settings: object) -> list[Frame]:
    return list(decode(probe(film, SourceSettings(**settings))))  # type: ignore[arg-type]


def test_combs_disappear_and_times_stay(film: Path) -> None:
    combed, smooth = read(film, deinterlace=Deinterlace.off), read(film)
    assert [frame.pts for frame in smooth] == [frame.pts for frame in combed]
    assert [frame.duration for frame in smooth] == [frame.duration for frame in combed]
    assert combing(smooth[5]) < 0.5 * combing(combed[5])


def test_decoding_from_a_frame_gives_the_same_frames(film: Path) -> None:
    video = probe(film, SourceSettings())
    frames = list(decode(video))
    later = list(decode(video, frames[7].position))
    assert [frame.index for frame in later] == [7, 8, 9, 10, 11]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(frames[7:], later, strict=True))


def test_frames_that_are_not_marked_are_deinterlaced_only_if_asked(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mkv", woven(6))
    untouched = read(film, deinterlace=Deinterlace.off)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(untouched, read(film), strict=True))
    assert combing(read(film, deinterlace=Deinterlace.on)[3]) < 0.5 * combing(untouched[3])
