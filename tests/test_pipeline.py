"""From file to file."""

import threading
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256
from itertools import count
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from streamstyle import pipeline
from streamstyle.errors import DeviceError, StreamstyleError
from streamstyle.events import Event, Finished, FrameWritten, ShotStarted, Started, Stopped, Warned
from streamstyle.media.probe import probe
from streamstyle.models.style_net import StyleNet
from streamstyle.ops import temporal
from streamstyle.pipeline import stylise_video
from streamstyle.settings import (
    ConsistencySettings,
    Device,
    EncoderSettings,
    FlowSettings,
    Method,
    Settings,
    SourceSettings,
)
from streamstyle.stages import stylise
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.films import cut, moving_square, pan, write_film
from tests.video_io import random_style

pytestmark = pytest.mark.usefixtures("home")

SMALL = SourceSettings(size=(128, 72))
QUICK = EncoderSettings(preset="ultrafast", crf=0)


@pytest.fixture(scope="module")
def style(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_style(tmp_path_factory.mktemp("styles"), strong=True)


@dataclass
class Result:
    output: Path
    ended: Finished | Stopped
    events: list[Event] = field(default_factory=list)

    def pictures(self) -> list[NDArray[np.uint8]]:
        with av.open(self.ended.output) as container:
            return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    def hashes(self) -> list[str]:
        return [sha256(picture.tobytes()).hexdigest() for picture in self.pictures()]


def paint(
    film: Path,
    output: Path,
    style: Path,
    consistency: ConsistencySettings,
    source: SourceSettings = SMALL,
    workers: int = 1,
    stop_after: int | None = None,
) -> Result:
    settings = Settings(source, FlowSettings(flow_workers=workers), consistency, encoder=QUICK, device=Device.cpu)
    events: list[Event] = []
    stop = threading.Event()

    def observe(event: Event) -> None:
        events.append(event)
        if isinstance(event, FrameWritten) and event.frame == stop_after:
            stop.set()

    return Result(
        output,
        stylise_video(
            probe(film, source), output, StyleBlend("nonsense", (BlendPart(style),)), settings, observe, stop
        ),
        events,
    )


def shown_at(film: Path) -> list[Fraction]:
    with av.open(film) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def test_a_real_film_keeps_every_timestamp_and_every_bit_of_its_sound(bunny: Path, tmp_path: Path, style: Path) -> None:
    result = paint(bunny, tmp_path / "bunny.mp4", style, ConsistencySettings(method=Method.live))
    assert isinstance(result.ended, Finished)
    assert result.ended.frames == 132
    assert shown_at(result.output) == shown_at(bunny)
    sounds = []
    for path in (bunny, result.output):
        with av.open(path) as container:
            sounds.append([bytes(packet) for packet in container.demux(audio=0) if packet.size])
    assert sounds[0] == sounds[1]


def test_events_tell_the_run_in_its_order(tmp_path: Path, style: Path) -> None:
    film = write_film(tmp_path / "film.mkv", cut(pan(frames=6), moving_square(frames=5, seed=5)).frames)
    result = paint(film, tmp_path / "out.mkv", style, ConsistencySettings(iterations=2), SourceSettings())
    kinds = [type(event) for event in result.events]
    assert kinds[0] is Started
    assert kinds[-1] is Finished
    assert kinds.count(FrameWritten) == 11
    assert [event.frame for event in result.events if isinstance(event, ShotStarted)] == [0, 6]
    assert isinstance(result.ended, Finished)
    assert (result.ended.shots, result.ended.flows_computed, result.ended.flows_cached) == (2, 9, 0)


@pytest.mark.usefixtures("_either_way")
def test_a_second_run_computes_no_flow_and_paints_the_same_bit_for_bit(tmp_path: Path, style: Path) -> None:
    film = write_film(tmp_path / "film.mkv", pan(frames=6).frames)
    settings = ConsistencySettings(iterations=3)
    first = paint(film, tmp_path / "first.mkv", style, settings, SourceSettings())
    second = paint(film, tmp_path / "second.mkv", style, settings, SourceSettings(), workers=2)
    assert isinstance(second.ended, Finished)
    assert (second.ended.flows_computed, second.ended.flows_cached) == (0, 5)
    assert first.hashes() == second.hashes()


def test_looking_back_further_takes_flow_between_more_frames(tmp_path: Path, style: Path) -> None:
    film = write_film(tmp_path / "film.mkv", cut(moving_square(frames=6), pan(frames=3, seed=3)).frames)
    settings = ConsistencySettings(iterations=2, lookback=(1, 2, 4))
    first = paint(film, tmp_path / "first.mkv", style, settings, SourceSettings())
    second = paint(film, tmp_path / "second.mkv", style, settings, SourceSettings(), workers=2)
    assert isinstance(first.ended, Finished)
    assert isinstance(second.ended, Finished)
    assert (first.ended.flows_computed, second.ended.flows_cached) == ((5 + 4 + 2) + (2 + 1),) * 2
    assert first.hashes() == second.hashes()


def test_stopping_finishes_the_frame_and_leaves_a_film_that_plays(tmp_path: Path, style: Path) -> None:
    film = write_film(tmp_path / "film.mkv", pan(frames=10).frames, audio=True)
    result = paint(film, tmp_path / "out.mkv", style, ConsistencySettings(method=Method.live), SourceSettings(), 1, 4)
    assert isinstance(result.ended, Stopped)
    assert result.ended.frames == 4
    assert len(result.pictures()) == 4
    assert not result.output.exists()


def test_one_frame_is_a_film_too(tmp_path: Path, style: Path) -> None:
    film = write_film(tmp_path / "film.mkv", pan(frames=1).frames)
    result = paint(film, tmp_path / "out.mkv", style, ConsistencySettings(iterations=2), SourceSettings())
    assert len(result.pictures()) == 1


def test_a_style_that_is_none_leaves_nothing_behind(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mkv", pan(frames=3).frames)
    (tmp_path / "style.safetensors").write_bytes(b"nothing")
    with pytest.raises(StreamstyleError, match=r"style\.safetensors"):
        paint(film, tmp_path / "out.mkv", tmp_path / "style.safetensors", ConsistencySettings(), SourceSettings())
    assert not list(tmp_path.glob("out*"))


@pytest.mark.usefixtures("_either_way")
@pytest.mark.parametrize("method", [Method.johnson, Method.live, Method.consistent])
def test_threads_do_not_change_a_pixel(tmp_path: Path, style: Path, method: Method) -> None:
    film = write_film(tmp_path / "film.mkv", moving_square(frames=5).frames)
    settings = ConsistencySettings(method=method, iterations=2)
    runs = [paint(film, tmp_path / f"{n}.mkv", style, settings, SourceSettings(), workers=n) for n in (1, 3)]
    assert runs[0].hashes() == runs[1].hashes()


def test_frames_painted_ahead_of_their_encoding_make_the_same_film(
    tmp_path: Path, style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, which a thread of its own leads."""
    film = write_film(tmp_path / "film.mkv", moving_square(frames=7).frames)
    settings = ConsistencySettings(iterations=2)
    in_turn = paint(film, tmp_path / "in_turn.mkv", style, settings)
    monkeypatch.setitem(pipeline.OUTPUT_AHEAD, "cpu", 2)
    ahead = paint(film, tmp_path / "ahead.mkv", style, settings)
    assert ahead.hashes() == in_turn.hashes()
    assert [type(event) for event in ahead.events] == [type(event) for event in in_turn.events]
    stopped = paint(film, tmp_path / "stopped.mkv", style, settings, stop_after=3)
    assert isinstance(stopped.ended, Stopped)
    assert stopped.hashes() == in_turn.hashes()[:3]


def test_a_gpu_that_runs_out_of_memory_paints_on_in_tiles_and_it_is_said_once(
    tmp_path: Path, style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = write_film(tmp_path / "film.mkv", moving_square(frames=3).frames)
    settings = ConsistencySettings(method=Method.live)
    whole = paint(film, tmp_path / "whole.mkv", style, settings)
    forward = StyleNet.forward

    def poor(network: StyleNet, image: torch.Tensor) -> torch.Tensor:
        if image[0, 0].numel() > 100 * 72:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(network, image)

    monkeypatch.setattr(StyleNet, "forward", poor)
    monkeypatch.setattr(stylise, "TILE_SIDES", (32,))
    tiles = paint(film, tmp_path / "tiles.mkv", style, settings)
    assert [event.message for event in tiles.events if isinstance(event, Warned)] == [
        "the GPU ran out of memory; frames are painted in tiles of 32 pixels"
    ]
    for one, other in zip(whole.pictures(), tiles.pictures(), strict=True):
        assert np.abs(one.astype(int) - other).mean() < 1.5  # by how networks round in bfloat16


@pytest.mark.parametrize(("said", "told"), [("out of memory", "not enough memory"), ("device lost", "device lost")])
def test_a_gpu_that_fails_leaves_the_film_so_far_and_one_line(
    tmp_path: Path, style: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    film = write_film(tmp_path / "film.mkv", moving_square(frames=6).frames)
    warp, calls = temporal.backward_warp, count()

    def failing(image: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
        if next(calls) == 3:
            raise torch.AcceleratorError(f"CUDA error: {said}\nSearch for it in the documentation.")
        return warp(image, flow)

    monkeypatch.setattr(temporal, "backward_warp", failing)
    monkeypatch.setitem(pipeline.OUTPUT_AHEAD, "cpu", 2)
    with pytest.raises(DeviceError, match=told) as caught:
        paint(film, tmp_path / "out.mkv", style, ConsistencySettings(method=Method.live))
    assert "\n" not in str(caught.value)
    (partial,) = tmp_path.glob("*out*.mkv")
    with av.open(partial) as container:
        assert len(list(container.decode(video=0))) == 4


GOLDEN = {
    Method.johnson: [[137.7, 53.8, 170.4], [138.5, 54.5, 169.7]],
    Method.live: [[137.7, 53.8, 170.4], [138.4, 54.3, 169.7]],
    Method.consistent: [[137.7, 53.8, 170.4], [138.5, 54.2, 169.7]],
}
"""Mean colour of frames 0 and 4. Bits differ between processors, by which instructions sum and round; these do not."""


@pytest.mark.usefixtures("_either_way")
@pytest.mark.parametrize("method", GOLDEN)
def test_the_picture_is_the_one_it_has_always_been(tmp_path: Path, style: Path, method: Method) -> None:
    film = write_film(tmp_path / "film.mkv", moving_square(frames=5).frames)
    result = paint(
        film, tmp_path / "out.mkv", style, ConsistencySettings(method=method, iterations=5), SourceSettings()
    )
    pictures = result.pictures()
    found = [pictures[index].mean((0, 1)).round(1).tolist() for index in (0, 4)]
    assert np.allclose(found, GOLDEN[method], atol=0.5), found
