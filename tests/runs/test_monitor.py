"""A film is painted while somebody looks on, and has wishes."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

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
from streamstyle.settings import ConsistencySettings, Device, EncoderSettings, Settings, SourceSettings, UpscaleSettings
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.films import pan, write_film
from tests.video_io import nonsense_style

pytestmark = pytest.mark.usefixtures("home")

FRAMES = 12


def failed(error: BaseException) -> Failed:
    return Failed(str(error), "", 70)


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return nonsense_style(tmp_path, strong=True)


def paint(
    tmp_path: Path,
    style: Path,
    on_frame: Callable[[int, RunFolder], None] = lambda frame, folder: None,
    upscale: int = 1,
) -> tuple[RunFolder, Finished | Stopped, list[Event]]:
    folder, stop, told = RunFolder(tmp_path / "run"), threading.Event(), list[Event]()
    film = write_film(tmp_path / "film.mkv", pan(frames=FRAMES).frames)
    settings = Settings(
        consistency=ConsistencySettings(iterations=2),
        upscale=UpscaleSettings(upscale),
        encoder=EncoderSettings(preset="ultrafast"),
        device=Device.cpu,
    )

    def tell(event: Event) -> None:
        told.append(event)
        if isinstance(event, FrameWritten):
            on_frame(event.frame, folder)

    with open_session(folder, ["run"], failed) as opened:
        observe, look = opened.attach(tell, stop)
        source, output = probe(film, SourceSettings()), tmp_path / "out.mkv"
        mix = StyleBlend("nonsense", (BlendPart(style),))
        return folder, stylise_video(source, output, mix, settings, observe, stop, look), told


def names(folder: RunFolder) -> list[str]:
    return [event["event"] for event in RunReader(folder).read_events()]


def test_the_folder_tells_the_run_and_its_end_comes_last(tmp_path: Path, style: Path) -> None:
    folder, ended, told = paint(tmp_path, style, lambda frame, folder: time.sleep(0.04))  # for more than one survey
    assert isinstance(ended, Finished)
    assert names(folder)[0] == "status_sampled" or names(folder)[0] == "frame_written"
    assert names(folder)[-1] == "finished"
    latest = {event["event"]: event for event in RunReader(folder).read_events()}
    assert latest["frame_written"]["frame"] == FRAMES
    assert latest["status_sampled"]["bottleneck"] in {"decode", "flow", "stylise", "consistency", "encode", "monitor"}
    assert latest["status_sampled"]["memory"] > 0
    assert "status_sampled" not in {event.name for event in told}, "that is for those who look on"


def test_pictures_are_made_for_those_who_wish_for_them(tmp_path: Path, style: Path) -> None:
    def wish(frame: int, folder: RunFolder) -> None:
        if frame == 4:
            folder.request_previews("me", PreviewRequest(("output", "flow"), 50, 40))

    folder, _, _ = paint(tmp_path, style, wish)
    (previewed,) = [event for event in RunReader(folder).read_events() if event["event"] == "previews_written"]
    assert set(previewed["images"]) == {"output", "flow"}
    assert {path.name for path in folder.previews.iterdir()} == {"output.jpg", "flow.jpg"}
    assert cv2.imread(previewed["images"]["output"]).shape == (32, 48, 3)


def test_nobody_there_no_pictures(tmp_path: Path, style: Path) -> None:
    folder, _, _ = paint(tmp_path, style)
    assert not list(folder.previews.iterdir())


def test_a_pause_holds_the_run_and_the_clock_until_it_goes_on(tmp_path: Path, style: Path) -> None:
    def pause(frame: int, folder: RunFolder) -> None:
        if frame == 3:
            folder.write_control(Control(paused=True))
            threading.Timer(0.6, lambda: folder.write_control(Control())).start()

    began = time.monotonic()
    folder, ended, _ = paint(tmp_path, style, pause)
    lasted = time.monotonic() - began
    assert ended.frames == FRAMES
    assert [name for name in names(folder) if name in {"paused", "unpaused"}] == ["paused", "unpaused"]
    assert ended.elapsed < lasted - 0.5


def test_a_pause_ends_with_whoever_ordered_it(tmp_path: Path, style: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as owner:
        identity = ProcessIdentity(owner.pid, psutil.Process(owner.pid).create_time())

        def pause(frame: int, folder: RunFolder) -> None:
            if frame == 3:
                folder.write_control(Control(paused=True, owner=identity))
                threading.Timer(0.3, owner.kill).start()

        _, ended, told = paint(tmp_path, style, pause)
    assert isinstance(ended, Finished)
    assert [event for event in told if isinstance(event, Paused | Unpaused)] == [Paused(3), Unpaused(3)]


@pytest.mark.parametrize("paused", [False, True])
def test_the_owner_can_stop_it_also_while_it_is_paused(tmp_path: Path, style: Path, paused: bool) -> None:
    def stop(frame: int, folder: RunFolder) -> None:
        if frame == 3:
            folder.write_control(Control(paused=paused, stop=not paused))
            threading.Timer(0.3, lambda: folder.write_control(Control(paused=paused, stop=True))).start()

    folder, ended, _ = paint(tmp_path, style, stop)
    assert isinstance(ended, Stopped)
    assert ended.frames == 3
    assert names(folder)[-1] == "stopped"


@pytest.mark.parametrize("upscale", [1, 2])
def test_a_frame_is_saved_in_full_size_once_for_each_wish(tmp_path: Path, style: Path, upscale: int) -> None:
    def save(frame: int, folder: RunFolder) -> None:
        if frame == 5:
            folder.write_control(Control(save=SaveRequest(1, "output", str(tmp_path / "still.png"))))

    folder, _, _ = paint(tmp_path, style, save, upscale)
    assert names(folder).count("frame_saved") == 1
    assert cv2.imread(str(tmp_path / "still.png")).shape == (64 * upscale, 96 * upscale, 3)


@pytest.mark.parametrize("path", ["still.txt", "no/such/folder/still.png"])
def test_what_cannot_be_saved_is_said_and_the_run_goes_on(tmp_path: Path, style: Path, path: str) -> None:
    def save(frame: int, folder: RunFolder) -> None:
        folder.write_control(Control(save=SaveRequest(1, "output", str(tmp_path / path))))

    folder, ended, _ = paint(tmp_path, style, save)
    assert isinstance(ended, Finished)
    assert names(folder).count("warned") == 1


def test_an_error_is_told_in_the_folder(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(OutputError), open_session(folder, [], failed):
        raise OutputError("no room", "Make some.")
    (event,) = RunReader(folder).read_events()
    assert (event["event"], event["problem"]) == ("failed", "no room. Make some.")


def test_a_folder_that_cannot_be_made_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("in the way")
    with open_session(RunFolder(tmp_path / "run"), [], failed) as opened:
        told: list[Event] = []
        opened.attach(told.append, threading.Event())
    assert isinstance(told[0], Warned)


def test_a_folder_that_vanishes_is_told_once_and_the_film_is_painted(tmp_path: Path, style: Path) -> None:
    def remove(frame: int, folder: RunFolder) -> None:
        if frame == 2:
            shutil.rmtree(folder.path)

    _, ended, told = paint(tmp_path, style, remove)
    assert isinstance(ended, Finished)
    assert sum(isinstance(event, Warned) for event in told) == 1
