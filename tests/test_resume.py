"""A run that was stopped or killed goes on where it was, and the film is the one it would have been."""

import shutil
import threading
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from streamstyle.errors import OutputError, StyleError
from streamstyle.events import Event, Finished, FrameWritten, ShotStarted, Started, Stopped
from streamstyle.media.output_file import partial_path, set_aside_path
from streamstyle.media.probe import probe
from streamstyle.pipeline import stylise_video
from streamstyle.resume.checkpoint import checkpoint_path
from streamstyle.settings import (
    ConsistencySettings,
    Device,
    EncoderSettings,
    FlowSettings,
    Method,
    RuderSettings,
    Settings,
    SourceSettings,
    StyleSettings,
)
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.films import cut, moving_square, pan, png, write_film
from tests.video_io import mean_difference, packets, random_style

pytestmark = pytest.mark.usefixtures("home")

LOSSLESS = EncoderSettings(codec="ffv1")
LIVE = ConsistencySettings(method=Method.live)


@dataclass
class Easel:
    """A film, a style and settings, to paint with as often as one likes."""

    film: Path
    mix: StyleBlend
    settings: Settings

    def paint(self, output: Path, stop_after: int | None = None, **how: Any) -> tuple[Finished | Stopped, list[Event]]:
        told: list[Event] = []
        stop = threading.Event()

        def observe(event: Event) -> None:
            told.append(event)
            if isinstance(event, FrameWritten) and event.frame == stop_after:
                stop.set()

        if stop_after == 0:
            stop.set()
        film = probe(self.film, self.settings.source)
        return stylise_video(film, output, self.mix, self.settings, observe, stop, **how), told

    def having(self, **changed: object) -> "Easel":
        return replace(self, settings=replace(self.settings, **changed))


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> StyleBlend:
    path = random_style(tmp_path_factory.mktemp("styles"), strong=True)
    return StyleBlend("nonsense", (BlendPart(path),))


