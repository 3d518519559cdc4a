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
from streamstyle.cli.run_arguments import parse_run_arguments
from streamstyle.events import FrameWritten, StopEvent
from streamstyle.media.probe import probe
from streamstyle.pipeline import stylise_video
from streamstyle.runs.folder import RunFolder, RunReader
from streamstyle.settings import SourceSettings
from tests.films import Attachment, Extras, cut, moving_square, pan, png, texture, write_film
from tests.video_io import random_style

pytestmark = pytest.mark.usefixtures("home")

Event = dict[str, Any]


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return random_style(tmp_path)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A pan of 14 frames, and after a cut a moving square of 11: one second, with sound."""
    scene = cut(pan(frames=14), moving_square(frames=11, seed=5))
    return write_film(tmp_path / "film.mp4", scene.frames, audio=True)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "painting.png"
    path.write_bytes(png(texture(80, 80, seed=9)))
    return path


def run(capfd: pytest.CaptureFixture[str], *arguments: str | Path, code: int = 0) -> list[Event]:
    """Return the events of a run with --json, which are all that it prints on standard output."""
    assert exit_code(["run", *map(str, arguments), "--json"]) == code
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "home")


def test_the_default_output_is_beside_the_film_with_its_times(
    film: Path, style: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["run", str(film), "--style", str(style), "--method", "live"]) == 0
    output = film.with_name("film.nonsense.mkv")
    assert times(output) == pytest.approx(times(film), abs=0.0005)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert f"{output}: 25 frames in 0:" in printed.err
    assert "flow: 23 computed, 0 from the cache" in printed.err


@pytest.mark.slow
def test_with_json_standard_output_is_events_and_nothing_else(
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


def test_streams_that_the_container_cannot_hold_are_warned_of_first(
    tmp_path: Path, style: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    extras = Extras(subtitles=[(0.0, 0.1, "Hello")], attachments=[Attachment("font.ttf", "font/ttf", b"letters")])
    film = write_film(tmp_path / "film.mkv", pan(frames=4).frames, extras=extras)
    events = run(capfd, film, "--style", style, "--method", "johnson", "-o", tmp_path / "out.mp4")
    messages = [event["message"] for event in events[:2]]
    assert [event["event"] for event in events[:3]] == ["warned", "warned", "started"]
    assert "subrip becomes mov_text" in messages[0]
    assert "left out: .mp4 cannot hold" in messages[1]


@pytest.mark.parametrize(
    ("second", "third", "options", "said"),
    [
        ("0.5", "0.96", [], None),
        ("0.96", "60", [], "line 9: the shot begins at 1:00.000, and the film ends at 0:01.000: it is ignored"),
        (
            "1",
            "2",
            [],
            "line 6: the shot begins at 0:01.000, and the film ends at 0:01.000: it is ignored (2 shots in all)",
        ),
        ("1", "60", ["--range", "0-0.2"], None),
    ],
)
def test_shots_of_a_script_after_the_end_of_the_film_are_warned_of(
    film: Path,
    style: Path,
    capfd: pytest.CaptureFixture[str],
    second: str,
    third: str,
    options: list[str],
    said: str | None,
) -> None:
    script = film.with_name("film.toml")
    shots = "".join(f"\n[[shot]]\nstart = {start}\n" for start in ("0", second, third))
    script.write_text(f"method = 'johnson'{shots}")
    events = run(capfd, film, "--script", script, "--style", style, *options)
    warned = [event["message"] for event in events if event["event"] == "warned"]
    assert warned == ([] if said is None else [f"{script}, {said}"])
    (planned,) = run(capfd, film, "--script", script, "--style", style, *options, "--dry-run", "-y")
    assert planned["warnings"] == warned


def test_quiet_prints_nothing(film: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", str(film), "--style", str(style), "--method", "johnson", "-q"]) == 0
    assert capfd.readouterr() == ("", "")


def test_a_sample_comes_from_the_middle(film: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    events = run(capfd, film, "--style", style, "--method", "johnson", "--sample", "0.2s")
    written = [event["time"] for event in events if event["event"] == "frame_written"]
    assert written == pytest.approx([0.4, 0.44, 0.48, 0.52, 0.56], abs=0.041)
    whole = run(capfd, film, "--style", style, "--method", "johnson", "--sample", "1:00", "-y")
    assert whole[-1]["frames"] == 25


def test_only_the_requested_range_is_stylised(film: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    events = run(capfd, film, "--style", style, "--method", "johnson", "--range", "0:00.2-0.4s")
    assert events[-1]["frames"] == 5
    assert run(capfd, film, "--style", style, "--range", "10-20", code=3)[-1]["event"] == "failed"


def test_a_blend_with_strength_scale_and_preserved_colour(
    film: Path, image: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ["--strength", "0.5", "--style-scale", "2", "--preserve-colour", "--method", "johnson"]
    events = run(capfd, film, "--style", f"wave:0.6,{image}:0.4", *options)
    assert events[0]["style"] == "wave+painting"
    assert Path(events[-1]["output"]).name == "film.wave+painting.johnson.mkv"
    assert run(capfd, film, "--style", "wave", "--strength", "1.5", code=2)[-1]["event"] == "failed"


@pytest.mark.slow
def test_method_ruder_needs_a_style_image_and_takes_several_passes(
    film: Path, style: Path, image: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ["--method", "ruder", "--iterations", "2", "--first-iterations", "4", "--range", "0.3-0.8"]
    events = run(capfd, film, "--style", image, *options)
    assert (events[0]["method"], events[-1]["event"]) == ("ruder", "finished")
    assert [event["frame"] for event in events if event["event"] == "shot_started"] == [0, 6]
    failed = run(capfd, film, "--style", style, *options, "-y", code=5)[-1]
    assert "--style-image" in failed["next_step"]
    assert run(capfd, film, "--style", style, "--style-image", image, *options)[-1]["frames"] == events[-1]["frames"]
    assert run(capfd, film, "--style", image, "--method", "ruder", "--iterations", 0, code=2)
    two_passes = run(capfd, film, "--style", image, *options, "-y", "--passes", 2, "--lookback", "1,2")
    assert (two_passes[-1]["frames"], two_passes[-1]["flows_cached"]) == (
        events[-1]["frames"],
        events[-1]["flows_computed"],
    )


def test_a_dry_run_measures_the_method_ruder(film: Path, image: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = ["--method", "ruder", "--iterations", "3000", "--dry-run", "--range", "0-0.2"]
    (planned,) = run(capfd, film, "--style", image, *options)
    assert (planned["method"], planned["frames"]) == ("ruder", 5)
    assert planned["seconds"] == pytest.approx(5 * planned["seconds_per_frame"])


def test_a_style_image_that_is_not_an_image_is_an_error(
    film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("no image")
    before = files(tmp_path)
    assert run(capfd, film, "--style", text, code=5)[-1]["problem"].startswith(str(text))
    assert files(tmp_path) == before


def test_a_missing_gpu_is_an_error(film: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    before = files(film.parent)
    assert run(capfd, film, "--style", style, "--device", "cuda", code=6)[-1]["event"] == "failed"
    assert files(film.parent) == before


def test_the_run_folder_holds_the_command_and_the_end_of_the_run(
    tmp_path: Path, film: Path, style: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    finished, failed = RunFolder(tmp_path / "finished"), RunFolder(tmp_path / "failed")
    run(capfd, film, "--style", style, "--method", "johnson", "--run-folder", finished.path)
    assert finished.command()[:2] == ["run", str(film)]
    assert [event["event"] for event in RunReader(finished).read_events()][-1] == "finished"
    run(capfd, tmp_path / "missing.mkv", "--style", style, "--run-folder", failed.path, code=3)
    (event,) = RunReader(failed).read_events()
    assert (event["event"], event["exit_code"]) == ("failed", 3)


def test_a_dry_run_counts_frames_measures_speed_and_writes_nothing(
    film: Path, style: Path, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = files(film.parent)
    (planned,) = run(capfd, film, "--style", style, "--method", "live", "--dry-run", "--count")
    assert (planned["event"], planned["frames"], planned["cuts"]) == ("planned", 25, pytest.approx([14 / 25]))
    assert [(stream["stream"]["kind"], stream["action"]) for stream in planned["streams"]] == [("audio", "copied")]
    assert planned["seconds"] == pytest.approx(25 * planned["seconds_per_frame"])
    assert 0 < planned["bytes"] < 10_000_000
    assert exit_code(["run", str(film), "--style", str(style), "--method", "live", "--dry-run", "--count"]) == 0
    printed = capfd.readouterr().out
    assert "2, cuts at 0:01" in printed
    assert "aac: copied" in printed
    assert files(film.parent) == before
    assert not home.exists()


def test_a_dry_run_reads_the_whole_film_only_to_count(
    film: Path, style: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the whole film is read")

    monkeypatch.setattr("streamstyle.media.probe.count_range", refuse)
    monkeypatch.setattr("streamstyle.estimate._count_frames", refuse)
    arguments = [film, "--style", style, "--method", "johnson", "--dry-run"]
    (planned,) = run(capfd, *arguments)
    assert (planned["frames"], planned["cuts"]) == (25, None)
    assert planned["seconds"] == pytest.approx(25 * planned["seconds_per_frame"])
    (part,) = run(capfd, *arguments, "--range", "0.2-0.6", "--height", "48", "--adapt", "7m")
    assert (part["frames"], part["height"], part["adaptation_seconds"]) == (10, 48, 420)
    assert exit_code(["run", *map(str, arguments), "--adapt", "7m"]) == 0
    printed = capfd.readouterr().out
    assert "about 25, 0:01" in printed
    assert "after 7 min in which the style is adapted" in printed
    assert run(capfd, film, "--style", style, "--count", code=2)[-1]["problem"].startswith("--count")


def test_a_dry_run_says_what_a_run_warns_of_before_it_starts(
    tmp_path: Path, style: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("streamstyle.gpu.device.gpu_fault", lambda: "it is too hot")
    extras = Extras(metadata={"ARCHIVE_NUMBER": "17"})
    film = write_film(tmp_path / "film.mkv", pan(frames=4, width=64, height=48).frames, audio=True, extras=extras)
    arguments = [film, "--style", style, "--method", "johnson", "--height", "35", "-o", tmp_path / "out.mp4"]
    (planned,) = run(capfd, *arguments, "--dry-run")
    assert exit_code(["run", *map(str, arguments), "--dry-run"]) == 0
    rows = [line for line in capfd.readouterr().out.splitlines() if line.startswith("warning")]
    events = run(capfd, *arguments)
    before = [event["message"] for event in events[: [event["event"] for event in events].index("started")]]
    assert planned["warnings"] == before
    assert [row.split(None, 1)[1] for row in rows] == before
    for warning, said in zip(before, ("ARCHIVE_NUMBER", "--height 35 becomes", "too hot"), strict=True):
        assert said in warning


@pytest.mark.slow
def test_a_dry_run_estimates_the_frames_left_after_a_stopped_run(
    film: Path, style: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = [film, "--style", style, "--method", "live"]
    with monkeypatch.context() as patch:
        patch.setattr("streamstyle.job.FrameWritten", _CtrlCAfter(15))
        run(capfd, *arguments, code=130)
    before = files(film.parent)
    (planned,) = run(capfd, *arguments, "--dry-run")
    assert (planned["frames"], planned["resumed_frames"]) == (25, 15)
    assert planned["seconds"] == pytest.approx(10 * planned["seconds_per_frame"])
    assert exit_code(["run", *map(str, arguments), "--dry-run"]) == 0
    assert "resuming after frame 15" in capfd.readouterr().out
    (restarted,) = run(capfd, *arguments, "--dry-run", "--restart")
    assert restarted["resumed_frames"] == 0
    (failed,) = run(capfd, *arguments, "--strength", 0.9, "--dry-run", code=4)[-1:]
    assert (failed["event"], "started with --strength 1" in failed["problem"]) == ("failed", True)
    assert files(film.parent) == before
    checkpoint = next(film.parent.glob("*.partial.mkv.safetensors"))
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[: len(whole) // 2])
    (damaged,) = run(capfd, *arguments, "--dry-run")
    assert damaged["resumed_frames"] == 0
    assert [warning.endswith("the run starts from the beginning") for warning in damaged["warnings"]] == [True]
    checkpoint.write_bytes(whole)
    assert run(capfd, *arguments)[0]["resumed_frames"] == 15


class _CtrlCAfter:
    """Stands in for `FrameWritten`; presses Ctrl-C when so many frames are written."""

    def __init__(self, frames: int) -> None:
        self._frames = frames

    def __call__(self, frame: int, *rest: Any) -> FrameWritten:
        if frame == self._frames:
            signal.raise_signal(signal.SIGINT)
        return FrameWritten(frame, *rest)


def test_the_estimated_size_is_near_the_size_of_the_output(
    film: Path, style: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (planned,) = run(capfd, film, "--style", style, "--method", "johnson", "--dry-run")
    output = Path(run(capfd, film, "--style", style, "--method", "johnson")[-1]["output"])
    assert 0.5 < planned["bytes"] / output.stat().st_size < 2


@pytest.mark.slow
def test_ctrl_c_leaves_a_playable_output_of_the_finished_frames(tmp_path: Path, style: Path) -> None:
    frames = np.tile(pan(frames=25).frames, (40, 1, 1, 1))
    film = write_film(tmp_path / "long.mp4", frames)
    command = [sys.executable, "-m", "streamstyle", "run", film, "--style", style, "--method", "johnson", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "frame_written" and len(events) == 20:
                process.send_signal(signal.SIGINT)
    assert process.returncode == 130
    stopped = events[-1]
    assert stopped["event"] == "stopped"
    assert 10 < stopped["frames"] < 1000
    assert len(times(Path(stopped["output"]))) == stopped["frames"]
    partial = ["long.nonsense.johnson.partial.mkv", "long.nonsense.johnson.partial.mkv.safetensors"]
    assert files(tmp_path) == ["long.mp4", *partial, "nonsense.safetensors"]


def test_a_run_folder_of_another_user_is_refused(
    capfd: pytest.CaptureFixture[str], film: Path, style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever made it could leave orders in it, such as where to save frames."""
    (tmp_path / "run").mkdir()
    monkeypatch.setattr("streamstyle.runs.folder.is_own", lambda path: False)
    (failed,) = run(capfd, film, "--style", style, "--run-folder", tmp_path / "run", code=4)
    assert failed["problem"] == f"{tmp_path / 'run'} belongs to another user"
    assert files(tmp_path / "run") == []


