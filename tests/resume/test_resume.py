"""A run that was stopped or killed is resumed, and its output is that of an uninterrupted run."""

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from time import sleep

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from streamstyle.events import Finished, FrameWritten, ShotStarted, Started, Stopped
from streamstyle.media.output_names import checkpoint_path, partial_path, set_aside_path
from streamstyle.resume.checkpoint import read_checkpoint
from streamstyle.settings import (
    ConsistencySettings,
    EncoderSettings,
    Method,
    RuderSettings,
    SourceSettings,
    StyleSettings,
)
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.films import cut, moving_square, pan, png, write_film
from tests.stylise_case import StyliseCase
from tests.video_io import mean_difference, packets

pytestmark = pytest.mark.usefixtures("home")

METHODS = {
    "johnson": {"consistency": ConsistencySettings(method=Method.johnson)},
    "live": {},
    "lookback": {"consistency": ConsistencySettings(method=Method.live, lookback=(1, 2, 4))},
    "consistent": {"consistency": ConsistencySettings(method=Method.consistent, iterations=2)},
    "ruder": {
        "source": SourceSettings(size=(48, 32)),
        "consistency": ConsistencySettings(method=Method.ruder, iterations=1, lookback=(1, 2)),
        "ruder": RuderSettings(first_iterations=2),
        "style": StyleSettings(strength=0.8, preserve_colour=True),
    },
}


def timed_images(path: Path) -> list[tuple[Fraction, NDArray[np.uint16]]]:
    """Display time in seconds and pixels in 16 bits of each frame."""
    with av.open(str(path)) as container:
        return [
            (frame.pts * frame.time_base, frame.to_ndarray(format="rgb48le")) for frame in container.decode(video=0)
        ]


def assert_same_video(path: Path, expected: Path) -> None:
    """Every frame, its time, and every packet of sound are the same."""
    for (time, image), (expected_time, expected_image) in zip(timed_images(path), timed_images(expected), strict=True):
        assert time == expected_time
        assert np.array_equal(image, expected_image), f"at {float(time):.2f} s"
    with av.open(str(expected)) as container:
        sounds = len(container.streams.audio)
    for number in range(sounds):
        assert packets(path, "audio", number) == packets(expected, "audio", number)


@pytest.fixture
def image_style(tmp_path: Path) -> StyleBlend:
    """A style image, as method ruder takes it."""
    path = tmp_path / "painting.png"
    path.write_bytes(png(pan(1, 64, 64, seed=9).frames[0]))
    return StyleBlend("picture", (BlendPart(path),))


# -------------------------------------------------------------------------------------------------------------- stopped


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("stop_after", [3, 22])
def test_a_stopped_run_is_resumed_at_the_next_frame_bit_for_bit(
    tmp_path: Path, case: StyliseCase, image_style: StyleBlend, method: str, stop_after: int
) -> None:
    case = case.with_settings(**METHODS[method])
    if method == "ruder":
        case = replace(case, style=image_style)
    folder = tmp_path / "films"
    folder.mkdir()
    case.stylise(folder / "whole.mkv")
    stopped, _ = case.stylise(folder / "film.mkv", stop_after)
    assert isinstance(stopped, Stopped)
    assert (stopped.frames, stopped.resumed_frames, stopped.resumable_frames) == (stop_after, 0, stop_after)
    ended, events = case.stylise(folder / "film.mkv")
    assert isinstance(ended, Finished)
    assert (ended.frames, ended.resumed_frames, ended.shots) == (40, stop_after, 2)
    assert next(event for event in events if isinstance(event, Started)).resumed_frames == stop_after
    assert [event.frame for event in events if isinstance(event, FrameWritten)] == list(range(stop_after + 1, 41))
    assert [event.frame for event in events if isinstance(event, ShotStarted)] == [20] * (stop_after < 20)
    assert_same_video(folder / "film.mkv", folder / "whole.mkv")
    assert sorted(path.name for path in folder.iterdir()) == ["film.mkv", "whole.mkv"]


def test_a_run_stopped_while_resuming_keeps_the_earlier_output(tmp_path: Path, case: StyliseCase) -> None:
    output = tmp_path / "film.mkv"
    case.stylise(output, stop_after=12)
    before = partial_path(output).read_bytes()
    stopped, _ = case.stylise(output, stop_after=0)
    assert isinstance(stopped, Stopped)
    assert (stopped.frames, stopped.resumed_frames, stopped.resumable_frames) == (12, 12, 12)
    assert partial_path(output).read_bytes() == before
    assert not set_aside_path(output).exists()
    ended, _ = case.stylise(output)
    assert (ended.frames, ended.resumed_frames) == (40, 12)


