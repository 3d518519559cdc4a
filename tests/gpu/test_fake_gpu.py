"""All stages on a fake GPU: no tensors of different devices meet, and every synchronisation is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from streamstyle.frames import Frame, FrameWithFlow, Motion, StylisedFrame
from streamstyle.gpu.cuda_graph import Step
from streamstyle.gpu.memory import Fallback, ignore_warning
from streamstyle.looks import Look, StyleBlend
from streamstyle.models.style_net import SEPARABLE, StyleNet
from streamstyle.models.tiling import TiledStyleNet
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import prepare_style_net
from streamstyle.ops import transfer
from streamstyle.ops.filters import gaussian_taps
from streamstyle.ops.image import to_tensor
from streamstyle.ops.layers import BAND_SIGMA, DETAIL_SIGMA
from streamstyle.ops.luma import BT709
from streamstyle.ops.temporal import temporal_term
from streamstyle.ops.transfer import to_host
from streamstyle.ops.warp import lanczos_table
from streamstyle.optimise.frame_optimiser import Capture, FrameOptimiser, RuderOptimiser
from streamstyle.optimise.lbfgs import CHECK_EVERY
from streamstyle.optimise.losses import style_grams
from streamstyle.runs.status_sampler import OnlineMetrics
from streamstyle.settings import ConsistencySettings, Init, Method, RuderSettings, Settings, StyleSettings
from streamstyle.stages import consistency as consistency_stage
from streamstyle.stages.consistency import consistency
from streamstyle.stages.live import live
from streamstyle.stages.ruder import apply_strength, multi_pass, optimise_frames
from streamstyle.stages.stylise import stylise
from streamstyle.styles.frame_looks import FrameLooks, LookNetworks
from streamstyle.train import style as learning
from streamstyle.train.augment import add_noise
from streamstyle.train.loss import StyleLoss
from streamstyle.train.palette import palette
from streamstyle.train.style_predictor import StyleDataset
from tests.gpu.fake_gpu import CUDA, FakeGPU, fake_event, network_to_fake_gpu, to_fake_gpu

pytestmark = [
    pytest.mark.filterwarnings("ignore:Accessing the data pointer of FakeTensor"),  # a copy of a network asks
    pytest.mark.filterwarnings("ignore:CUDA is not available"),
]

HEIGHT, WIDTH = 48, 64
LIVE = ConsistencySettings(method=Method.live)
ITERATIONS = CHECK_EVERY
FIVE_LOSSES = 5


@pytest.fixture
def networks() -> tuple[StyleNet, VggFeatures]:
    """A style network and a loss network on the CPU, made before entering the fake GPU."""
    widths = {"conv1_1": 4, "conv1_2": 4, "conv2_1": 4, "conv3_1": 8, "conv4_1": 8, "conv4_2": 8, "conv5_1": 8}
    loss_network = VggFeatures(widths).to(torch.bfloat16).to(memory_format=torch.channels_last)
    return prepare_style_net(StyleNet(SEPARABLE).to_compute_dtype(torch.bfloat16), torch.device("cpu")), loss_network


@pytest.fixture
def gpu(networks: tuple[StyleNet, VggFeatures]) -> Iterator[FakeGPU]:
    with FakeGPU() as gpu:
        yield gpu


@pytest.fixture
def style(gpu: FakeGPU, networks: tuple[StyleNet, VggFeatures]) -> StyleNet:
    return network_to_fake_gpu(networks[0])


@pytest.fixture
def loss_network(gpu: FakeGPU, networks: tuple[StyleNet, VggFeatures]) -> VggFeatures:
    return network_to_fake_gpu(networks[1])


def flowed(count: int, gaps: tuple[int, ...] = (1,)) -> Iterator[FrameWithFlow]:
    """Frames of one shot with their motions, in host memory, as the flow stage yields them."""
    for index in range(count):
        frame = Frame(np.zeros((HEIGHT, WIDTH, 3), np.uint8), pts=index, index=index)
        backward, weight = torch.zeros(2, HEIGHT, WIDTH), torch.ones(HEIGHT, WIDTH)
        motions = [Motion(backward, weight, gap) for gap in gaps if gap <= index]
        back = Motion(backward, weight) if motions else None
        yield FrameWithFlow(frame, motions[0] if motions else None, tuple(motions[1:]), back)


class OneNetwork(LookNetworks):
    """The same network for every look."""

    def __init__(self, network: StyleNet) -> None:
        self._network = network

    def network(self, look: Look) -> StyleNet:
        return self._network


def stylised(
    frames: Iterator[FrameWithFlow], style: StyleNet, settings: StyleSettings | None = None
) -> Iterator[StylisedFrame]:
    looks = Settings(style=settings or StyleSettings()).looks(StyleBlend("style", ()))
    return stylise(frames, FrameLooks(looks), OneNetwork(style), CUDA)


def count_syncs(gpu: FakeGPU, frames: Iterator[StylisedFrame]) -> list[tuple[dict[str, int], int]]:
    """Return the synchronisations and the asynchronous uploads of each frame."""
    found = []
    gpu.syncs.clear()
    gpu.uploads = 0
    for frame in frames:
        assert frame.image.is_cuda
        assert frame.per_frame.is_cuda
        found.append((dict(gpu.syncs), gpu.uploads))
        gpu.syncs.clear()
        gpu.uploads = 0
    return found


@pytest.mark.parametrize(
    "settings",
    [StyleSettings(), StyleSettings(strength=0.5), StyleSettings(preserve_colour=True), StyleSettings(style_scale=1.5)],
    ids=["plain", "half", "colours", "larger"],
)
def test_stylisation_needs_no_synchronisation(gpu: FakeGPU, style: StyleNet, settings: StyleSettings) -> None:
    assert count_syncs(gpu, stylised(flowed(2), style, settings)) == [({}, 1), ({}, 1)]
    assert gpu.operations > 100


@pytest.mark.parametrize("lookback", [(1,), (1, 2)])
def test_live_frames_need_no_synchronisation(gpu: FakeGPU, style: StyleNet, lookback: tuple[int, ...]) -> None:
    frames = stylised(flowed(3, lookback), style)
    lanczos_table(CUDA)
    for sigma in (DETAIL_SIGMA, BAND_SIGMA):
        gaussian_taps(sigma, CUDA)  # all of these are uploaded once
    steady = live(frames, replace(LIVE, lookback=lookback))
    assert count_syncs(gpu, steady) == [({}, 2), ({}, 4), ({}, 2 + 2 * len(lookback))]


def test_consistent_frames_synchronise_every_few_evaluations(
    gpu: FakeGPU, style: StyleNet, loss_network: VggFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consistency_stage, "capture", check_no_syncs(gpu))
    settings = ConsistencySettings(method=Method.consistent, iterations=ITERATIONS)
    steady = consistency(stylised(flowed(3), style), settings, loss_network)
    waits = {"_local_scalar_dense": ITERATIONS // CHECK_EVERY + FIVE_LOSSES}
    assert count_syncs(gpu, steady) == [({}, 1), (waits, 3), (waits, 3)]


def check_no_syncs(gpu: FakeGPU) -> Capture:
    """Return a capture function whose steps may neither transfer nor synchronise."""

    def record(work: Step) -> Step:
        def play() -> None:
            before = gpu.syncs.copy(), gpu.uploads
            work()
            assert (gpu.syncs, gpu.uploads) == before

        return play

    return record


@pytest.mark.parametrize("tile", [None, 32])
def test_captured_optimisation_needs_no_transfer(gpu: FakeGPU, loss_network: VggFeatures, tile: int | None) -> None:
    settings = ConsistencySettings(method=Method.consistent, iterations=ITERATIONS)
    optimiser = FrameOptimiser(loss_network, settings, ignore_warning, check_no_syncs(gpu), [Fallback(tile)])
    picture, trust = to_fake_gpu(torch.rand(3, HEIGHT, WIDTH)), to_fake_gpu(torch.rand(HEIGHT, WIDTH))
    gpu.syncs.clear()
    found, losses = optimiser(temporal_term(picture, picture, trust, 9000, 691, 40000), picture)
    assert (found.device, losses.device) == (CUDA, CUDA)
    assert sum(gpu.syncs.values()) == ITERATIONS // CHECK_EVERY


def test_tiled_stylisation_needs_no_synchronisation(gpu: FakeGPU, style: StyleNet) -> None:
    tiled, picture = TiledStyleNet(style, 16), to_fake_gpu(torch.rand(1, 3, HEIGHT, WIDTH))
    gpu.syncs.clear()
    assert tiled(picture).device == CUDA
    assert not gpu.syncs


@pytest.mark.parametrize("init", Init)
def test_ruder_frames_synchronise_every_few_evaluations(gpu: FakeGPU, loss_network: VggFeatures, init: Init) -> None:
    settings = Settings(
        consistency=ConsistencySettings(method=Method.ruder, iterations=ITERATIONS),
        ruder=RuderSettings(init=init, first_iterations=ITERATIONS, passes=2),
        style=StyleSettings(strength=0.5, preserve_colour=True),
    )
    grams = {layer: to_fake_gpu(gram) for layer, gram in grams_of_noise().items()}
    optimiser = RuderOptimiser(loss_network, grams, settings.ruder, settings.consistency.effective_temporal_weight)
    waits = {"_local_scalar_dense": ITERATIONS // CHECK_EVERY + 4}
    first, second = count_syncs(gpu, optimise_frames(flowed(2), optimiser, settings, CUDA))
    assert (first[0], second[0]) == (waits, waits)
    swept = count_syncs(
        gpu,
        apply_strength(
            multi_pass(optimise_frames(flowed(2), optimiser, settings, CUDA), optimiser, settings), settings.style
        ),
    )
    assert all(set(waited) <= {"_local_scalar_dense"} for waited, _ in swept)


def grams_of_noise() -> dict[str, torch.Tensor]:
    widths = {"relu1_1": 4, "relu2_1": 4, "relu3_1": 8, "relu4_1": 8, "relu5_1": 8}
    return {layer: torch.zeros(1, width, width) for layer, width in widths.items()}


def test_a_download_waits_for_its_own_event_only(gpu: FakeGPU, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host waits for an event, not for the stream."""
    monkeypatch.setattr(torch.cuda, "Event", fake_event)
    monkeypatch.setattr(transfer, "_pinned_empty_like", gpu.pinned)
    monkeypatch.setattr(torch.Tensor, "numpy", lambda tensor: tensor)
    picture = to_fake_gpu(torch.rand(3, HEIGHT, WIDTH))
    gpu.syncs.clear()
    assert to_host(picture).shape == (HEIGHT, WIDTH, 3)
    assert to_host(picture, BT709).shape == (3 * HEIGHT // 2, WIDTH)
    assert not gpu.syncs


def test_measuring_a_run_needs_no_synchronisation(gpu: FakeGPU, style: StyleNet) -> None:
    metrics = OnlineMetrics()
    frames = list(consistency(stylised(flowed(3), style), LIVE, None))
    gpu.syncs.clear()
    for frame in frames:
        metrics.add(frame)
    assert not gpu.syncs
    assert set(metrics.warping_error()) == set(metrics.sharpness()) == {"output", "per_frame"}
    assert gpu.syncs == {"_local_scalar_dense": 4}


def test_a_training_step_runs_on_the_gpu(
    gpu: FakeGPU, style: StyleNet, loss_network: VggFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "perturb", lambda photos, stylised: (add_noise(photos), stylised))
    monkeypatch.setattr(learning, "compute_dtype", lambda device: torch.bfloat16)
    painting = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    grams = [style_grams(loss_network, F.avg_pool2d(to_fake_gpu(to_tensor(painting)), 2**scale)) for scale in range(2)]
    colours = to_fake_gpu(palette(painting)[None])
    objective = learning._Objective(StyleLoss(loss_network, 1, 1, 1), grams, colours, 1.0)
    photos = iter([torch.from_numpy(painting)] * 2)
    loss, stylised = learning._step_loss(style, objective, photos, 2, CUDA, 0)
    assert (loss.device, stylised.device) == (CUDA, CUDA)


def test_style_examples_are_computed_on_the_gpu(gpu: FakeGPU, loss_network: VggFeatures) -> None:
    example = StyleDataset([], [], loss_network, loss_network)._describe(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    assert {example.statistics.device, *(gram.device for grams in example.grams for gram in grams.values())} == {CUDA}


def test_the_fake_gpu_detects_synchronisations_and_mixed_devices(gpu: FakeGPU) -> None:
    there, here = to_fake_gpu(torch.rand(3)), torch.rand(3)
    with pytest.raises(RuntimeError, match="same device"):
        there + here
    gpu.syncs.clear()
    float(there.sum())
    there.to("cpu")
    here.to(CUDA)
    here.to(CUDA, non_blocking=True)  # not pinned: synchronous nevertheless
    torch.tensor([1.0, 2.0], device=CUDA)
    assert gpu.syncs == {"_local_scalar_dense": 1, "_to_copy": 4}
