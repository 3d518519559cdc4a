from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from streamstyle.cli.run_arguments import RunArguments, parse_run_arguments
from streamstyle.errors import FilmError
from streamstyle.media.probe import probe_header
from streamstyle.preview_server.frame_previews import FramePreviews, PreviewBox, draft_is_exact
from streamstyle.video_info import VideoInfo
from tests.films import flat, pan, write_film

pytestmark = pytest.mark.usefixtures("home")

BOX = PreviewBox(48, 48)
RED, BLUE = (200, 30, 30), (30, 30, 200)


@pytest.fixture
def film(tmp_path: Path) -> VideoInfo:
    """A second of red, then a second of blue."""
    frames = np.concatenate([flat(RED, 25, 96, 64), flat(BLUE, 25, 96, 64)])
    return probe_header(write_film(tmp_path / "film.mp4", frames))


def wanted(film: VideoInfo, *options: str) -> RunArguments:
    return parse_run_arguments([str(film.path), "--style", "wave", *options])


@pytest.mark.parametrize(("time", "colour"), [(0, RED), (0.9, RED), (1.1, BLUE), (2, BLUE), (99, BLUE)])
def test_a_preview_is_of_its_time(film: VideoInfo, time: float, colour: tuple[int, int, int]) -> None:
    preview = FramePreviews().source(film, time, wanted(film), BOX)
    assert preview.shape == (32, 48, 3)
    assert np.abs(preview.reshape(-1, 3).mean(0) - colour).max() < 6


def test_painting_changes_the_picture_and_no_strength_gives_it_back(film: VideoInfo) -> None:
    previews = FramePreviews()
    source = previews.source(film, 0.5, wanted(film), BOX).astype(int)
    painted = previews.stylised(film, 0.5, wanted(film), BOX, draft=False).astype(int)
    given_back = previews.stylised(film, 0.5, wanted(film, "--strength", "0"), BOX, draft=False).astype(int)
    assert np.abs(painted - source).mean() > 10
    assert np.abs(given_back - source).max() <= 1


def test_detail_is_the_middle_pixel_by_pixel(tmp_path: Path) -> None:
    frames = pan(frames=3, width=96, height=64).frames
    film = probe_header(write_film(tmp_path / "film.mkv", frames))
    preview = FramePreviews().source(film, 0, wanted(film), PreviewBox(20, 10, detail=True))
    assert preview.shape == (10, 20, 3)
    assert np.abs(preview.astype(int) - frames[0, 27:37, 38:58]).mean() < 4


def test_a_draft_of_a_large_film_is_painted_small(tmp_path: Path) -> None:
    film = probe_header(write_film(tmp_path / "film.mkv", flat(RED, 2, 800, 480)))
    assert not draft_is_exact(film, wanted(film), BOX)
    assert draft_is_exact(film, wanted(film, "--height", "360"), BOX)
    draft = FramePreviews().stylised(film, 0, wanted(film), BOX, draft=True)
    exact = FramePreviews().stylised(film, 0, wanted(film), BOX, draft=False)
    assert draft.shape == exact.shape == (29, 48, 3)


def test_a_moment_without_a_picture_is_refused(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mkv", flat(RED, 50, 96, 64))
    film = probe_header(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:600] + bytes(len(whole) - 600))
    with pytest.raises(FilmError):
        FramePreviews().source(film, 1.5, wanted(film), BOX)
