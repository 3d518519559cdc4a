"""A video is stylised while viewers watch the run and control it."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import psutil
import pytest

from streamstyle.errors import OutputError
from streamstyle.events import Event, Failed, Finished, FrameWritten, Paused, Stopped, Unpaused, Warned
from streamstyle.media.probe import probe
from streamstyle.pipeline import stylise_video
from streamstyle.process_identity import ProcessIdentity
from streamstyle.runs.folder import Control, PreviewRequest, RunFolder, RunReader, SaveRequest
from streamstyle.runs.monitor import open_session
from streamstyle.settings import (
    ConsistencySettings,
    Device,
    EncoderSettings,
    Method,
    Settings,
    SourceSettings,
    UpscaleSettings,
)
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.films import pan, write_film
from tests.video_io import random_style

pytestmark = pytest.mark.usefixtures("home")

FRAMES = 12


def to_failed(error: BaseException) -> Failed:
    return Failed(str(error), "", 70)


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return random_style(tmp_path, strong=True)


def run_watched(
    tmp_path: Path,
    style: Path,
    on_frame: Callable[[int, RunFolder], None] = lambda frame, folder: None,
    upscale: int = 1,
) -> tuple[RunFolder, Finished | Stopped, list[Event]]:
    """Stylise a pan; return the run's folder, its end, and the events that the observer got."""
    folder, stop, events = RunFolder(tmp_path / "run"), threading.Event(), list[Event]()
    video = write_film(tmp_path / "film.mkv", pan(frames=FRAMES).frames)
    settings = Settings(
        consistency=ConsistencySettings(method=Method.consistent, iterations=2),
        upscale=UpscaleSettings(upscale),
        encoder=EncoderSettings(preset="ultrafast"),
        device=Device.cpu,
    )

    def observe(event: Event) -> None:
        events.append(event)
        if isinstance(event, FrameWritten):
            on_frame(event.frame, folder)

    with open_session(folder, ["run"], to_failed) as session:
        observe_both, monitor = session.attach(observe, stop)
        source, output = probe(video, SourceSettings()), tmp_path / "out.mkv"
        blend = StyleBlend("nonsense", (BlendPart(style),))
        return folder, stylise_video(source, output, blend, settings, observe_both, stop, monitor), events


