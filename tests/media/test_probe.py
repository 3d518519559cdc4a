"""Rotation, working size and sample aspect ratio of a video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamstyle.errors import VideoError
from streamstyle.media.probe import FrameSize, probe, working_size
from streamstyle.settings import SourceSettings
from tests.films import flat, moving_square, pan, write_film
from tests.video_io import mean_difference, read_video

LOSSLESS = {"qp": "0"}


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotated_video_is_turned_upright(tmp_path: Path, degrees: int) -> None:
    scene = moving_square(frames=3, width=96, height=64)
    path = write_film(tmp_path / "film.mp4", scene.frames, rotation=degrees, sar=Fraction(4, 3), options=LOSSLESS)
    film, frames = read_video(path)
    upright = np.rot90(scene.frames, -degrees // 90, axes=(1, 2))
    assert film.rotation == degrees
    assert (film.source_width, film.source_height) == (96, 64)
    assert (film.height, film.width) == upright.shape[1:3]
    assert film.sample_aspect_ratio == (Fraction(4, 3) if degrees == 180 else Fraction(3, 4))
    for frame, picture in zip(frames, upright, strict=True):
        assert frame.image.shape == picture.shape
        assert mean_difference(frame.image, picture) < 3


def test_mirrored_video_is_mirrored_back(tmp_path: Path) -> None:
    scene = moving_square(frames=2, width=96, height=64)
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264rgb", rate=25, width=96, height=64, pix_fmt="rgb24", options=LOSSLESS)
        stream.set_display_rotation(0, hflip=True)
        for picture in scene.frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    _, frames = read_video(path)
    assert np.array_equal(frames[0].image, scene.frames[0][:, ::-1])


def test_odd_sides_lose_one_line_and_nothing_else(tmp_path: Path) -> None:
    scene = pan(frames=2, width=65, height=49)
    path = write_film(tmp_path / "film.mkv", scene.frames, pix_fmt="yuv444p", options=LOSSLESS)
    film, frames = read_video(path)
    assert (film.width, film.height) == (64, 48)
    assert mean_difference(frames[0].image, scene.frames[0][:48, :64]) < 1
    assert film.sample_aspect_ratio == 1


def test_a_maximum_height_enlarges_no_film_and_yields_to_a_height_or_a_size(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mkv", pan(frames=1, width=160, height=90).frames)

    def height(**settings: Any) -> int:
        return probe(path, SourceSettings(**settings)).height

    assert [height(max_height=limit) for limit in (46, 90, 360)] == [46, 90, 90]
    assert height(max_height=46, height=60) == 60
    assert height(max_height=46, size=(64, 64)) == 64


def test_height_keeps_the_aspect_ratio_and_size_stretches_pixels(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mkv", pan(frames=1, width=160, height=90).frames)
    half = probe(path, SourceSettings(height=46))
    assert (half.width, half.height, half.sample_aspect_ratio) == (82, 46, 1)
    square = probe(path, SourceSettings(size=(80, 80)))
    assert square.sample_aspect_ratio == Fraction(16, 9)


@settings(max_examples=25, deadline=None)
@given(
    width=st.integers(34, 200),
    height=st.integers(34, 200),
    aspect=st.fractions(Fraction(1, 2), 2, max_denominator=30),
    asked=st.tuples(st.integers(32, 300), st.integers(32, 300)),
)
def test_any_size_is_even_and_keeps_the_display_aspect_ratio(
    width: int, height: int, aspect: Fraction, asked: tuple[int, int]
) -> None:
    source = FrameSize(width, height, aspect)
    shape = working_size(source, SourceSettings(size=asked), Path("film.mp4"))
    assert shape.width % 2 == shape.height % 2 == 0
    assert abs(shape.width - asked[0]) <= 1
    assert abs(shape.height - asked[1]) <= 1
    shown = shape.width * shape.sample_aspect_ratio / shape.height
    meant = width * aspect / height
    assert abs(shown / meant - 1) < 1 / shape.width + 1e-3


@pytest.mark.parametrize("size", [(16, 16), (200, 20)])
def test_a_video_with_too_small_a_side_is_an_error(tmp_path: Path, size: tuple[int, int]) -> None:
    path = write_film(tmp_path / "film.mkv", flat((1, 2, 3), 1, *size))
    with pytest.raises(VideoError, match=rf"film\.mkv would be worked on at {size[0]}x{size[1]}"):
        probe(path, SourceSettings())


def test_a_reduced_frame_is_the_mean_of_its_pixels(tmp_path: Path) -> None:
    scene = pan(frames=1, width=192, height=128)
    path = write_film(tmp_path / "film.mkv", scene.frames, pix_fmt="yuv444p", options=LOSSLESS)
    _, frames = read_video(path, height=64)
    averaged = scene.frames[0].reshape(64, 2, 96, 2, 3).mean((1, 3))
    assert mean_difference(frames[0].image, averaged) < 1.5
