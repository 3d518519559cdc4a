"""Masks are followed in time, whatever they are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from streamstyle.errors import StreamstyleError
from streamstyle.frames import Frame
from streamstyle.looks import BlendPart, Look, Looks, Mask, StyleBlend
from streamstyle.mask_films import MaskFilms
from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.styles.frame_looks import FrameLooks
from tests.films import flat, pan, write_film


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Twelve frames, 25 a second."""
    return write_film(tmp_path / "film.mkv", pan(frames=12, width=96, height=64).frames)


def masks(film: Path, path: Path, **source: object) -> list[int]:
    """The mean level of the mask of each frame."""
    video = probe(film, SourceSettings(**source))
    looks = FrameLooks.of(video, Looks.constant(Look(StyleBlend("any", (BlendPart(path),))), Mask(path)))
    films = MaskFilms(video, looks)
    found = [films.at(frame) for frame in decode(video)]
    assert all(mask is not None and mask.shape == (video.height, video.width) for mask in found)
    return [round(float(mask.mean())) for mask in found if mask is not None]


def grey_film(path: Path, levels: list[int], rate: int) -> Path:
    frames = np.concatenate([flat((level,) * 3, 1, 48, 32) for level in levels])
    return write_film(path, frames, rate=rate, options={"crf": "0"})


def test_an_image_of_any_size_is_the_mask_of_every_frame(film: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "mask.png"), np.tile(np.array([0, 255], np.uint8), (10, 10)))
    assert masks(film, tmp_path / "mask.png") == pytest.approx([127.5] * 12, abs=1)


def test_a_film_of_another_size_and_rate_is_followed_in_time_and_its_last_frame_stays(
    film: Path, tmp_path: Path
) -> None:
    mask = grey_film(tmp_path / "mask.mkv", [0, 60, 120, 180], 12)
    expected = [0] * 3 + [60] * 2 + [120] * 2 + [180] * 5  # frames at 40, mask at 83.3 ms
    assert masks(film, mask) == pytest.approx(expected, abs=2)
    assert masks(film, mask, start=0.2) == pytest.approx(expected[5:], abs=2), "and of a range, too"


def test_a_folder_has_an_image_for_each_frame_of_the_film(film: Path, tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    for number in range(12):
        cv2.imwrite(str(tmp_path / "masks" / f"{number}.png"), np.full((32, 48), 20 * number, np.uint8))
    assert masks(film, tmp_path / "masks") == pytest.approx([20 * number for number in range(12)], abs=1)
    assert masks(film, tmp_path / "masks" / "%d.png", start=0.16) == pytest.approx(range(80, 240, 20), abs=1)


def test_reading_from_the_middle_finds_a_frame_that_is_shown_for_long(film: Path, tmp_path: Path) -> None:
    plain = {"bf": "0"}
    long = write_film(tmp_path / "long.mkv", pan(frames=12, width=96, height=64).frames, rate=1, options=plain)
    frames = np.concatenate([flat((level,) * 3, 1, 48, 32) for level in (30, 200)])
    mask = write_film(tmp_path / "mask.mkv", frames, rate=1, pts=[0, 11], options=plain)
    assert masks(long, mask, start=9) == pytest.approx([30, 30, 200], abs=2)


def test_a_frame_without_a_mask_has_none(film: Path) -> None:
    video = probe(film, SourceSettings())
    looks = FrameLooks.of(video, Looks.constant(Look(StyleBlend("any", ()))))
    assert MaskFilms(video, looks).at(Frame(np.zeros((4, 4, 3), np.uint8), 0, 0)) is None


@pytest.mark.parametrize("name", ["none.png", "none.mkv", "text.png", "text.mkv", "empty"])
def test_what_is_no_mask_is_refused(film: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    for text in ("text.png", "text.mkv"):
        (tmp_path / text).write_text("Dear diary, this is not a mask.")
    with pytest.raises(StreamstyleError, match="the mask cannot be used: "):
        masks(film, tmp_path / name)
