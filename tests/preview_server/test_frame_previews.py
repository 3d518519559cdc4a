from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from streamstyle.cli.run_arguments import RunArguments, parse_run_arguments
from streamstyle.errors import VideoError
from streamstyle.media.probe import probe_header
from streamstyle.preview_server.frame_previews import FramePreviews, PreviewBox, draft_is_exact
from streamstyle.video_info import VideoInfo
from tests.films import flat, pan, write_film

pytestmark = pytest.mark.usefixtures("home")

BOX = PreviewBox(48, 48)
RED, BLUE = (200, 30, 30), (30, 30, 200)


@pytest.fixture
def video(tmp_path: Path) -> VideoInfo:
    """A second of red, then a second of blue."""
    frames = np.concatenate([flat(RED, 25, 96, 64), flat(BLUE, 25, 96, 64)])
    return probe_header(write_film(tmp_path / "film.mp4", frames))


def parse_arguments(video: VideoInfo, *options: str) -> RunArguments:
    return parse_run_arguments([str(video.path), "--style", "wave", *options])


@pytest.mark.parametrize(("time", "colour"), [(0, RED), (0.9, RED), (1.1, BLUE), (2, BLUE), (99, BLUE)])
def test_a_preview_shows_the_frame_at_its_time(video: VideoInfo, time: float, colour: tuple[int, int, int]) -> None:
    preview = FramePreviews().source(video, time, parse_arguments(video), BOX)
    assert preview.shape == (32, 48, 3)
    assert np.abs(preview.reshape(-1, 3).mean(0) - colour).max() < 6


def test_strength_0_returns_the_source_and_strength_1_changes_it(tmp_path: Path) -> None:
    video = probe_header(write_film(tmp_path / "film.mkv", pan(frames=25, width=96, height=64).frames))
    previews = FramePreviews()
    source = previews.source(video, 0.5, parse_arguments(video), BOX).astype(int)
    stylised = previews.stylised(video, 0.5, parse_arguments(video), BOX, draft=False).astype(int)
    unchanged = previews.stylised(video, 0.5, parse_arguments(video, "--strength", "0"), BOX, draft=False).astype(int)
    assert np.abs(stylised - source).mean() > 10
    assert np.abs(unchanged - source).max() <= 1


def test_a_script_is_previewed_as_it_is_at_that_time(tmp_path: Path) -> None:
    video = probe_header(write_film(tmp_path / "film.mkv", pan(frames=50, width=96, height=64).frames))
    script = tmp_path / "film.toml"
    script.write_text("strength = 0\n[[shot]]\nstart = 1.0\nstrength = 1\n")
    arguments, previews = parse_arguments(video, "--script", str(script)), FramePreviews()
    for time, least, most in ((0.5, 0, 1), (1.5, 10, 255)):
        source = previews.source(video, time, arguments, BOX).astype(int)
        stylised = previews.stylised(video, time, arguments, BOX, draft=False).astype(int)
        assert least <= np.abs(stylised - source).mean() <= most


def test_a_mask_is_previewed_and_read_again_when_it_is_edited(tmp_path: Path) -> None:
    video = probe_header(write_film(tmp_path / "film.mkv", pan(frames=25, width=96, height=64).frames))
    mask = tmp_path / "mask.png"
    arguments, previews = parse_arguments(video, "--mask", str(write_mask(mask, slice(0, 48)))), FramePreviews()
    source = previews.source(video, 0.5, arguments, BOX).astype(int)
    for painted, kept in ((slice(0, 20), slice(28, 48)), (slice(28, 48), slice(0, 20))):
        change = np.abs(previews.stylised(video, 0.5, arguments, BOX, draft=False).astype(int) - source)
        assert change[:, painted].mean() > 10
        assert change[:, kept].max() <= 1
        os.utime(write_mask(mask, slice(48, 96)), ns=(1, 1))


def write_mask(path: Path, white: slice) -> Path:
    levels = np.zeros((64, 96, 3), np.uint8)
    levels[:, white] = 255
    cv2.imwrite(str(path), levels)
    return path


def test_detail_is_the_centre_in_full_resolution(tmp_path: Path) -> None:
    frames = pan(frames=3, width=96, height=64).frames
    video = probe_header(write_film(tmp_path / "film.mkv", frames))
    preview = FramePreviews().source(video, 0, parse_arguments(video), PreviewBox(20, 10, detail=True))
    assert preview.shape == (10, 20, 3)
    assert np.abs(preview.astype(int) - frames[0, 27:37, 38:58]).mean() < 4


def test_a_draft_of_a_large_video_fits_the_same_box(tmp_path: Path) -> None:
    video = probe_header(write_film(tmp_path / "film.mkv", flat(RED, 2, 800, 480)))
    assert not draft_is_exact(video, parse_arguments(video), BOX)
    assert draft_is_exact(video, parse_arguments(video, "--height", "360"), BOX)
    draft = FramePreviews().stylised(video, 0, parse_arguments(video), BOX, draft=True)
    exact = FramePreviews().stylised(video, 0, parse_arguments(video), BOX, draft=False)
    assert draft.shape == exact.shape == (29, 48, 3)


def test_a_time_without_a_decodable_frame_raises_film_error(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mkv", flat(RED, 50, 96, 64))
    video = probe_header(path)
    content = path.read_bytes()
    path.write_bytes(content[:600] + bytes(len(content) - 600))
    with pytest.raises(VideoError):
        FramePreviews().source(video, 1.5, parse_arguments(video), BOX)