def test_a_run_stopped_before_its_first_frame_leaves_nothing(tmp_path: Path, case: StyliseCase) -> None:
    (tmp_path / "films").mkdir()
    stopped, _ = case.stylise(tmp_path / "films" / "film.mkv", stop_after=0)
    assert stopped.frames == 0
    assert list((tmp_path / "films").iterdir()) == []


def test_a_run_stopped_many_times_is_resumed_each_time(tmp_path: Path, case: StyliseCase) -> None:
    case = case.with_settings(consistency=ConsistencySettings(method=Method.live, lookback=(1, 3)))
    case.stylise(tmp_path / "whole.mkv")
    for stop_after in (1, 2, 4, 19, 20, 21, 39, 40):
        stopped, _ = case.stylise(tmp_path / "film.mkv", stop_after)
        assert isinstance(stopped, Stopped)
        assert len(timed_images(partial_path(tmp_path / "film.mkv"))) == stop_after
    ended, _ = case.stylise(tmp_path / "film.mkv")
    assert (ended.frames, ended.resumed_frames) == (40, 40)
    assert_same_video(tmp_path / "film.mkv", tmp_path / "whole.mkv")


def test_several_passes_are_resumed_at_the_start_of_a_shot(
    tmp_path: Path, case: StyliseCase, image_style: StyleBlend
) -> None:
    case = replace(
        case,
        video=write_film(tmp_path / "film.mkv", cut(pan(frames=8), moving_square(frames=9, seed=5)).frames, rate=4),
        style=image_style,
    ).with_settings(
        source=SourceSettings(size=(64, 48)),
        consistency=ConsistencySettings(method=Method.ruder, iterations=1),
        ruder=RuderSettings(first_iterations=1, passes=2),
    )
    case.stylise(tmp_path / "whole.mkv")
    stopped, _ = case.stylise(tmp_path / "output.mkv", stop_after=15)
    assert isinstance(stopped, Stopped)
    assert stopped.resumable_frames == 8
    ended, _ = case.stylise(tmp_path / "output.mkv")
    assert (ended.frames, ended.resumed_frames) == (17, 8)
    assert_same_video(tmp_path / "output.mkv", tmp_path / "whole.mkv")


# --------------------------------------------------------------------------------------------------------------- killed


class KilledRuns:
    """Copies of an output's folder, one for each checkpoint of a run: what a kill at that moment would leave."""

    def __init__(self, output: Path, copies: Path, pause: float = 0) -> None:
        """`pause`: seconds to wait after each frame."""
        self.output, self._copies, self._pause = output, copies, pause
        self.folders: list[Path] = []
        self._last_checkpoint = b""

    def on_frame(self, _: object) -> None:
        content = checkpoint_path(self.output).read_bytes()
        checkpoint = read_checkpoint(self.output)
        if checkpoint is not None and checkpoint.resume_point.frames and content != self._last_checkpoint:
            self._last_checkpoint = content
            self.folders.append(self._copies / str(len(self.folders)))
            shutil.copytree(self.output.parent, self.folders[-1])
        sleep(self._pause)


