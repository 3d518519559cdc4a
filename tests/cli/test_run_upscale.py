"""`streamstyle run --upscale`: stylised at one size, written at another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from streamstyle.cli.main import exit_code
from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from tests.films import pan, write_film
from tests.video_io import mean_difference, random_style, read_video, times

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return random_style(tmp_path)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_film(tmp_path / "film.mp4", pan(frames=9).frames)


def run(capfd: pytest.CaptureFixture[str], film: Path, style: Path, *arguments: str, code: int = 0) -> list[Any]:
    assert exit_code(["run", str(film), "--style", str(style), "--method", "live", *arguments, "--json"]) == code
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_downscaled_again_the_frames_are_nearly_the_same(
    film: Path, style: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    plain, twice = tmp_path / "plain.mkv", tmp_path / "twice.mkv"
    run(capfd, film, style, "--crf", "0", "-o", str(plain))
    events = run(capfd, film, style, "--crf", "0", "-o", str(twice), "--upscale", "2")
    (small, before), (large, after) = read_video(plain), read_video(twice)
    assert (large.width, large.height) == (2 * small.width, 2 * small.height)
    assert times(after, large) == times(before, small)
    for one, other in zip(before, after, strict=True):
        halved = cv2.resize(other.image, (small.width, small.height), interpolation=cv2.INTER_AREA)
        assert mean_difference(one.image, halved) < 4
    started, finished = events[0], events[-1]
    assert (started["width"], started["height"], started["upscale"]) == (small.width, small.height, 2)
    assert finished["flows_cached"] == 8, "flow is computed at the working size"


def test_a_dry_run_estimates_the_upscaled_size(film: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (planned,) = run(capfd, film, style, "--upscale", "4", "--dry-run")
    assert planned["upscale"] == 4
    assert exit_code(["run", str(film), "--style", str(style), "--upscale", "4", "--dry-run"]) == 0
    width, height = planned["width"], planned["height"]
    assert f"{width}x{height}, upscaled to {4 * width}x{4 * height}" in capfd.readouterr().out
    output = Path(run(capfd, film, style, "--upscale", "4")[-1]["output"])
    assert probe(output, SourceSettings()).width == 4 * width
    assert 0.5 < planned["bytes"] / output.stat().st_size < 2


def test_a_factor_that_cannot_work_is_an_error_and_writes_nothing(
    film: Path, style: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wide = write_film(tmp_path / "wide.mp4", pan(frames=2, width=2060, height=64).frames)
    before = sorted(tmp_path.glob("*.*"))
    for arguments in (["--upscale", "0"], ["--upscale", "5"], ["--upscale", "2.5"]):
        assert run(capfd, film, style, *arguments, code=2)[-1]["event"] == "failed"
    (failed,) = run(capfd, wide, style, "--upscale", "4", code=2)
    assert failed["problem"] == "2060x64 upscaled 4 times would be 8240x256"
    assert sorted(tmp_path.glob("*.*")) == before
