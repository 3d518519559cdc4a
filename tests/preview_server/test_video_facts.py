from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from streamstyle.cli.run_arguments import parse_run_arguments
from streamstyle.errors import VideoError
from streamstyle.media.probe import probe, probe_header
from streamstyle.preview_server.video_facts import VideoFacts, requested_range, video_facts
from tests.films import Extras, pan, write_film

pytestmark = pytest.mark.usefixtures("home")


def facts(path: Path) -> VideoFacts:
    return video_facts(probe_header(path))


def test_a_plain_film_has_no_notes(tmp_path: Path) -> None:
    path = write_film(tmp_path / "pan.mkv", pan(frames=25).frames)
    found = facts(path)
    assert (found.width, found.height, found.codec, found.frame_rate) == (96, 64, "h264", 25)
    assert (found.frames, found.duration) == (25, 1.0)
    assert found.file_bytes == path.stat().st_size
    assert found.streams == ()
    assert found.notes == ()


def test_the_number_of_frames_is_exact_if_the_container_states_it(tmp_path: Path) -> None:
    for name, is_exact in (("pan.mp4", True), ("pan.mkv", False)):
        found = facts(write_film(tmp_path / name, pan(frames=25).frames))
        assert (found.frames, found.frames_exact) == (25, is_exact)


def test_sound_and_subtitles_are_listed(tmp_path: Path) -> None:
    extras = Extras(subtitles=[(0.1, 0.4, "Hello")], audio_languages=("deu",), audio_titles=("Commentary",))
    path = write_film(tmp_path / "pan.mkv", pan(frames=25).frames, audio=True, extras=extras)
    assert set(facts(path).streams) == {"audio aac deu Commentary", "subtitle subrip eng"}


def test_a_rotated_film_has_its_upright_size_and_a_note(tmp_path: Path) -> None:
    found = facts(write_film(tmp_path / "pan.mp4", pan(frames=5).frames, rotation=90))
    assert (found.width, found.height) == (64, 96)
    assert found.notes == ("rotated by 90° for display",)


def test_hdr_10_bits_and_pixels_that_are_not_square_are_noted(tmp_path: Path) -> None:
    frames = pan(frames=5).frames
    path = write_film(
        tmp_path / "pan.mkv",
        frames,
        codec="libx265",
        pix_fmt="yuv420p10le",
        matrix="bt2020",
        transfer=16,
        sar=Fraction(2),
    )
    notes = " / ".join(facts(path).notes)
    assert "HDR (PQ): converted to SDR" in notes
    assert "10 bits" in notes
    assert "displayed 192 wide" in notes


def test_a_variable_frame_rate_is_noted(tmp_path: Path) -> None:
    pts = [0, 40, 50, 160, 170, 300, 310, 480]
    path = write_film(tmp_path / "pan.mp4", pan(frames=8).frames, pts=pts, time_base=Fraction(1, 1000))
    assert facts(path).notes == ("variable frame rate, which is kept",)


@pytest.mark.parametrize(("options", "frames"), [([], 50), (["--sample", "1s"], 25), (["--range", "0.4-1"], 15)])
def test_the_requested_range_is_found_without_reading_the_film(tmp_path: Path, options: list[str], frames: int) -> None:
    film = write_film(tmp_path / "pan.mp4", pan(frames=50).frames)
    arguments = parse_run_arguments([str(film), "--style", "wave", "--height", "32", *options])
    part = requested_range(probe_header(film), arguments)
    assert part.frames == frames
    assert (part.width, part.height) == (48, 32)
    if not options:
        assert part == probe(film, arguments.settings.source)


def test_a_range_outside_the_film_raises_film_error(tmp_path: Path) -> None:
    film = write_film(tmp_path / "pan.mp4", pan(frames=10).frames)
    with pytest.raises(VideoError, match="holds no frame"):
        requested_range(probe_header(film), parse_run_arguments([str(film), "--style", "wave", "--range", "5-6"]))
