"""Films that hold less than they state, or change while they are read: said, with what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.media.probe import probe
from streamstyle.ops.image import to_tensor
from streamstyle.outputs import open_writer
from streamstyle.settings import SourceSettings
from streamstyle.stages.decode import decode
from tests.films import Extras, pan, write_film
from tests.video_io import FAST, write_copy


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "avi", "flv"])
def test_a_film_cut_short_states_both_lengths(tmp_path: Path, suffix: str) -> None:
    options = {"movflags": "+faststart"} if suffix == "mp4" else {}
    whole = write_film(
        tmp_path / f"film.{suffix}",
        pan(150, 64, 48).frames,
        audio=True,
        container_options=options,
        codec="mpeg4" if suffix == "avi" else "libx264",
    )
    assert probe(whole, SourceSettings()).shortfall is None
    data = whole.read_bytes()
    whole.write_bytes(data[: int(0.6 * len(data))])
    video = probe(whole, SourceSettings())
    assert video.shortfall is not None
    assert video.shortfall.stated == pytest.approx(6, abs=0.3)
    assert video.shortfall.held == pytest.approx(video.frames / 25, abs=0.6)
    assert probe(whole, SourceSettings(end=1.0)).shortfall is None


def test_sound_or_subtitles_longer_than_the_picture_are_no_loss(tmp_path: Path) -> None:
    extras = Extras(subtitles=[(0.5, 8.0, "The end")])
    path = write_film(tmp_path / "film.mkv", pan(50, 64, 48).frames, audio=True, extras=extras)
    assert probe(path, SourceSettings()).shortfall is None


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts", "avi", "flv", "mov"])
@pytest.mark.parametrize("span", [(None, None), (0.5, 1.5)])
def test_a_whole_film_is_copied_without_a_warning(
    tmp_path: Path, suffix: str, span: tuple[float | None, float | None]
) -> None:
    path = write_film(tmp_path / f"film.{suffix}", pan(60, 64, 48).frames, audio=True)
    writer = write_copy(path, tmp_path / "output.mkv", start=span[0], end=span[1])
    assert list(writer.warnings(stopped=False)) == []


@pytest.mark.parametrize("suffix", ["mkv", "ts", "avi"])
def test_a_film_truncated_while_it_is_read_names_the_loss(tmp_path: Path, suffix: str) -> None:
    scene = pan(250, 160, 96, (0, 0))
    path = write_film(tmp_path / f"film.{suffix}", scene.frames, audio=True, extras=Extras(audio_codec="ac3"))
    video = probe(path, SourceSettings())
    size = path.stat().st_size
    with open_writer(video, tmp_path / "output.mkv", FAST) as writer:
        for frame in decode(video):
            writer.write(to_tensor(frame.image), frame.pts)
            if frame.index == 5:
                with path.open("rb+") as file:
                    file.truncate(int(0.4 * size))
        writer.publish()
    warnings = "\n".join(writer.warnings(stopped=False))
    assert f"film.{suffix} was changed while it was read" in warnings
    assert "packets of sound (ac3) could be read" in warnings
    assert "of 250 frames could be read" in warnings
