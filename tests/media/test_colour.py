"""Colours follow the tags of a video, and without tags what players assume."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.films import flat, moving_square, write_film
from tests.video_io import read_video


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p10le", "yuv420p10le"])
def test_colours_follow_the_tags(tmp_path: Path, matrix: str, full_range: bool, pix_fmt: str) -> None:
    for number, colour in enumerate([(235, 30, 40), (20, 200, 60), (30, 60, 220), (255, 255, 255), (0, 0, 0)]):
        path = write_film(
            tmp_path / f"{number}.mkv", flat(colour, 1), codec="ffv1", pix_fmt=pix_fmt, matrix=matrix,
            full_range=full_range,
        )  # fmt: skip
        _, frames = read_video(path)
        assert np.abs(frames[0].image.astype(int) - colour).max() <= 2


@pytest.mark.parametrize(("width", "height", "matrix"), [(64, 48, "bt601"), (1280, 64, "bt709"), (64, 720, "bt709")])
def test_untagged_video_is_hd_or_sd_by_its_size(tmp_path: Path, width: int, height: int, matrix: str) -> None:
    colour = (30, 190, 60)
    path = write_film(tmp_path / "film.mkv", flat(colour, 1, width, height), codec="ffv1", matrix=matrix, tagged=False)
    _, frames = read_video(path)
    assert np.abs(frames[0].image.astype(int) - colour).max() <= 2


def test_rgb_video_is_decoded_bit_for_bit(tmp_path: Path) -> None:
    scene = moving_square(frames=2)
    path = write_film(
        tmp_path / "film.mkv", scene.frames, codec="libx264rgb", pix_fmt="rgb24", tagged=False, options={"qp": "0"}
    )
    _, frames = read_video(path)
    assert np.array_equal(frames[1].image, scene.frames[1])


def test_hdr_white_is_white_and_grey_is_grey(tmp_path: Path) -> None:
    """In PQ (SMPTE ST 2084) the code 0.5806 is 203 cd/m², reference white by ITU-R BT.2408; 0.4 is about 31 cd/m²."""
    pictures = np.concatenate([flat((round(code * 255),) * 3, 1) for code in (0.5806, 0.4, 0.0)])
    path = tmp_path / "film.mkv"
    write_film(path, pictures, codec="ffv1", pix_fmt="yuv420p10le", matrix="bt2020", transfer=16)
    white, grey, black = (frame.image.mean() for frame in read_video(path)[1])
    assert 245 <= white <= 255
    assert 90 <= grey <= 130
    assert black <= 1