@pytest.mark.slow
def test_a_run_that_was_begun_under_a_plainer_name_keeps_it(
    tmp_path: Path, style: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Names had no method and no size once."""
    film = write_film(tmp_path / "film.mp4", pan(frames=60).frames)
    arguments = [str(film), "--style", str(style), "--method", "johnson", "--preset", "ultrafast"]
    begun, named = tmp_path / "film.nonsense.mkv", tmp_path / "film.nonsense.johnson.mkv"
    parsed, video = parse_run_arguments(arguments), probe(film, SourceSettings())

    def stop_early(event: object) -> None:
        if isinstance(event, FrameWritten) and event.frame == 30:
            stop.set()

    stop = StopEvent()
    stylise_video(video, begun, parsed.blend, parsed.settings, stop_early, stop)
    assert parsed.find_output(video) == begun
    assert parsed.needs_video
    assert parse_run_arguments([*arguments, "--strength", "0.5"]).find_output(video) == named
    assert parse_run_arguments([*arguments, "--restart"]).find_output(video) == named
    planned = run(capfd, *arguments, "--dry-run")[0]
    assert (planned["output"], planned["resumed_frames"]) == (str(begun), 30)
    finished = run(capfd, *arguments)[-1]
    assert (finished["output"], finished["resumed_frames"]) == (str(begun), 30)
    assert parsed.find_output(video) == named
