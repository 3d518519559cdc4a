"""`stylise_video`, from a file to a file."""

from fractions import Fraction
from itertools import count
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from streamstyle import pipeline
from streamstyle.errors import DeviceError, StreamstyleError
from streamstyle.events import Finished, FrameWritten, ShotStarted, Started, Stopped, Warned
from streamstyle.media.probe import probe
from streamstyle.models.style_net import StyleNet
from streamstyle.models.weights import load_style_net, save_weights, style_metadata
from streamstyle.ops import temporal
from streamstyle.ops.warp import WarpMode
from streamstyle.settings import (
    ConsistencySettings,
    Device,
    EncoderSettings,
    FlowSettings,
    Method,
    Settings,
    SourceSettings,
)
from streamstyle.stages.decode import decode
from streamstyle.styles.painted_frames import PaintedFrame, pack_painted_frames
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.films import cut, moving_square, pan, write_film
from tests.stylise_case import StyliseCase, StyliseResult
from tests.video_io import mean_difference, packets, random_style

pytestmark = pytest.mark.usefixtures("home")

SMALL = SourceSettings(size=(128, 72))
LIVE = ConsistencySettings(method=Method.live)


@pytest.fixture(scope="module")
def style(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_style(tmp_path_factory.mktemp("styles"), strong=True)


def stylise(
    video: Path,
    output: Path,
    style: Path,
    consistency: ConsistencySettings,
    source: SourceSettings = SMALL,
    workers: int = 1,
    stop_after: int | None = None,
) -> StyliseResult:
    encoder = EncoderSettings(preset="ultrafast", crf=0)
    settings = Settings(source, FlowSettings(flow_workers=workers), consistency, encoder=encoder, device=Device.cpu)
    return StyliseCase(video, StyleBlend("nonsense", (BlendPart(style),)), settings).stylise(output, stop_after)


def display_times(video: Path) -> list[Fraction]:
    with av.open(video) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def test_a_real_film_keeps_its_timestamps_and_its_sound(bunny: Path, tmp_path: Path, style: Path) -> None:
    result = stylise(bunny, tmp_path / "bunny.mp4", style, LIVE)
    assert isinstance(result.ended, Finished)
    assert result.ended.frames == 132
    assert display_times(tmp_path / "bunny.mp4") == display_times(bunny)
    sounds = ([data for _, data in packets(path, "audio")] for path in (bunny, tmp_path / "bunny.mp4"))
    assert next(sounds) == next(sounds)


def test_events_report_the_run_in_order(tmp_path: Path, style: Path) -> None:
    video = write_film(tmp_path / "film.mkv", cut(pan(frames=6), moving_square(frames=5, seed=5)).frames)
    result = stylise(
        video,
        tmp_path / "out.mkv",
        style,
        ConsistencySettings(method=Method.consistent, iterations=2),
        SourceSettings(),
    )
    kinds = [type(event) for event in result.events]
    assert kinds[0] is Started
    assert kinds[-1] is Finished
    assert kinds.count(FrameWritten) == 11
    assert [event.frame for event in result.events if isinstance(event, ShotStarted)] == [0, 6]
    assert isinstance(result.ended, Finished)
    assert (result.ended.shots, result.ended.flows_computed, result.ended.flows_cached) == (2, 9, 0)


@pytest.mark.usefixtures("_with_each_backend")
def test_a_second_run_takes_the_flow_from_the_cache(tmp_path: Path, style: Path) -> None:
    video = write_film(tmp_path / "film.mkv", pan(frames=6).frames)
    settings = ConsistencySettings(method=Method.consistent, iterations=3)
    first = stylise(video, tmp_path / "first.mkv", style, settings, SourceSettings())
    second = stylise(video, tmp_path / "second.mkv", style, settings, SourceSettings(), workers=2)
    assert isinstance(second.ended, Finished)
    assert (second.ended.flows_computed, second.ended.flows_cached) == (0, 5)
    assert first.hashes() == second.hashes()


def test_lookback_computes_flow_between_more_frames(tmp_path: Path, style: Path) -> None:
    video = write_film(tmp_path / "film.mkv", cut(moving_square(frames=6), pan(frames=3, seed=3)).frames)
    settings = ConsistencySettings(method=Method.consistent, iterations=2, lookback=(1, 2, 4))
    first = stylise(video, tmp_path / "first.mkv", style, settings, SourceSettings())
    second = stylise(video, tmp_path / "second.mkv", style, settings, SourceSettings(), workers=2)
    assert isinstance(first.ended, Finished)
    assert isinstance(second.ended, Finished)
    assert (first.ended.flows_computed, second.ended.flows_cached) == ((5 + 4 + 2) + (2 + 1),) * 2
    assert first.hashes() == second.hashes()


def test_stopping_finishes_the_frame_and_leaves_a_playable_file(tmp_path: Path, style: Path) -> None:
    video = write_film(tmp_path / "film.mkv", pan(frames=10).frames, audio=True)
    result = stylise(video, tmp_path / "out.mkv", style, LIVE, SourceSettings(), stop_after=4)
    assert isinstance(result.ended, Stopped)
    assert result.ended.frames == 4
    assert len(result.images()) == 4
    assert not (tmp_path / "out.mkv").exists()


def test_a_video_of_one_frame_is_stylised(tmp_path: Path, style: Path) -> None:
    video = write_film(tmp_path / "film.mkv", pan(frames=1).frames)
    result = stylise(
        video,
        tmp_path / "out.mkv",
        style,
        ConsistencySettings(method=Method.consistent, iterations=2),
        SourceSettings(),
    )
    assert len(result.images()) == 1


def test_an_invalid_style_leaves_no_file(tmp_path: Path) -> None:
    video = write_film(tmp_path / "film.mkv", pan(frames=3).frames)
    (tmp_path / "style.safetensors").write_bytes(b"nothing")
    with pytest.raises(StreamstyleError, match=r"style\.safetensors"):
        stylise(video, tmp_path / "out.mkv", tmp_path / "style.safetensors", ConsistencySettings(), SourceSettings())
    assert not list(tmp_path.glob("out*"))


@pytest.mark.usefixtures("_with_each_backend")
@pytest.mark.parametrize("method", [Method.johnson, Method.live, Method.consistent])
def test_the_number_of_flow_workers_changes_no_pixel(tmp_path: Path, style: Path, method: Method) -> None:
    video = write_film(tmp_path / "film.mkv", moving_square(frames=5).frames)
    settings = ConsistencySettings(method=method, iterations=2)
    runs = [stylise(video, tmp_path / f"{n}.mkv", style, settings, SourceSettings(), workers=n) for n in (1, 3)]
    assert runs[0].hashes() == runs[1].hashes()


def test_prefetching_before_the_encoder_changes_no_frame(
    tmp_path: Path, style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, where a thread of its own runs the stages before the encoder."""
    video = write_film(tmp_path / "film.mkv", moving_square(frames=7).frames)
    settings = ConsistencySettings(method=Method.consistent, iterations=2)
    direct = stylise(video, tmp_path / "direct.mkv", style, settings)
    monkeypatch.setitem(pipeline.OUTPUT_AHEAD, "cpu", 2)
    prefetched = stylise(video, tmp_path / "prefetched.mkv", style, settings)
    assert prefetched.hashes() == direct.hashes()
    assert [type(event) for event in prefetched.events] == [type(event) for event in direct.events]
    stopped = stylise(video, tmp_path / "stopped.mkv", style, settings, stop_after=3)
    assert isinstance(stopped.ended, Stopped)
    assert stopped.hashes() == direct.hashes()[:3]


def test_too_little_gpu_memory_means_tiles_and_one_warning(
    tmp_path: Path, style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = write_film(tmp_path / "film.mkv", moving_square(frames=3).frames)
    wide = SourceSettings(size=(640, 96))
    whole = stylise(video, tmp_path / "whole.mkv", style, LIVE, wide)
    forward = StyleNet.forward

    def limited(network: StyleNet, image: torch.Tensor) -> torch.Tensor:
        if image.shape[-1] == 640:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(network, image)

    monkeypatch.setattr(StyleNet, "forward", limited)
    tiled = stylise(video, tmp_path / "tiled.mkv", style, LIVE, wide)
    (warning,) = [event.message for event in tiled.events if isinstance(event, Warned)]
    assert "out of memory" in warning
    assert "tiles of 512 pixels" in warning
    for image, expected in zip(tiled.images(), whole.images(), strict=True):
        assert np.abs(image.astype(int) - expected).mean() < 1.5  # networks round in bfloat16


@pytest.mark.parametrize(("error", "problem"), [("out of memory", "not enough memory"), ("device lost", "device lost")])
def test_a_gpu_failure_keeps_the_finished_frames(
    tmp_path: Path, style: Path, monkeypatch: pytest.MonkeyPatch, error: str, problem: str
) -> None:
    video = write_film(tmp_path / "film.mkv", moving_square(frames=6).frames)
    warp, calls = temporal.backward_warp, count()

    def failing(image: torch.Tensor, flow: torch.Tensor, mode: WarpMode) -> torch.Tensor:
        if next(calls) == 3:
            raise torch.AcceleratorError(f"CUDA error: {error}\nSearch for it in the documentation.")
        return warp(image, flow, mode)

    monkeypatch.setattr(temporal, "backward_warp", failing)
    monkeypatch.setitem(pipeline.OUTPUT_AHEAD, "cpu", 2)
    with pytest.raises(DeviceError, match=problem) as caught:
        stylise(video, tmp_path / "out.mkv", style, LIVE)
    assert "\n" not in str(caught.value)
    (partial,) = tmp_path.glob("*out*.mkv")
    with av.open(partial) as container:
        assert len(list(container.decode(video=0))) == 4


MEAN_COLOURS = {
    Method.johnson: [[137.7, 53.8, 170.4], [138.5, 54.5, 169.7]],
    Method.live: [[137.7, 53.8, 170.4], [138.6, 54.2, 169.8]],
    Method.consistent: [[137.7, 53.8, 170.4], [138.5, 54.2, 169.7]],
}
"""Of frames 0 and 4. Bits differ between processors, whose instructions sum and round differently; these do not."""


@pytest.mark.usefixtures("_with_each_backend")
@pytest.mark.parametrize("method", MEAN_COLOURS)
def test_mean_colours_are_those_of_earlier_versions(tmp_path: Path, style: Path, method: Method) -> None:
    video = write_film(tmp_path / "film.mkv", moving_square(frames=5).frames)
    settings = ConsistencySettings(method=method, iterations=5)
    images = stylise(video, tmp_path / "out.mkv", style, settings, SourceSettings()).images()
    found = [images[index].mean((0, 1)).round(1).tolist() for index in (0, 4)]
    assert np.allclose(found, MEAN_COLOURS[method], atol=0.8), found


@pytest.mark.parametrize(
    ("method", "painted"), [(Method.live, True), (Method.consistent, True), (Method.johnson, False)]
)
def test_the_painting_of_a_key_frame_is_shown_around_it(
    tmp_path: Path, style: Path, method: Method, painted: bool
) -> None:
    video = write_film(tmp_path / "film.mkv", pan(frames=6).frames)
    frames = list(decode(probe(video, SourceSettings())))
    paintings = [255 - frame.image for frame in frames]
    pixels, times = pack_painted_frames([PaintedFrame(frames[3].pts, frames[3].image, paintings[3])])
    network, learned = load_style_net(style), tmp_path / "learned.safetensors"
    save_weights(learned, network, style_metadata(network, **times), images=pixels)
    settings = ConsistencySettings(method=method, iterations=2)
    images = stylise(video, tmp_path / "out.mkv", learned, settings, SourceSettings()).images()
    middle = (slice(8, -8), slice(16, -16))
    differences = [mean_difference(image[middle], each[middle]) for image, each in zip(images, paintings, strict=True)]
    assert max(differences) < 12 if painted else min(differences) > 30