@pytest.fixture(scope="module")
def slow_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seventy frames, four a second, with a cut after ten seconds."""
    scene = cut(pan(frames=40, width=96, height=64), moving_square(frames=30, seed=5))
    return write_film(tmp_path_factory.mktemp("films") / "film.mkv", scene.frames, rate=4, audio=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "codec", "preset"),
    [
        ("mkv", "libx264", "medium"),
        ("mkv", "libx265", "ultrafast"),
        ("mkv", "libsvtav1", "ultrafast"),
        ("mkv", "mpeg4", "medium"),
        ("mkv", "ffv1", "medium"),
        ("webm", "libvpx-vp9", "medium"),
        ("mp4", "libx264", "medium"),
        ("mov", "libx265", "ultrafast"),
    ],
)
def test_a_killed_run_is_resumed_with_every_codec_and_container(
    tmp_path: Path, case: StyliseCase, slow_video: Path, suffix: str, codec: str, preset: str
) -> None:
    encoder = EncoderSettings(codec=codec, crf=10, preset=preset)
    case = replace(case, video=slow_video).with_settings(encoder=encoder)
    (tmp_path / "run").mkdir()
    # SVT-AV1 holds back 41 frames, and as many more as its own threads are behind: without a pause, perhaps all.
    svt_av1 = codec == "libsvtav1"
    killed = KilledRuns(tmp_path / "run" / f"film.{suffix}", tmp_path / "killed", pause=0.05 if svt_av1 else 0)
    case.stylise(killed.output, on_frame=killed.on_frame)
    assert len(killed.folders) >= (1 if svt_av1 else 2)
    expected = timed_images(killed.output)
    for folder in killed.folders:
        ended, _ = case.stylise(folder / killed.output.name)
        assert isinstance(ended, Finished)
        assert ended.resumed_frames >= 20
        assert [path.name for path in folder.iterdir()] == [killed.output.name]
        if suffix != "webm":  # which takes no AAC
            assert packets(folder / killed.output.name, "audio") == packets(killed.output, "audio")
        resumed = timed_images(folder / killed.output.name)
        for (time, image), (expected_time, expected_image) in zip(resumed, expected, strict=True):
            assert time == expected_time
            assert mean_difference(image, expected_image) < 3 * 257  # the lossy encoder was restarted


@pytest.mark.slow
def test_a_run_killed_twice_is_resumed_at_the_later_checkpoint(
    tmp_path: Path, case: StyliseCase, slow_video: Path
) -> None:
    """The second kill comes while the earlier output is still set aside."""
    case = replace(case, video=slow_video)
    (tmp_path / "run").mkdir()
    killed = KilledRuns(tmp_path / "run" / "film.mkv", tmp_path / "killed")
    case.stylise(killed.output, on_frame=killed.on_frame)
    again = KilledRuns(killed.folders[0] / "film.mkv", tmp_path / "again")
    case.stylise(again.output, on_frame=again.on_frame)
    assert (again.folders[0] / "film.partial.earlier.mkv").is_file()  # the new file has no checkpoint yet
    (again.folders[0] / "film.partial.mkv").write_bytes(b"cut off while frames were copied")
    for folder in again.folders:
        ended, _ = case.stylise(folder / "film.mkv")
        assert isinstance(ended, Finished)
        assert ended.resumed_frames >= 20
        assert_same_video(folder / "film.mkv", killed.output)
        others = {path.name for path in folder.iterdir()} - {"film.mkv"}
        assert all(name.startswith("film.partial.damaged") for name in others)  # copies are not known to be ours


# -------------------------------------------------------------------------------------------------------------- sources


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_uneven_times_and_reordered_frames_are_kept(tmp_path: Path, case: StyliseCase, suffix: str) -> None:
    pts = np.cumsum([900, *([3600, 90, 7200, 3600, 30000, 1800] * 6)]).tolist()  # the first frame is late
    video = write_film(
        tmp_path / f"source.{suffix}", pan(len(pts), 96, 64).frames, pts=pts, time_base=Fraction(1, 90000), audio=True
    )
    case = replace(case, video=video).with_settings(encoder=EncoderSettings(crf=0, preset="medium"))
    case.stylise(tmp_path / f"whole.{suffix}")
    for stop_after in (1, 17, 30):
        case.stylise(tmp_path / f"film.{suffix}", stop_after)
    case.stylise(tmp_path / f"film.{suffix}")
    assert_same_video(tmp_path / f"film.{suffix}", tmp_path / f"whole.{suffix}")


def test_a_time_range_of_a_video_is_resumed(tmp_path: Path, case: StyliseCase) -> None:
    case = case.with_settings(source=SourceSettings(start=0.36, end=1.2))
    case.stylise(tmp_path / "whole.mkv")
    case.stylise(tmp_path / "film.mkv", stop_after=9)
    ended, _ = case.stylise(tmp_path / "film.mkv")
    assert (ended.frames, ended.resumed_frames) == (21, 9)
    assert_same_video(tmp_path / "film.mkv", tmp_path / "whole.mkv")


def test_a_video_whose_timestamps_restart_is_resumed_by_counting(tmp_path: Path, case: StyliseCase) -> None:
    """Two recordings joined: the second repeats the times of the first, so seeking cannot find a frame."""
    first = write_film(tmp_path / "first.ts", pan(30, 96, 64).frames, codec="mpeg2video", options={"bf": "0"})
    second = write_film(tmp_path / "second.ts", pan(30, 96, 64, seed=4).frames, codec="mpeg2video", options={"bf": "0"})
    (tmp_path / "joined.ts").write_bytes(first.read_bytes() + second.read_bytes())
    case = replace(case, video=tmp_path / "joined.ts")
    whole, _ = case.stylise(tmp_path / "whole.mkv")
    case.stylise(tmp_path / "film.mkv", stop_after=45)
    ended, _ = case.stylise(tmp_path / "film.mkv")
    assert (ended.frames, ended.resumed_frames) == (whole.frames, 45)
    assert_same_video(tmp_path / "film.mkv", tmp_path / "whole.mkv")