@pytest.fixture(scope="module")
def two_shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty frames of a pan, twenty of a square that moves, with sound."""
    scene = cut(pan(frames=20, width=96, height=64), moving_square(frames=20, seed=5))
    return write_film(tmp_path_factory.mktemp("films") / "film.mkv", scene.frames, audio=True)


@pytest.fixture
def easel(two_shots: Path, mix: StyleBlend) -> Easel:
    return Easel(two_shots, mix, Settings(consistency=LIVE, encoder=LOSSLESS, device=Device.cpu))


def pictures(path: Path) -> list[tuple[Fraction, NDArray[np.uint8]]]:
    with av.open(str(path)) as container:
        return [(frame.pts * frame.time_base, frame.to_ndarray()) for frame in container.decode(video=0)]


def assert_same_film(one: Path, other: Path) -> None:
    """Every picture, its time, and every packet of sound are the same."""
    for (time, picture), (expected, its) in zip(pictures(one), pictures(other), strict=True):
        assert time == expected
        assert np.array_equal(picture, its), f"at {float(time):.2f} s"
    with av.open(str(other)) as container:
        sounds = len(container.streams.audio)
    for number in range(sounds):
        assert packets(one, "audio", number) == packets(other, "audio", number)


METHODS = {
    "johnson": {"consistency": ConsistencySettings(method=Method.johnson)},
    "live": {"consistency": LIVE},
    "lookback": {"consistency": ConsistencySettings(method=Method.live, lookback=(1, 2, 4))},
    "consistent": {"consistency": ConsistencySettings(iterations=2)},
    "ruder": {
        "source": SourceSettings(size=(48, 32)),
        "consistency": ConsistencySettings(method=Method.ruder, iterations=1, lookback=(1, 2)),
        "ruder": RuderSettings(first_iterations=2),
        "style": StyleSettings(strength=0.8, preserve_colour=True),
    },
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("stop_after", [3, 22])
def test_stopped_after_any_frame_it_goes_on_with_the_next_bit_for_bit(
    tmp_path: Path, easel: Easel, method: str, stop_after: int
) -> None:
    easel = easel.having(**METHODS[method])
    if method == "ruder":
        painting = tmp_path / "painting.png"
        painting.write_bytes(png(pan(1, 64, 64, seed=9).frames[0]))
        easel = replace(easel, mix=StyleBlend("picture", (BlendPart(painting),)))
    folder = tmp_path / "films"
    folder.mkdir()
    easel.paint(folder / "whole.mkv")
    stopped, _ = easel.paint(folder / "film.mkv", stop_after)
    assert isinstance(stopped, Stopped)
    assert (stopped.frames, stopped.resumed_frames, stopped.resumable_frames) == (stop_after, 0, stop_after)
    ended, told = easel.paint(folder / "film.mkv")
    assert isinstance(ended, Finished)
    assert (ended.frames, ended.resumed_frames, ended.shots) == (40, stop_after, 2)
    assert next(event for event in told if isinstance(event, Started)).resumed_frames == stop_after
    assert [event.frame for event in told if isinstance(event, FrameWritten)] == list(range(stop_after + 1, 41))
    assert [event.frame for event in told if isinstance(event, ShotStarted)] == [20] * (stop_after < 20)
    assert_same_film(folder / "film.mkv", folder / "whole.mkv")
    assert sorted(path.name for path in folder.iterdir()) == ["film.mkv", "whole.mkv"]


# ----------------------------------------------------------------------------------------------------------- killed


class Disk:
    """Copies of all that lies beside an output, taken while a run goes on: as a killed one would leave it."""

    def __init__(self, output: Path, into: Path) -> None:
        self.output, self._into = output, into
        self.moments: list[Path] = []
        """Folders, one for each checkpoint that was there."""
        self._seen = b""

    def look(self, _: object) -> None:
        checkpoint = checkpoint_path(self.output)
        if checkpoint.is_file() and (now := checkpoint.read_bytes()) != self._seen:
            self._seen = now
            self.moments.append(self._into / str(len(self.moments)))
            shutil.copytree(self.output.parent, self.moments[-1])


@pytest.fixture(scope="module")
def slow_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seventy frames, four a second: a cut after ten seconds, milestones every five."""
    scene = cut(pan(frames=40, width=96, height=64), moving_square(frames=30, seed=5))
    return write_film(tmp_path_factory.mktemp("films") / "film.mkv", scene.frames, rate=4, audio=True)


