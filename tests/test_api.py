"""The library: what `from streamstyle import …` offers, and the examples in docs/library.md."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import streamstyle
from streamstyle import Settings, StreamstyleError, stylise_film, stylise_frames, stylise_image
from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from streamstyle.stages.decode import decode
from tests.films import write_film

LOSSLESS = replace(Settings(), encoder=replace(Settings().encoder, codec="ffv1", pix_fmt="bgr0"))
GUIDE = Path(__file__).parent.parent / "docs" / "library.md"


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    picture = cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (96, 64))
    path = tmp_path / "movie.mkv"
    write_film(path, [np.roll(picture, 2 * step, axis=1) for step in range(6)])
    return path


def test_frames_are_those_of_the_film(movie: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mkv"
    stylise_film(movie, "wave", output, LOSSLESS)
    written = [frame.image for frame in decode(probe(output, SourceSettings()))]
    frames = list(stylise_frames(movie, "wave"))
    assert [frame.index for frame in frames] == list(range(6))
    assert [frame.time for frame in frames] == pytest.approx([step / 25 for step in range(6)], abs=1e-3)
    for frame, picture in zip(frames, written, strict=True):
        assert np.array_equal(frame.image, picture)


def test_one_image_is_stylised_as_a_frame_alone_is(movie: Path, tmp_path: Path) -> None:
    first = next(stylise_frames(movie, "wave"))
    source = next(decode(probe(movie, SourceSettings()))).image
    assert np.array_equal(stylise_image(source, "wave"), first.image)
    cv2.imwrite(str(tmp_path / "source.png"), source[..., ::-1])
    assert np.array_equal(stylise_image(tmp_path / "source.png", "wave"), first.image)


def test_an_output_that_exists_is_kept_unless_it_is_to_be_replaced(movie: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mkv"
    output.write_bytes(b"something else")
    with pytest.raises(StreamstyleError, match="overwrite=True"):
        stylise_film(movie, "wave", output)
    assert output.read_bytes() == b"something else"
    stylise_film(movie, "wave", output, overwrite=True)
    assert probe(output, SourceSettings()).frames == 6
    with pytest.raises(StreamstyleError):
        stylise_film(movie, "wave", movie, overwrite=True)


def test_images_that_exist_are_kept(movie: Path, tmp_path: Path) -> None:
    pattern = tmp_path / "%03d.png"
    stylise_film(movie, "wave", pattern)
    written = (tmp_path / "001.png").read_bytes()
    with pytest.raises(StreamstyleError, match="overwrite=True"):
        stylise_film(movie, "starry_night", pattern)
    assert (tmp_path / "001.png").read_bytes() == written


def test_errors_are_one_line_with_the_next_step(movie: Path, tmp_path: Path) -> None:
    for call in (
        lambda: stylise_film(tmp_path / "none.mkv", "wave", tmp_path / "out.mkv"),
        lambda: next(stylise_frames(movie, "wavee")),
        lambda: stylise_image(tmp_path / "none.png", "wave"),
    ):
        with pytest.raises(StreamstyleError) as error:
            call()
        assert "\n" not in str(error.value)


def test_the_library_offers_what_it_lists_and_imports_torch_late() -> None:
    assert all(getattr(streamstyle, name) for name in streamstyle.__all__)
    with pytest.raises(AttributeError):
        _ = streamstyle.nothing
    code = "import sys, streamstyle; assert 'torch' not in sys.modules; streamstyle.stylise_image; sys.modules['torch']"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL))
def test_the_examples_run(example: str, movie: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(movie.parent)
    exec(compile(example, "docs/library.md", "exec"), {})
