"""`--for web|archive|edit` and `--quality draft|balanced|best`."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from streamstyle.cli.main import exit_code
from streamstyle.cli.run_arguments import parse_run_arguments
from streamstyle.settings import EncoderSettings, Method, Settings
from tests.films import pan, write_film
from tests.video_io import random_style

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize(
    ("purpose", "name", "codec", "pix_fmt"),
    [
        ("web", "film.nonsense.johnson.mp4", "h264", "yuv420p"),
        ("archive", "film.nonsense.johnson.mkv", "ffv1", "yuv444p10le"),
        ("edit", "film.nonsense.johnson.mov", "prores", "yuv422p10le"),
    ],
)
def test_a_purpose_sets_codec_bits_and_container(
    tmp_path: Path, purpose: str, name: str, codec: str, pix_fmt: str
) -> None:
    film = write_film(tmp_path / "film.mp4", pan(frames=3).frames, audio=True)
    style = random_style(tmp_path)
    assert exit_code(["run", str(film), "--style", str(style), "--method", "johnson", "--for", purpose]) == 0
    with av.open(str(tmp_path / name)) as output:
        assert output.streams.video[0].codec.canonical_name == codec
        assert output.streams.video[0].pix_fmt == pix_fmt
        assert len(output.streams.audio) == 1


def test_options_that_are_given_count_for_more(tmp_path: Path) -> None:
    style = str(random_style(tmp_path))
    for arguments in (["--crf", "30", "--for", "web"], ["--for", "web", "--crf", "30"]):
        parsed = parse_run_arguments(["film.mkv", "--style", style, *arguments])
        assert parsed.settings.encoder == EncoderSettings(crf=30, preset="slow", pix_fmt="yuv420p", faststart=True)
        assert parsed.find_output(None) == Path("film.nonsense.mp4")
    assert parse_run_arguments(["film.mkv", "--style", style]).settings.encoder == EncoderSettings()


def parse(*options: str) -> Settings:
    return parse_run_arguments(["film.mkv", "--style", "wave", *options]).settings


@pytest.mark.parametrize(
    ("quality", "method", "max_height", "preset"),
    [
        ("draft", Method.live, 360, "veryfast"),
        ("balanced", Method.live, None, "faster"),
        ("best", Method.consistent, None, "slow"),
    ],
)
def test_a_quality_sets_method_height_and_preset(
    quality: str, method: Method, max_height: int | None, preset: str
) -> None:
    settings = parse("--quality", quality)
    assert settings.source.height is None
    assert (settings.consistency.method, settings.source.max_height) == (method, max_height)
    assert settings.encoder.preset == preset


def test_balanced_is_what_is_done_without_a_quality() -> None:
    assert parse("--quality", "balanced") == parse()


def test_options_count_for_more_than_a_quality() -> None:
    settings = parse("--method", "johnson", "--height", "480", "--quality", "draft", "--preset", "fast")
    assert (settings.consistency.method, settings.source.height) == (Method.johnson, 480)
    assert settings.encoder.preset == "fast"
    assert parse("--quality", "draft", "--size", "320x240").source.size == (320, 240)
    for options in (["--for", "web", "--quality", "draft"], ["--quality", "draft", "--for", "web"]):
        assert (parse(*options).encoder.preset, parse(*options).source.max_height) == ("slow", 360)


def test_the_quality_is_the_first_option_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", "--help"]) == 0
    text = capsys.readouterr().out
    assert 0 < text.index("--quality") < text.index("--style")