@pytest.mark.parametrize(
    ("ending", "codec", "preset"),
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
def test_what_is_on_the_disk_when_a_run_is_killed_is_gone_on_with(
    tmp_path: Path, easel: Easel, slow_film: Path, ending: str, codec: str, preset: str
) -> None:
    easel = replace(easel, film=slow_film).having(encoder=EncoderSettings(codec=codec, crf=10, preset=preset))
    (tmp_path / "run").mkdir()
    disk = Disk(tmp_path / "run" / f"film.{ending}", tmp_path / "killed")
    easel.paint(disk.output, on_frame=disk.look)
    assert len(disk.moments) >= (1 if codec == "libsvtav1" else 2)  # it holds back more frames than others
    expected = pictures(disk.output)
    for moment in disk.moments:
        ended, _ = easel.paint(moment / disk.output.name)
        assert isinstance(ended, Finished)
        assert ended.resumed_frames >= 20
        assert [path.name for path in moment.iterdir()] == [disk.output.name]
        if ending != "webm":  # which takes no AAC
            assert packets(moment / disk.output.name, "audio") == packets(disk.output, "audio")
        for (time, picture), (its, like) in zip(pictures(moment / disk.output.name), expected, strict=True):
            assert time == its
            assert mean_difference(picture, like) < 3  # as encoded anew


def test_frames_that_were_painted_are_not_painted_again_after_a_second_kill(
    tmp_path: Path, easel: Easel, slow_film: Path
) -> None:
    """Killed, gone on with, killed again while the earlier film was still there: from the later checkpoint."""
    easel = replace(easel, film=slow_film)
    (tmp_path / "run").mkdir()
    disk = Disk(tmp_path / "run" / "film.mkv", tmp_path / "killed")
    easel.paint(disk.output, on_frame=disk.look)
    again = Disk(disk.moments[0] / "film.mkv", tmp_path / "again")
    easel.paint(again.output, on_frame=again.look)
    assert (again.moments[0] / "film.partial.earlier.mkv").is_file()  # nothing new was kept yet
    (again.moments[0] / "film.partial.mkv").write_bytes(b"cut off while it was copied")
    for moment in again.moments:
        ended, _ = easel.paint(moment / "film.mkv")
        assert isinstance(ended, Finished)
        assert ended.resumed_frames >= 20
        assert_same_film(moment / "film.mkv", disk.output)
        assert [path.name for path in moment.iterdir()] == ["film.mkv"]


def test_a_run_that_is_stopped_while_it_takes_up_the_earlier_film_leaves_that_as_it_was(
    tmp_path: Path, easel: Easel
) -> None:
    output = tmp_path / "film.mkv"
    easel.paint(output, stop_after=12)
    before = partial_path(output).read_bytes()
    stopped, _ = easel.paint(output, stop_after=0)
    assert isinstance(stopped, Stopped)
    assert (stopped.frames, stopped.resumed_frames, stopped.resumable_frames) == (12, 12, 12)
    assert partial_path(output).read_bytes() == before
    assert not set_aside_path(output).exists()
    ended, _ = easel.paint(output)
    assert (ended.frames, ended.resumed_frames) == (40, 12)


def test_a_run_that_is_stopped_before_its_first_frame_leaves_nothing(tmp_path: Path, easel: Easel) -> None:
    (tmp_path / "films").mkdir()
    stopped, _ = easel.paint(tmp_path / "films" / "film.mkv", stop_after=0)
    assert stopped.frames == 0
    assert list((tmp_path / "films").iterdir()) == []


def test_stopped_again_and_again_a_film_is_done_a_few_frames_at_a_time(tmp_path: Path, easel: Easel) -> None:
    easel = replace(easel.having(consistency=ConsistencySettings(method=Method.live, lookback=(1, 3))))
    easel.paint(tmp_path / "whole.mkv")
    for stop_after in (1, 2, 4, 19, 20, 21, 39, 40):
        stopped, _ = easel.paint(tmp_path / "film.mkv", stop_after)
        assert isinstance(stopped, Stopped)
        assert len(pictures(partial_path(tmp_path / "film.mkv"))) == stop_after
    ended, _ = easel.paint(tmp_path / "film.mkv")
    assert (ended.frames, ended.resumed_frames) == (40, 40)
    assert_same_film(tmp_path / "film.mkv", tmp_path / "whole.mkv")


def test_a_shot_that_is_gone_over_again_is_taken_up_at_its_beginning(tmp_path: Path, easel: Easel) -> None:
    painting = tmp_path / "painting.png"
    painting.write_bytes(png(pan(1, 64, 64, seed=9).frames[0]))
    consistency = ConsistencySettings(method=Method.ruder, iterations=1)
    easel = replace(easel, mix=StyleBlend("picture", (BlendPart(painting),))).having(
        consistency=consistency, ruder=RuderSettings(first_iterations=1, passes=2), source=SourceSettings(size=(64, 48))
    )
    film = write_film(tmp_path / "film.mkv", cut(pan(frames=8), moving_square(frames=9, seed=5)).frames, rate=4)
    easel = replace(easel, film=film)
    easel.paint(tmp_path / "whole.mkv")
    stopped, _ = easel.paint(tmp_path / "painted.mkv", stop_after=15)
    assert isinstance(stopped, Stopped)
    assert stopped.resumable_frames == 8
    ended, _ = easel.paint(tmp_path / "painted.mkv")
    assert (ended.frames, ended.resumed_frames) == (17, 8)
    assert_same_film(tmp_path / "painted.mkv", tmp_path / "whole.mkv")


# -------------------------------------------------------------------------------------------------- what films may be


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_uneven_times_a_late_beginning_and_reordered_frames_are_kept(tmp_path: Path, easel: Easel, ending: str) -> None:
    pts = np.cumsum([900, *([3600, 90, 7200, 3600, 30000, 1800] * 6)]).tolist()
    film = write_film(
        tmp_path / f"source.{ending}", pan(len(pts), 96, 64).frames, pts=pts, time_base=Fraction(1, 90000), audio=True
    )
    easel = replace(easel, film=film).having(encoder=EncoderSettings(crf=0, preset="medium"))
    easel.paint(tmp_path / f"whole.{ending}")
    for stop_after in (1, 17, 30):
        easel.paint(tmp_path / f"film.{ending}", stop_after)
    easel.paint(tmp_path / f"film.{ending}")
    assert_same_film(tmp_path / f"film.{ending}", tmp_path / f"whole.{ending}")


def test_a_part_of_a_film_is_gone_on_with(tmp_path: Path, easel: Easel) -> None:
    easel = easel.having(source=SourceSettings(start=0.36, end=1.2))
    easel.paint(tmp_path / "whole.mkv")
    easel.paint(tmp_path / "film.mkv", stop_after=9)
    ended, _ = easel.paint(tmp_path / "film.mkv")
    assert (ended.frames, ended.resumed_frames) == (21, 9)
    assert_same_film(tmp_path / "film.mkv", tmp_path / "whole.mkv")


def test_a_film_whose_clock_begins_anew_is_counted_through(tmp_path: Path, easel: Easel) -> None:
    """Two recordings joined: the times of the second are those of the first, so a time does not tell a place."""
    one = write_film(tmp_path / "one.ts", pan(30, 96, 64).frames, codec="mpeg2video", options={"bf": "0"})
    two = write_film(tmp_path / "two.ts", pan(30, 96, 64, seed=4).frames, codec="mpeg2video", options={"bf": "0"})
    (tmp_path / "joined.ts").write_bytes(one.read_bytes() + two.read_bytes())
    easel = replace(easel, film=tmp_path / "joined.ts")
    whole, _ = easel.paint(tmp_path / "whole.mkv")
    easel.paint(tmp_path / "film.mkv", stop_after=45)
    ended, _ = easel.paint(tmp_path / "film.mkv")
    assert (ended.frames, ended.resumed_frames) == (whole.frames, 45)
    assert_same_film(tmp_path / "film.mkv", tmp_path / "whole.mkv")


# ------------------------------------------------------------------------------------------------ what is in the way


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"style": StyleSettings(style_scale=2)}, "started with --style-scale 1"),
        ({"encoder": EncoderSettings(crf=30)}, "started with --codec ffv1 and --crf 18"),
        ({"consistency": ConsistencySettings(method=Method.live, lookback=(1, 2))}, "started with --lookback 1"),
        ({"consistency": ConsistencySettings()}, "started with --method live"),
        ({"source": SourceSettings(height=48)}, "started with another size"),
        ({"source": SourceSettings(end=1.0)}, "started with another part of the film"),
    ],
)
def test_what_was_begun_otherwise_is_not_gone_on_with(
    tmp_path: Path, easel: Easel, changed: dict[str, object], named: str
) -> None:
    output = tmp_path / "film.mkv"
    easel.paint(output, stop_after=5)
    before = partial_path(output).read_bytes()
    with pytest.raises(OutputError) as refused:
        easel.having(**changed).paint(output)
    assert refused.value.problem == f"film.partial.mkv was {named}"
    assert "--restart" in refused.value.next_step
    assert partial_path(output).read_bytes() == before
    ended, _ = easel.having(**changed).paint(output, restart=True)
    assert isinstance(ended, Finished)
    assert ended.resumed_frames == 0


