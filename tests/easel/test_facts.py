from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from streamstyle.easel.facts import Facts, facts_of
from streamstyle.stages.source import glance
from tests.films import Extras, pan, write_film


def facts(path: Path) -> Facts:
    return facts_of(glance(path))


def test_of_a_plain_film_there_is_nothing_unusual_to_say(tmp_path: Path) -> None:
    path = write_film(tmp_path / "pan.mkv", pan(frames=25).frames)
    found = facts(path)
    assert (found.width, found.height, found.codec, found.rate) == (96, 64, "h264", 25)
    assert (found.frames, found.duration) == (25, 1.0)
    assert found.bytes == path.stat().st_size
    assert found.streams == ()
    assert found.notes == ()


def test_frames_are_counted_where_the_container_says_how_many_they_are(tmp_path: Path) -> None:
    for name, counted in (("pan.mp4", True), ("pan.mkv", False)):
        found = facts(write_film(tmp_path / name, pan(frames=25).frames))
        assert (found.frames, found.counted) == (25, counted)


def test_sound_and_subtitles_are_named(tmp_path: Path) -> None:
    extras = Extras(subtitles=[(0.1, 0.4, "Hello")], audio_languages=("deu",), audio_titles=("Commentary",))
    path = write_film(tmp_path / "pan.mkv", pan(frames=25).frames, audio=True, extras=extras)
    assert set(facts(path).streams) == {"audio aac deu Commentary", "subtitle subrip eng"}


def test_a_film_held_upright_is_said_to_be_turned(tmp_path: Path) -> None:
    found = facts(write_film(tmp_path / "pan.mp4", pan(frames=5).frames, rotation=90))
    assert (found.width, found.height) == (64, 96)
    assert found.notes == ("turned by 90° to stand upright",)


def test_hdr_ten_bits_and_stretched_pixels_are_noted(tmp_path: Path) -> None:
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
    said = " / ".join(facts(path).notes)
    assert "HDR (PQ)" in said
    assert "10 bits" in said
    assert "shown 192 wide" in said


def test_uneven_times_are_noted(tmp_path: Path) -> None:
    pts = [0, 40, 50, 160, 170, 300, 310, 480]
    path = write_film(tmp_path / "pan.mp4", pan(frames=8).frames, pts=pts, time_base=Fraction(1, 1000))
    assert facts(path).notes == ("frames last unequally long, and will",)
