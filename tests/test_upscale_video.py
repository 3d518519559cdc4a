"""A painting that moves is enlarged as it is, from file to file."""

from __future__ import annotations

import json
import threading
from fractions import Fraction
from pathlib import Path

import cv2
import pytest

from streamstyle.cli.main import exit_code
from streamstyle.errors import OutputError
from streamstyle.events import Event, Finished, FrameWritten, Started, Stopped
from streamstyle.media.probe import probe
from streamstyle.pipeline import upscale_video
from streamstyle.settings import Device, EncoderSettings, SourceSettings, UpscaleSettings
from tests.films import moving_square, pan, write_film
from tests.video_io import mean_difference, packets, read_video, times

pytestmark = pytest.mark.usefixtures("home")

LOSSLESS = EncoderSettings(crf=0, preset="ultrafast")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A square that moves over a second of film, with sound, in pixels that are a third wider than high."""
    return write_film(tmp_path / "film.mp4", moving_square(frames=25).frames, audio=True, sar=Fraction(4, 3))


def enlarge(film: Path, output: Path, times: int = 2, stop_after: int | None = None) -> tuple[Event, list[Event]]:
    events, stop = list[Event](), threading.Event()

    def observe(event: Event) -> None:
        events.append(event)
        if isinstance(event, FrameWritten) and event.frame == stop_after:
            stop.set()

    whole = probe(film, SourceSettings())
    return upscale_video(whole, output, UpscaleSettings(times), LOSSLESS, Device.cpu, observe, stop), events


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_twice_the_size_and_nothing_else_is_another(film: Path, tmp_path: Path, ending: str) -> None:
    output = tmp_path / f"larger.{ending}"
    ended, events = enlarge(film, output)
    assert isinstance(ended, Finished)
    assert ended.frames == 25
    (small, before), (large, after) = read_video(film), read_video(output)
    assert (large.width, large.height) == (2 * small.width, 2 * small.height)
    assert large.sample_aspect_ratio == small.sample_aspect_ratio == Fraction(4, 3)
    assert times(after, large) == pytest.approx(times(before, small), abs=0.0005)
    assert [sound for _, sound in packets(output, "audio")] == [sound for _, sound in packets(film, "audio")]
    for one, other in zip(before, after, strict=True):
        halved = cv2.resize(other.image, (small.width, small.height), interpolation=cv2.INTER_AREA)
        assert mean_difference(one.image, halved) < 6
    assert next(event.size for event in events if isinstance(event, Started)) == (
        f"{small.width}x{small.height} → {large.width}x{large.height}"
    )


def test_stopped_it_leaves_what_was_finished(film: Path, tmp_path: Path) -> None:
    ended, _ = enlarge(film, tmp_path / "larger.mkv", stop_after=10)
    assert isinstance(ended, Stopped)
    assert not (tmp_path / "larger.mkv").exists()
    assert len(read_video(Path(ended.output))[1]) == ended.frames == 10


def test_stopped_it_goes_on_to_the_same_film(film: Path, tmp_path: Path) -> None:
    whole, interrupted = tmp_path / "whole.mkv", tmp_path / "interrupted.mkv"
    enlarge(film, whole)
    enlarge(film, interrupted, stop_after=10)
    ended, events = enlarge(film, interrupted)
    assert isinstance(ended, Finished)
    assert (ended.frames, ended.resumed_frames) == (25, 10)
    assert [event.frame for event in events if isinstance(event, FrameWritten)] == list(range(11, 26))
    (one, frames), (other, again) = read_video(whole), read_video(interrupted)
    assert times(frames, one) == times(again, other)
    assert all((before.image == after.image).all() for before, after in zip(frames, again, strict=True))
    assert packets(whole, "audio") == packets(interrupted, "audio")
    assert {path.name for path in tmp_path.iterdir()} == {"film.mp4", "whole.mkv", "interrupted.mkv"}


def test_begun_at_another_size_it_is_not_gone_on_with(film: Path, tmp_path: Path) -> None:
    enlarge(film, tmp_path / "larger.mkv", stop_after=10)
    with pytest.raises(OutputError, match="was started with --factor 2"):
        enlarge(film, tmp_path / "larger.mkv", times=3)


def test_the_command_names_the_result_after_its_height(film: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert (
        exit_code(["upscale", str(film), "--factor", "3", "--sample", "0.2s", "--preset", "ultrafast", "--json"]) == 0
    )
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    small, output = probe(film, SourceSettings()), Path(events[-1]["output"])
    assert output == film.with_name(f"film.{3 * small.height}p.mkv")
    assert probe(output, SourceSettings()).height == 3 * small.height
    assert events[-1]["frames"] == 5


def test_what_cannot_be_is_said_in_one_line(film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wide = write_film(tmp_path / "wide.mp4", pan(frames=2, width=2060, height=64).frames)
    for arguments in (["--factor", "1"], ["--factor", "5"], ["-o", str(film), "-y"]):
        assert exit_code(["upscale", str(film), *arguments]) in {2, 4}
    capfd.readouterr()
    assert exit_code(["upscale", str(wide), "--factor", "4"]) == 2
    said = capfd.readouterr().err
    assert "2060x64 upscaled 4 times would be 8240x256" in said
    assert "8192 pixels per side" in said
