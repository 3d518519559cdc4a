"""What is no film is said in one line, and what only goes with a film is not taken for it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from streamstyle.errors import FilmError
from streamstyle.settings import SourceSettings
from streamstyle.stages.source import probe
from tests.films import Attachment, Extras, flat, pan, png, write_film
from tests.painting import difference, read_video


def test_no_film_at_all_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "notes.txt").write_text("Dear diary, this is no film.\n" * 50)
    (tmp_path / "wave.png").write_bytes(png(flat((1, 2, 3), 1)[0]))
    sound = tmp_path / "sound.m4a"
    write_film(tmp_path / "film.mp4", pan(frames=3).frames, audio=True)
    with av.open(str(tmp_path / "film.mp4")) as source, av.open(str(sound), "w", format="mp4") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    for name, problem in {
        "missing.mp4": "does not exist",
        ".": "is a folder",
        "empty.mp4": "is empty",
        "noise.mp4": "is not a film",
        "notes.txt": "is not a film",
        "wave.png": "is not a film",
        "sound.m4a": "has no video",
    }.items():
        with pytest.raises(FilmError, match=problem) as caught:
            probe(tmp_path / name, SourceSettings())
        assert str(tmp_path / name) in caught.value.problem
        assert "\n" not in str(caught.value)


def test_an_mp4_cut_short_is_refused_and_says_why(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", pan(frames=100).frames)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(FilmError, match=r"film\.mp4 was cut short") as caught:
        probe(path, SourceSettings())
    assert "again" in caught.value.next_step


def test_a_film_that_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.avi", pan(frames=3).frames, codec="mpeg4")
    data = bytearray(path.read_bytes())
    begin = data.index(b"movi") + 4
    end = data.index(b"idx1")
    for at in range(begin, end - 8):
        if data[at : at + 4] == b"00dc":
            size = int.from_bytes(data[at + 4 : at + 8], "little")
            data[at + 8 : at + 8 + size] = bytes([0x55]) * size
    path.write_bytes(data)
    with pytest.raises(FilmError, match="no frame that can be decoded"):
        probe(path, SourceSettings())


def test_cover_art_is_not_the_film(tmp_path: Path) -> None:
    cover = Attachment("cover.png", "image/png", png(flat((200, 0, 0), 1, 400, 400)[0]))
    scene = pan(frames=3)
    path = write_film(tmp_path / "film.mkv", scene.frames, extras=Extras(attachments=[cover]))
    film, frames = read_video(path)
    assert film.frames == 3
    assert (film.width, film.height) == (96, 64)
    assert difference(frames[0].image, scene.frames[0]) < 4
    assert [stream.kind for stream in film.streams] == ["video", "attachment"]
