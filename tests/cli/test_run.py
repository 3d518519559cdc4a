from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from streamstyle.cli.main import exit_code
from streamstyle.events import FrameWritten
from streamstyle.runs.folder import RunFolder, RunReader
from tests.films import Attachment, Extras, cut, moving_square, pan, texture, write_film
from tests.video_io import random_style

pytestmark = pytest.mark.usefixtures("home")

Event = dict[str, Any]
QUICKLY = ["--steps", "2", "--batch", "1", "--crop", "64", "--style-size", "64", "--json"]


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return random_style(tmp_path)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A pan of 14 frames, and after a cut a moving square of 11: one second, with sound."""
    scene = cut(pan(frames=14), moving_square(frames=11, seed=5))
    return write_film(tmp_path / "film.mp4", scene.frames, audio=True)


@pytest.fixture
def painting(tmp_path: Path) -> Path:
    """A picture as a file."""
    frame = av.VideoFrame.from_ndarray(texture(80, 80, seed=9), "rgb24")
    with av.open(str(path := tmp_path / "painting.png"), "w", format="image2") as container:
        stream = container.add_stream("png", width=80, height=80, pix_fmt="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def run(capfd: pytest.CaptureFixture[str], *arguments: str | Path, code: int = 0) -> list[Event]:
    """The events that a run prints, when told to print JSON; nothing else may stand on standard output."""
    assert exit_code(["run", *map(str, arguments), "--json"]) == code
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "home")


def test_a_film_is_painted_beside_itself(film: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", str(film), "--style", str(style), "--method", "live"]) == 0
    output = film.with_name("film.nonsense.mkv")
    assert times(output) == pytest.approx(times(film), abs=0.0005)
    said = capfd.readouterr()
    assert said.out == ""
    assert f"{output}: 25 frames in 0:" in said.err
    assert "flow: 23 computed, 0 from the cache" in said.err


def test_as_json_standard_output_is_events_and_nothing_else(
    film: Path, style: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    events = run(capfd, film, "--style", style, "--iterations", 1)
    assert {event["schema"] for event in events} == {"streamstyle.events/1"}
    names = [event["event"] for event in events]
    assert (names[0], names[-1]) == ("started", "finished")
    assert names.count("frame_written") == 25
    assert [event["frame"] for event in events if event["event"] == "shot_started"] == [0, 14]
    assert events[-1]["output"] == str(film.with_name("film.nonsense.mkv"))
    assert run(capfd, film, "--style", style, "-y", "--method", "live")[-1]["flows_computed"] == 0


def test_what_the_container_cannot_hold_is_said_before_the_work(
    tmp_path: Path, style: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = Extras(subtitles=[(0.0, 0.1, "Hello")], attachments=[Attachment("font.ttf", "font/ttf", b"letters")])
    film = write_film(tmp_path / "film.mkv", pan(frames=4).frames, extras=words)
    events = run(capfd, film, "--style", style, "--method", "johnson", "-o", tmp_path / "out.mp4")
    said = [event["message"] for event in events[:2]]
    assert [event["event"] for event in events[:3]] == ["warned", "warned", "started"]
    assert "subrip becomes mov_text" in said[0]
    assert "left out: .mp4 cannot hold" in said[1]


def test_quiet_says_nothing(film: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", str(film), "--style", str(style), "--method", "johnson", "-q"]) == 0
    assert capfd.readouterr() == ("", "")


def test_a_sample_comes_from_the_middle(film: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    events = run(capfd, film, "--style", style, "--method", "johnson", "--sample", "0.2s")
    painted = [event["time"] for event in events if event["event"] == "frame_written"]
    assert painted == pytest.approx([0.4, 0.44, 0.48, 0.52, 0.56], abs=0.041)
    whole = run(capfd, film, "--style", style, "--method", "johnson", "--sample", "1:00", "-y")
    assert whole[-1]["frames"] == 25


def test_a_range_is_painted_alone(film: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    events = run(capfd, film, "--style", style, "--method", "johnson", "--range", "0:00.2-0.4s")
    assert events[-1]["frames"] == 5
    assert run(capfd, film, "--style", style, "--range", "10-20", code=3)[-1]["event"] == "failed"


def test_any_image_is_a_style_at_once_and_what_is_learned_of_it_is_used_from_then_on(
    film: Path, painting: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = run(capfd, film, "--style", painting, "--method", "johnson")
    assert [event["event"] for event in first][:2] == ["started", "shot_started"]
    assert first[0]["style"] == "painting"
    assert times(film.with_name("film.painting.mkv")) == pytest.approx(times(film), abs=0.0005)
    guessed = film.with_name("film.painting.mkv").read_bytes()
    assert exit_code(["learn", str(painting), *QUICKLY]) == 0
    capfd.readouterr()
    renamed = painting.rename(painting.with_name("renamed.png"))
    again = run(capfd, film, "--style", renamed, "--method", "johnson", "-y")
    assert again[0]["style"] == "painting"
    assert film.with_name("film.painting.mkv").read_bytes() != guessed
    assert run(capfd, film, "--style", "painting", "--method", "johnson", "-y")[-1]["event"] == "finished"


def test_a_blend_a_strength_and_the_films_own_colours(
    film: Path, painting: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    how = ["--strength", "0.5", "--style-scale", "2", "--preserve-colour", "--method", "johnson"]
    events = run(capfd, film, "--style", f"wave:0.6,{painting}:0.4", *how)
    assert events[0]["style"] == "wave+painting"
    assert Path(events[-1]["output"]).name == "film.wave+painting.mkv"
    assert run(capfd, film, "--style", "wave", "--strength", "1.5", code=2)[-1]["event"] == "failed"


def test_a_film_is_painted_after_the_painting_itself(
    film: Path, style: Path, painting: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    quickly = ["--method", "ruder", "--iterations", "2", "--first-iterations", "4", "--range", "0.3-0.8"]
    events = run(capfd, film, "--style", painting, *quickly)
    assert (events[0]["method"], events[-1]["event"]) == ("ruder", "finished")
    assert [event["frame"] for event in events if event["event"] == "shot_started"] == [0, 6]
    failed = run(capfd, film, "--style", style, *quickly, "-y", code=5)[-1]
    assert "--style-image" in failed["next_step"]
    assert run(capfd, film, "--style", style, "--style-image", painting, *quickly)[-1]["frames"] == events[-1]["frames"]
    assert run(capfd, film, "--style", painting, "--method", "ruder", "--iterations", 0, code=2)
    swept = run(capfd, film, "--style", painting, *quickly, "-y", "--passes", 2, "--lookback", "1,2")
    assert (swept[-1]["frames"], swept[-1]["flows_cached"]) == (events[-1]["frames"], events[-1]["flows_computed"])


def test_a_dry_run_tries_the_method_ruder_too(film: Path, painting: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wanted = ["--method", "ruder", "--iterations", "3000", "--dry-run", "--range", "0-0.2"]
    (planned,) = run(capfd, film, "--style", painting, *wanted)
    assert (planned["method"], planned["frames"]) == ("ruder", 5)
    assert planned["seconds"] == pytest.approx(5 * planned["seconds_per_frame"])


def test_a_style_is_learned_by_name(painting: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["learn", str(painting), "--name", "mine", *QUICKLY]) == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert events[-1]["style"] == "mine"
    assert exit_code(["learn", str(painting), *QUICKLY]) == 5
    assert "known already, as the style mine" in capfd.readouterr().out
    assert exit_code(["learn", str(painting), "-y", "--start", "mine", *QUICKLY]) == 0
    assert Path(events[-1]["path"]).parent.name == "styles"
    assert files(Path(events[-1]["path"]).parent) == [Path(events[-1]["path"]).name]


def test_an_image_that_is_none_is_refused_and_nothing_is_written(
    film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    letter = tmp_path / "letter.jpg"
    letter.write_text("dear all")
    before = files(tmp_path)
    assert run(capfd, film, "--style", letter, code=5)[-1]["problem"].startswith(str(letter))
    assert files(tmp_path) == before


def test_a_gpu_that_is_not_there_is_said(film: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    before = files(film.parent)
    assert run(capfd, film, "--style", style, "--device", "cuda", code=6)[-1]["event"] == "failed"
    assert files(film.parent) == before


def test_who_looks_on_is_told_the_run_and_what_ended_it(
    tmp_path: Path, film: Path, style: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    here, there = RunFolder(tmp_path / "here"), RunFolder(tmp_path / "there")
    run(capfd, film, "--style", style, "--method", "johnson", "--run-folder", here.path)
    assert here.command()[:2] == ["run", str(film)]
    assert [event["event"] for event in RunReader(here).read_events()][-1] == "finished"
    run(capfd, tmp_path / "none.mkv", "--style", style, "--run-folder", there.path, code=3)
    (event,) = RunReader(there).read_events()
    assert (event["event"], event["exit_code"]) == ("failed", 3)


def test_a_dry_run_counts_and_measures_and_writes_nothing(
    film: Path, style: Path, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = files(film.parent)
    (planned,) = run(capfd, film, "--style", style, "--method", "live", "--dry-run")
    assert (planned["event"], planned["frames"], planned["cuts"]) == ("planned", 25, pytest.approx([14 / 25]))
    assert [(stream["stream"]["kind"], stream["action"]) for stream in planned["streams"]] == [("audio", "copied")]
    assert planned["seconds"] == pytest.approx(25 * planned["seconds_per_frame"])
    assert 0 < planned["bytes"] < 10_000_000
    assert exit_code(["run", str(film), "--style", str(style), "--method", "live", "--dry-run"]) == 0
    said = capfd.readouterr().out
    assert "2, cuts at 0:01" in said
    assert "aac: copied" in said
    assert files(film.parent) == before
    assert not home.exists()


def test_a_dry_run_says_what_is_painted_already_and_estimates_the_rest(
    film: Path, style: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    wanted = [film, "--style", style, "--method", "live"]
    with monkeypatch.context() as patch:
        patch.setattr("streamstyle.job.FrameWritten", _InterruptingAfter(15))
        run(capfd, *wanted, code=130)
    before = files(film.parent)
    (planned,) = run(capfd, *wanted, "--dry-run")
    assert (planned["frames"], planned["resumed_frames"]) == (25, 15)
    assert planned["seconds"] == pytest.approx(10 * planned["seconds_per_frame"])
    assert exit_code(["run", *map(str, wanted), "--dry-run"]) == 0
    assert "resuming after frame 15" in capfd.readouterr().out
    (anew,) = run(capfd, *wanted, "--dry-run", "--restart")
    assert anew["resumed_frames"] == 0
    (refused,) = run(capfd, *wanted, "--strength", 0.9, "--dry-run", code=4)[-1:]
    assert (refused["event"], "started with --strength 1" in refused["problem"]) == ("failed", True)
    assert files(film.parent) == before
    assert run(capfd, *wanted)[0]["resumed_frames"] == 15


class _InterruptingAfter:
    """An event of a frame that is written, in whose place Ctrl-C is pressed once there were so many."""

    def __init__(self, frames: int) -> None:
        self._frames = frames

    def __call__(self, frame: int, *rest: Any) -> FrameWritten:
        if frame == self._frames:
            signal.raise_signal(signal.SIGINT)
        return FrameWritten(frame, *rest)


def test_the_disk_a_dry_run_foresees_is_about_what_is_used(
    film: Path, style: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (planned,) = run(capfd, film, "--style", style, "--method", "johnson", "--dry-run")
    output = Path(run(capfd, film, "--style", style, "--method", "johnson")[-1]["output"])
    assert 0.5 < planned["bytes"] / output.stat().st_size < 2


def test_ctrl_c_leaves_a_playable_film_of_what_was_finished(tmp_path: Path, style: Path) -> None:
    frames = np.tile(pan(frames=25).frames, (40, 1, 1, 1))
    film = write_film(tmp_path / "long.mp4", frames)
    command = [sys.executable, "-m", "streamstyle", "run", film, "--style", style, "--method", "johnson", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        events = []
        for line in running.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "frame_written" and len(events) == 20:
                running.send_signal(signal.SIGINT)
    assert running.returncode == 130
    stopped = events[-1]
    assert stopped["event"] == "stopped"
    assert 10 < stopped["frames"] < 1000
    assert len(times(Path(stopped["output"]))) == stopped["frames"]
    partial = ["long.nonsense.partial.mkv", "long.nonsense.partial.mkv.safetensors"]
    assert files(tmp_path) == ["long.mp4", *partial, "nonsense.safetensors"]
