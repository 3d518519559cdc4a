"""On a GPU that is there: from file to file, without waiting, without asking for memory, and with too little of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from torch import Tensor

from streamstyle.errors import DeviceError
from streamstyle.events import Event, Finished, Warned
from streamstyle.gpu.cuda_graph import capture
from streamstyle.gpu.dispatch import why_unavailable
from streamstyle.job import FrameContext
from streamstyle.media.probe import probe
from streamstyle.models.style_net import SEPARABLE, StyleNet
from streamstyle.models.weights import prepare_style_net
from streamstyle.ops.luma import BT709
from streamstyle.ops.transfer import to_host
from streamstyle.pipeline import stylise_video
from streamstyle.runs.status_sampler import OnlineMetrics
from streamstyle.settings import (
    ConsistencySettings,
    Device,
    EncoderSettings,
    FlowSettings,
    Method,
    Settings,
    SourceSettings,
    StyleSettings,
)
from streamstyle.stages.consistency import consistency
from streamstyle.stages.stylise import stylise
from streamstyle.styles.library import builtin_styles
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.films import Picture, moving_square, write_film
from tests.gpu.test_fake_gpu import flowed

pytestmark = [pytest.mark.gpu, pytest.mark.usefixtures("home")]

CUDA = torch.device("cuda", 0)
SIZE = (320, 192)
FRAMES = 12


@pytest.fixture(autouse=True)
def _memory_for_all() -> Iterator[None]:
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.set_sync_debug_mode("default")
    torch.cuda.empty_cache()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("films") / "film.mkv", moving_square(frames=FRAMES).frames)


class Run:
    """A film painted."""

    def __init__(
        self,
        film: Path,
        output: Path,
        device: Device,
        method: Method = Method.consistent,
        look: Callable[[FrameContext], None] = lambda moment: None,
    ) -> None:
        settings = Settings(
            SourceSettings(size=SIZE),
            FlowSettings(flow_cache=0.0),
            ConsistencySettings(method=method, iterations=10),
            encoder=EncoderSettings(preset="ultrafast", crf=0),
            device=device,
        )
        self.events: list[Event] = []
        style = builtin_styles()[0]
        mix = StyleBlend(style.name, (BlendPart(style.path),))
        ended = stylise_video(
            probe(film, settings.source), output, mix, settings, self.events.append, threading.Event(), look
        )
        assert isinstance(ended, Finished)
        self.pictures = read_frames(output)
        self.warnings = [event.message for event in self.events if isinstance(event, Warned)]


def read_frames(path: Path) -> list[Picture]:
    with av.open(path) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_the_cuda_kernels_are_available() -> None:
    assert why_unavailable("cuda") is None


@pytest.mark.parametrize("method", [Method.johnson, Method.live, Method.consistent])
def test_the_output_is_close_to_that_of_the_cpu(film: Path, tmp_path: Path, method: Method) -> None:
    """To about a level: networks compute in another type, or round otherwise."""
    gpu = Run(film, tmp_path / "gpu.mkv", Device.cuda, method)
    cpu = Run(film, tmp_path / "cpu.mkv", Device.cpu, method)
    assert gpu.warnings == []
    assert len(gpu.pictures) == len(cpu.pictures) == FRAMES
    for one, other in zip(gpu.pictures, cpu.pictures, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 2.5


def test_two_runs_give_the_same_bits(film: Path, tmp_path: Path) -> None:
    first, again = (Run(film, tmp_path / f"{name}.mkv", Device.cuda) for name in ("first", "again"))
    assert all(np.array_equal(one, other) for one, other in zip(first.pictures, again.pictures, strict=True))


def test_after_a_few_frames_no_memory_is_allocated(film: Path, tmp_path: Path) -> None:
    """The GPU's allocator and the one of pinned memory have what they need after a few frames."""
    asked: list[tuple[int, int]] = []

    def look(moment: FrameContext) -> None:
        here = torch.cuda.host_memory_stats()["num_host_alloc"]
        asked.append((torch.cuda.memory_stats()["num_device_alloc"], here))

    assert Run(film, tmp_path / "out.mkv", Device.cuda, look=look).warnings == []
    assert len(asked) == FRAMES
    assert len(set(asked[FRAMES // 2 :])) == 1, asked


def test_frames_are_stylised_without_synchronisation() -> None:
    """What really waits, torch itself finds; tests/gpu/test_fake_gpu.py finds it without a GPU."""
    network = prepare_style_net(StyleNet(SEPARABLE), CUDA)
    live, metrics = ConsistencySettings(method=Method.live), OnlineMetrics()
    for settings in (StyleSettings(), StyleSettings(strength=0.5, preserve_colour=True)):
        list(consistency(stylise(flowed(2), network, settings, CUDA), live, None))
        torch.cuda.set_sync_debug_mode("error")
        for frame in consistency(stylise(flowed(4), network, settings, CUDA), live, None):
            metrics.add(frame)
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("share", [0.8, 0.6, 0.4])
def test_with_too_little_memory_a_fallback_is_used_or_the_run_ends(film: Path, tmp_path: Path, share: float) -> None:
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    whole = Run(film, tmp_path / "whole.mkv", Device.cuda)
    needed = torch.cuda.max_memory_reserved()
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(share * needed / torch.cuda.get_device_properties(0).total_memory)
    try:
        scarce = Run(film, tmp_path / "scarce.mkv", Device.cuda)
    except DeviceError as error:
        if "not enough memory" not in str(error):
            raise
        return
    assert all("memory" in message for message in scarce.warnings)
    for one, other in zip(whole.pictures, scarce.pictures, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 2.5


def test_after_an_invalidated_capture_the_gpu_is_usable() -> None:
    total, here = torch.zeros((), device=CUDA), torch.cuda.current_stream()

    def waits() -> None:
        total.add_(1)
        float(total)

    with pytest.raises(RuntimeError):
        capture(waits)
    assert torch.cuda.current_stream() == here
    torch.cuda.empty_cache()

    def doubles() -> None:
        total.mul_(2)

    replay = capture(doubles)
    total.fill_(1)
    replay()
    assert float(total) == 2


def test_images_are_downloaded_during_a_capture_in_another_thread() -> None:
    """Neither spoils the other."""
    picture, sums = torch.rand(3, 96, 128, device=CUDA), torch.zeros(96, 128, device=CUDA)
    wanted, failures, done = to_host(picture, BT709), list[BaseException](), threading.Event()

    def work() -> None:
        for _ in range(50):
            sums.add_(torch.nn.functional.avg_pool2d(picture, 3, 1, 1).sum(0))

    def record() -> None:
        try:
            for _ in range(10):
                capture(work)()
        except BaseException as error:
            failures.append(error)
        done.set()

    recording = threading.Thread(target=record)
    recording.start()
    while not done.is_set():
        assert np.array_equal(to_host(picture, BT709), wanted)
        fresh: Tensor = torch.rand(3, 200, 300).pin_memory().to(CUDA, non_blocking=True)
        assert torch.isfinite(fresh.sum())
    recording.join()
    assert failures == []