def await_event(reader: RunReader, field: str, value: object) -> dict[str, Any]:
    """Read events until a field of one has this value; return it."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for event in reader.read_events():
            if event.get(field) == value:
                return event
        time.sleep(0.02)
    raise AssertionError(f"no event whose {field} is {value}")


def names(folder: RunFolder) -> list[str]:
    return [event["event"] for event in RunReader(folder).read_events()]


def test_the_folder_has_a_runs_events_and_its_end_comes_last(tmp_path: Path, style: Path) -> None:
    def outlast_the_sample_interval(frame: int, folder: RunFolder) -> None:
        time.sleep(0.04)

    folder, end, events = run_watched(tmp_path, style, outlast_the_sample_interval)
    assert isinstance(end, Finished)
    assert {"frame_written", "status_sampled", "started"} <= set(names(folder))
    assert names(folder)[-1] == "finished"
    latest = {event["event"]: event for event in RunReader(folder).read_events()}
    assert latest["frame_written"]["frame"] == FRAMES
    assert latest["status_sampled"]["bottleneck"] in {"decode", "flow", "stylise", "consistency", "encode", "monitor"}
    assert latest["status_sampled"]["memory"] > 0
    assert "status_sampled" not in {event.name for event in events}, "samples are for viewers only"


def test_requested_previews_are_written_at_the_size_requested(tmp_path: Path, style: Path) -> None:
    def request(frame: int, folder: RunFolder) -> None:
        if frame == 4:
            folder.request_previews("viewer", PreviewRequest(("output", "flow"), 50, 40))

    folder, _, _ = run_watched(tmp_path, style, request)
    (previews,) = [event for event in RunReader(folder).read_events() if event["event"] == "previews_written"]
    assert set(previews["images"]) == {"output", "flow"}
    assert {path.name for path in folder.previews.iterdir()} == {"output.jpg", "flow.jpg"}
    assert cv2.imread(previews["images"]["output"]).shape == (32, 48, 3)


def test_without_a_request_no_previews_are_written(tmp_path: Path, style: Path) -> None:
    folder, _, _ = run_watched(tmp_path, style)
    assert not list(folder.previews.iterdir())


def test_a_pause_stops_the_run_and_its_clock(tmp_path: Path, style: Path) -> None:
    def pause(frame: int, folder: RunFolder) -> None:
        if frame == 3:
            folder.write_control(Control(paused=True))
            threading.Timer(0.6, lambda: folder.write_control(Control())).start()

    began = time.monotonic()
    folder, end, _ = run_watched(tmp_path, style, pause)
    seconds = time.monotonic() - began
    assert end.frames == FRAMES
    assert [name for name in names(folder) if name in {"paused", "unpaused"}] == ["paused", "unpaused"]
    assert end.elapsed < seconds - 0.3  # of the 0.6; a busy run begins to pause later


def test_a_larger_preview_during_a_pause_is_an_event(tmp_path: Path, style: Path) -> None:
    frames: list[int] = []

    def pause(frame: int, folder: RunFolder) -> None:
        if frame != 3:
            return
        folder.request_previews("test", PreviewRequest(("output",), 24, 16))
        folder.write_control(Control(paused=True))

        def look_closely() -> None:
            reader = RunReader(folder)
            await_event(reader, "event", "paused")
            for width in (48, 96):
                folder.request_previews("test", PreviewRequest(("output",), width, width))
                frames.append(await_event(reader, "width", width)["frame"])
            folder.write_control(Control())

        threading.Thread(target=look_closely).start()

    run_watched(tmp_path, style, pause)
    assert frames == [3, 3]


def test_a_pause_ends_when_its_owner_dies(tmp_path: Path, style: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as owner:
        identity = ProcessIdentity(owner.pid, psutil.Process(owner.pid).create_time())

        def pause(frame: int, folder: RunFolder) -> None:
            if frame == 3:
                folder.write_control(Control(paused=True, owner=identity))
                threading.Timer(0.3, owner.kill).start()

        _, end, events = run_watched(tmp_path, style, pause)
    assert isinstance(end, Finished)
    assert [event for event in events if isinstance(event, Paused | Unpaused)] == [Paused(3), Unpaused(3)]


@pytest.mark.parametrize("paused", [False, True])
def test_a_run_can_be_stopped_also_while_it_is_paused(tmp_path: Path, style: Path, paused: bool) -> None:
    def stop(frame: int, folder: RunFolder) -> None:
        if frame == 3:
            folder.write_control(Control(paused=paused, stop=not paused))
            threading.Timer(0.3, lambda: folder.write_control(Control(paused=paused, stop=True))).start()

    folder, end, _ = run_watched(tmp_path, style, stop)
    assert isinstance(end, Stopped)
    assert end.frames == 3
    assert names(folder)[-1] == "stopped"


@pytest.mark.parametrize("upscale", [1, 2])
def test_a_frame_is_saved_once_per_request_in_full_size(tmp_path: Path, style: Path, upscale: int) -> None:
    def save(frame: int, folder: RunFolder) -> None:
        if frame == 5:
            folder.write_control(Control(save=SaveRequest(1, "output", str(tmp_path / "still.png"))))

    folder, _, _ = run_watched(tmp_path, style, save, upscale)
    assert names(folder).count("frame_saved") == 1
    assert cv2.imread(str(tmp_path / "still.png")).shape == (64 * upscale, 96 * upscale, 3)


@pytest.mark.parametrize(
    ("view", "path", "reason"),
    [
        ("output", "still.txt", "does not end in .png"),
        ("output", "no/such/folder/still.png", "cannot be written"),
        ("flow", "flow.png", "frame 1 has no flow"),
    ],
)
def test_a_view_that_cannot_be_saved_is_a_warning(
    tmp_path: Path, style: Path, view: str, path: str, reason: str
) -> None:
    def save(frame: int, folder: RunFolder) -> None:
        folder.write_control(Control(save=SaveRequest(1, view, str(tmp_path / path))))

    folder, end, _ = run_watched(tmp_path, style, save)
    assert isinstance(end, Finished)
    (warning,) = [event["message"] for event in RunReader(folder).read_events() if event["event"] == "warned"]
    assert reason in warning


def test_an_error_is_logged_in_the_folder(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(OutputError), open_session(folder, [], to_failed):
        raise OutputError("no space left", "Free some.")
    (event,) = RunReader(folder).read_events()
    assert (event["event"], event["problem"]) == ("failed", "no space left. Free some.")


def test_a_folder_that_cannot_be_created_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file in its place")
    with open_session(RunFolder(tmp_path / "run"), [], to_failed) as session:
        events: list[Event] = []
        session.attach(events.append, threading.Event())
    (warning,) = events
    assert isinstance(warning, Warned)


def test_a_folder_that_disappears_is_one_warning_and_the_run_finishes(tmp_path: Path, style: Path) -> None:
    def remove(frame: int, folder: RunFolder) -> None:
        if frame == 2:
            shutil.rmtree(folder.path)

    _, end, events = run_watched(tmp_path, style, remove)
    assert isinstance(end, Finished)
    assert sum(isinstance(event, Warned) for event in events) == 1
