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
import torch
from numpy.typing import NDArray

from streamstyle.errors import OutputError
from streamstyle.events import Event, Finished, FrameWritten, ShotStarted, Started, Stopped
from streamstyle.media.checkpoint import checkpoint_path
from streamstyle.media.claim import claimed
from streamstyle.media.output import earlier_path, partial_path
from streamstyle.mix import Ingredient, Mix
from streamstyle.nets.transformer import TransformerConfig, TransformerNet
from streamstyle.nets.weights import save_weights, style_metadata
from streamstyle.pipeline import stylise_video
from streamstyle.settings import (
    ConsistencySettings,
    Device,
    Method,
    RuderSettings,
    Settings,
    SinkSettings,
    SourceSettings,
    StyleSettings,
)
from streamstyle.stages.source import probe
from tests.films import Extras, cut, moving_square, pan, png, write_film
from tests.painting import difference, packets

pytestmark = pytest.mark.usefixtures("home")

LOSSLESS = SinkSettings(codec="ffv1")
LIVE = ConsistencySettings(method=Method.live)


@dataclass
class Easel:
    """A film, a style and settings, to paint with as often as one likes."""

    film: Path
    mix: Mix
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
def mix(tmp_path_factory: pytest.TempPathFactory) -> Mix:
    torch.manual_seed(0)
    network = TransformerNet(TransformerConfig(width=4, blocks=1, half_ends=True))
    torch.nn.init.normal_(network.layers[-1][1].weight, std=0.5)
    path = tmp_path_factory.mktemp("styles") / "nonsense.safetensors"
    save_weights(path, network, style_metadata(network, name="nonsense"))
    return Mix("nonsense", (Ingredient(path),))


@pytest.fixture(scope="module")
def two_shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty frames of a pan, twenty of a square that moves, with sound."""
    scene = cut(pan(frames=20, width=96, height=64), moving_square(frames=20, seed=5))
    return write_film(tmp_path_factory.mktemp("films") / "film.mkv", scene.frames, audio=True)


@pytest.fixture
def easel(two_shots: Path, mix: Mix) -> Easel:
    return Easel(two_shots, mix, Settings(consistency=LIVE, sink=LOSSLESS, device=Device.cpu))


def pictures(path: Path) -> list[tuple[Fraction, NDArray[np.uint8]]]:
    with av.open(str(path)) as container:
        return [(frame.pts * frame.time_base, frame.to_ndarray()) for frame in container.decode(video=0)]


def assert_same_film(one: Path, other: Path) -> None:
    """Every picture, its time, and every packet of sound are the same."""
    for (time, picture), (expected, its) in zip(pictures(one), pictures(other), strict=True):
        assert time == expected
        assert np.array_equal(picture, its), f"at {float(time):.2f} s"
    assert packets(one, "audio") == packets(other, "audio")


METHODS = {
    "johnson": {"consistency": ConsistencySettings(method=Method.johnson)},
    "live": {"consistency": LIVE},
    "lookback": {"consistency": ConsistencySettings(method=Method.live, lookback=(1, 2, 4))},
    "consistent": {"consistency": ConsistencySettings(iterations=2)},
    "ruder": {
        "consistency": ConsistencySettings(method=Method.ruder, iterations=2, lookback=(1, 2)),
        "ruder": RuderSettings(first_iterations=3),
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
        easel = replace(easel, mix=Mix("picture", (Ingredient(painting),)))
    folder = tmp_path / "films"
    folder.mkdir()
    easel.paint(folder / "whole.mkv")
    stopped, _ = easel.paint(folder / "film.mkv", stop_after)
    assert isinstance(stopped, Stopped)
    assert (stopped.frames, stopped.earlier, stopped.kept) == (stop_after, 0, stop_after)
    ended, told = easel.paint(folder / "film.mkv")
    assert isinstance(ended, Finished)
    assert (ended.frames, ended.earlier, ended.shots) == (40, stop_after, 2)
    assert next(event for event in told if isinstance(event, Started)).earlier == stop_after
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
    easel = replace(easel, film=slow_film).having(sink=SinkSettings(codec=codec, crf=10, preset=preset))
    (tmp_path / "run").mkdir()
    disk = Disk(tmp_path / "run" / f"film.{ending}", tmp_path / "killed")
    easel.paint(disk.output, look=disk.look)
    assert len(disk.moments) >= (1 if codec == "libsvtav1" else 2)  # it holds back more frames than others
    expected = pictures(disk.output)
    for moment in disk.moments:
        ended, _ = easel.paint(moment / disk.output.name)
        assert isinstance(ended, Finished)
        assert ended.earlier >= 20
        assert [path.name for path in moment.iterdir()] == [disk.output.name]
        if ending != "webm":  # which takes no AAC
            assert packets(moment / disk.output.name, "audio") == packets(disk.output, "audio")
        for (time, picture), (its, like) in zip(pictures(moment / disk.output.name), expected, strict=True):
            assert time == its
            assert difference(picture, like) < 3  # as encoded anew