def test_a_film_that_has_been_replaced_is_not_gone_on_with(tmp_path: Path, easel: Easel) -> None:
    film = tmp_path / "film.mkv"
    write_film(film, pan(20, 96, 64).frames)
    replace(easel, film=film).paint(tmp_path / "painted.mkv", stop_after=5)
    write_film(film, pan(20, 96, 64, seed=7).frames)
    with pytest.raises(OutputError, match="started with another film"):
        replace(easel, film=film).paint(tmp_path / "painted.mkv")


def test_what_changes_no_picture_may_change(tmp_path: Path, easel: Easel) -> None:
    easel.paint(tmp_path / "film.mkv", stop_after=5)
    other = ConsistencySettings(method=Method.live, iterations=7, style_weight=1.0)  # which live does not look at
    ended, _ = easel.having(consistency=other, flow=FlowSettings(flow_workers=2)).paint(tmp_path / "film.mkv")
    assert ended.resumed_frames == 5


def test_a_checkpoint_that_is_cut_short_is_not_taken_for_none(tmp_path: Path, easel: Easel) -> None:
    output = tmp_path / "film.mkv"
    easel.paint(output, stop_after=5)
    whole = checkpoint_path(output).read_bytes()
    for length in (0, 5, len(whole) // 2, len(whole) - 1):
        checkpoint_path(output).write_bytes(whole[:length])
        with pytest.raises(OutputError, match="cannot be read, so the run cannot be resumed"):
            easel.paint(output)
    assert len(pictures(partial_path(output))) == 5


def test_a_partial_film_that_lacks_frames_is_left_as_it_is(tmp_path: Path, easel: Easel) -> None:
    output = tmp_path / "film.mkv"
    easel.paint(output, stop_after=20)
    cut_off = partial_path(output).read_bytes()[: partial_path(output).stat().st_size // 2]
    partial_path(output).write_bytes(cut_off)
    with pytest.raises(OutputError, match="holds fewer frames"):
        easel.paint(output)
    assert partial_path(output).read_bytes() == cut_off


def test_a_partial_film_without_a_checkpoint_is_painted_anew(tmp_path: Path, easel: Easel) -> None:
    output = tmp_path / "film.mkv"
    easel.paint(output, stop_after=5)
    checkpoint_path(output).unlink()
    ended, _ = easel.paint(output)
    assert (ended.frames, ended.resumed_frames) == (40, 0)


def test_a_style_that_cannot_be_used_costs_nothing_that_was_painted(tmp_path: Path, easel: Easel) -> None:
    output = tmp_path / "film.mkv"
    easel.paint(output, stop_after=5)
    with pytest.raises(StyleError, match="cannot be blended"):
        easel.having(style=StyleSettings(strength=0.5)).paint(output, restart=True)
    ended, _ = easel.paint(output)
    assert ended.resumed_frames == 5


def test_another_container_beside_it_is_another_film(tmp_path: Path, easel: Easel) -> None:
    easel = easel.having(encoder=EncoderSettings(preset="ultrafast"))
    easel.paint(tmp_path / "film.mkv", stop_after=5)
    beside, _ = easel.paint(tmp_path / "film.mp4")
    ended, _ = easel.paint(tmp_path / "film.mkv")
    assert (beside.resumed_frames, ended.resumed_frames) == (0, 5)


def test_two_runs_never_write_one_film(tmp_path: Path, easel: Easel) -> None:
    output = tmp_path / "film.mkv"
    refused: list[OutputError] = []

    def meanwhile(_: object) -> None:
        if not refused:
            with pytest.raises(OutputError, match=r"another run is writing film\.partial\.mkv") as error:
                easel.paint(output, restart=True)
            refused.append(error.value)

    ended, _ = easel.paint(output, on_frame=meanwhile)
    assert isinstance(ended, Finished)
    assert len(pictures(output)) == 40
