"""`upscale_video` and the command `upscale`, from a file to a file."""

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
def video(tmp_path: Path) -> Path:
    """One second of a moving square, with sound and pixels a third wider than high."""
    return write_film(tmp_path / "film.mp4", moving_square(frames=25).frames, audio=True, sar=Fraction(4, 3))


def upscale(video: Path, output: Path, factor: int = 2, stop_after: int | None = None) -> tuple[Event, list[Event]]:
    events, stop = list[Event](), threading.Event()

    def observe(event: Event) -> None:
        events.append(event)
        if isinstance(event, FrameWritten) and event.frame == stop_after:
            stop.set()

    return upscale_video(
        probe(video, SourceSettings()), output, UpscaleSettings(factor), LOSSLESS, Device.cpu, observe, stop
    ), events


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_only_the_size_of_a_video_changes(video: Path, tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"larger.{suffix}"
    ended, events = upscale(video, output)
    assert isinstance(ended, Finished)
    assert ended.frames == 25
    (small, before), (large, after) = read_video(video), read_video(output)
    assert (large.width, large.height) == (2 * small.width, 2 * small.height)
    assert large.sample_aspect_ratio == small.sample_aspect_ratio == Fraction(4, 3)
    assert times(after, large) == pytest.approx(times(before, small), abs=0.0005)
    assert [sound for _, sound in packets(output, "audio")] == [sound for _, sound in packets(video, "audio")]
    for one, other in zip(before, after, strict=True):
        halved = cv2.resize(other.image, (small.width, small.height), interpolation=cv2.INTER_AREA)
        assert mean_difference(one.image, halved) < 6
    assert next(event.size for event in events if isinstance(event, Started)) == (
        f"{small.width}x{small.height} → {large.width}x{large.height}"
    )


def test_a_stopped_run_leaves_the_finished_frames(video: Path, tmp_path: Path) -> None:
    ended, _ = upscale(video, tmp_path / "larger.mkv", stop_after=10)
    assert isinstance(ended, Stopped)
    assert not (tmp_path / "larger.mkv").exists()
    assert len(read_video(Path(ended.output))[1]) == ended.frames == 10


def test_a_stopped_run_is_resumed_with_the_same_frames(video: Path, tmp_path: Path) -> None:
    whole, interrupted = tmp_path / "whole.mkv", tmp_path / "interrupted.mkv"
    upscale(video, whole)
    upscale(video, interrupted, stop_after=10)
    ended, events = upscale(video, interrupted)
    assert isinstance(ended, Finished)
    assert (ended.frames, ended.resumed_frames) == (25, 10)
    assert [event.frame for event in events if isinstance(event, FrameWritten)] == list(range(11, 26))
    (one, frames), (other, again) = read_video(whole), read_video(interrupted)
    assert times(frames, one) == times(again, other)
    assert all((before.image == after.image).all() for before, after in zip(frames, again, strict=True))
    assert packets(whole, "audio") == packets(interrupted, "audio")
    assert {path.name for path in tmp_path.iterdir()} == {"film.mp4", "whole.mkv", "interrupted.mkv"}


def test_another_factor_is_refused_when_resuming(video: Path, tmp_path: Path) -> None:
    upscale(video, tmp_path / "larger.mkv", stop_after=10)
    with pytest.raises(OutputError, match="was started with --factor 2"):
        upscale(video, tmp_path / "larger.mkv", factor=3)


def test_the_command_names_the_output_after_its_height(video: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert (
        exit_code(["upscale", str(video), "--factor", "3", "--sample", "0.2s", "--preset", "ultrafast", "--json"]) == 0
    )
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    small, output = probe(video, SourceSettings()), Path(events[-1]["output"])
    assert output == video.with_name(f"film.{3 * small.height}p.mkv")
    assert probe(output, SourceSettings()).height == 3 * small.height
    assert events[-1]["frames"] == 5


def test_invalid_factors_and_outputs_are_refused(
    video: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wide = write_film(tmp_path / "wide.mp4", pan(frames=2, width=2060, height=64).frames)
    for arguments in (["--factor", "1"], ["--factor", "5"], ["-o", str(video), "-y"]):
        assert exit_code(["upscale", str(video), *arguments]) in {2, 4}
    capfd.readouterr()
    assert exit_code(["upscale", str(wide), "--factor", "4"]) == 2
    message = capfd.readouterr().err
    assert "2060x64 upscaled 4 times would be 8240x256" in message
    assert "8192 pixels per side" in message
