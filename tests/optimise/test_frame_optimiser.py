"""Optimisation of one frame: on the host, on its device, and with less memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from streamstyle.gpu import dispatch
from streamstyle.gpu.cuda_graph import Step, capture
from streamstyle.gpu.memory import Fallback, ignore_warning
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import load_loss_network
from streamstyle.ops.temporal import TemporalTerm, temporal_term
from streamstyle.optimise import frame_optimiser
from streamstyle.optimise.frame_optimiser import FALLBACKS, FrameOptimiser
from streamstyle.optimise.lbfgs import CHECK_EVERY
from streamstyle.settings import ConsistencySettings, Method

SETTINGS = ConsistencySettings(method=Method.consistent, iterations=9)


@pytest.fixture(scope="module")
def network() -> VggFeatures:
    return load_loss_network().to(memory_format=torch.channels_last)


def frame(height: int, width: int, seed: int, device: str = "cpu") -> tuple[TemporalTerm, Tensor]:
    """The temporal term and the stylisation of a flickering frame, half of it disoccluded."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, height // 8, width // 8, generator=random)
    stylised = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")[0].clamp(0, 1)
    carried = (stylised + 0.2 * torch.rand(3, height, width, generator=random)).clamp(0, 1)
    trust = torch.ones(height, width)
    trust[:, : width // 2] = 0
    with torch.inference_mode():  # as a style network leaves it
        stylised = stylised.to(device, copy=True)
    return temporal_term(carried.to(device), stylised, trust.to(device), 9000, 691, 40000), stylised


class Replay:
    """Replaces a CUDA graph: runs the step again and checks that its tensors are at the same addresses."""

    def __init__(self) -> None:
        self.recordings, self.plays = 0, 0

    def __call__(self, work: Step) -> Step:
        self.recordings += 1
        lbfgs: Any = work.__self__  # type: ignore[attr-defined]
        places = {name: each.data_ptr() for name, each in vars(lbfgs).items() if isinstance(each, Tensor)}

        def play() -> None:
            self.plays += 1
            work()
            assert places == {name: each.data_ptr() for name, each in vars(lbfgs).items() if isinstance(each, Tensor)}

        work()  # as a capture does
        return play


def test_on_the_device_the_result_is_that_of_the_host(network: VggFeatures) -> None:
    """Decisions are the same; in float32 the order of some sums differs."""
    by_host, resident = (
        FrameOptimiser(network, SETTINGS, ignore_warning),
        FrameOptimiser(network, SETTINGS, ignore_warning, Replay()),
    )
    for seed in (1, 2):
        image, losses = by_host(*frame(48, 64, seed))
        found, its_losses = resident(*frame(48, 64, seed))
        torch.testing.assert_close(its_losses, losses, rtol=1e-3, atol=0)
        torch.testing.assert_close(found, image, rtol=0, atol=2e-3)
        start, _ = frame(48, 64, seed)
        assert float((found - image).abs().mean()) < 0.02 * float((image - start.centre).abs().mean())


def test_a_step_is_captured_once_per_size(network: VggFeatures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_optimiser, "TOLERANCE", 0.0)
    replay = Replay()
    optimise = FrameOptimiser(network, SETTINGS, ignore_warning, replay)
    first = optimise(*frame(48, 64, 1))[0]
    kept = first.clone()
    optimise(*frame(48, 64, 2))
    assert (replay.recordings, replay.plays) == (1, 2 * SETTINGS.iterations)
    assert torch.equal(first, kept)  # results are not overwritten by the next frame
    optimise(*frame(32, 48, 1))
    assert replay.recordings == 2


def test_convergence_is_checked_every_few_evaluations(network: VggFeatures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_optimiser, "TOLERANCE", 0.9)
    replay = Replay()
    settled, losses = FrameOptimiser(network, SETTINGS, ignore_warning, replay)(*frame(48, 64, 1))
    assert replay.plays == CHECK_EVERY
    image, expected = FrameOptimiser(network, SETTINGS, ignore_warning)(*frame(48, 64, 1))
    torch.testing.assert_close(settled, image, rtol=0, atol=1e-5)
    torch.testing.assert_close(losses, expected, rtol=1e-4, atol=0)


def test_without_capture_the_step_runs_directly_with_one_warning(network: VggFeatures) -> None:
    def refuses(work: Step) -> Step:
        raise RuntimeError("operation not permitted when stream is capturing\nlong story")

    warnings: list[str] = []
    optimise = FrameOptimiser(network, SETTINGS, warnings.append, refuses)
    found, expected = (
        optimise(*frame(48, 64, 1)),
        FrameOptimiser(network, SETTINGS, ignore_warning, Replay())(*frame(48, 64, 1)),
    )
    optimise(*frame(32, 48, 1))
    assert torch.equal(found[0], expected[0])
    assert len(warnings) == 1
    assert "long story" not in warnings[0]


class LimitedVgg(VggFeatures):
    """A network on a GPU with memory for `max_pixels` at once."""

    max_pixels = 40 * 256 - 1

    def preprocess(self, image: Tensor) -> Tensor:
        if image[0, 0].numel() > self.max_pixels:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().preprocess(image)


@pytest.mark.parametrize("record", [None, Replay()])
def test_without_memory_for_the_whole_image_tiles_are_used(network: VggFeatures, record: Replay | None) -> None:
    limited = load_loss_network().to(memory_format=torch.channels_last)
    limited.__class__ = LimitedVgg
    warnings: list[str] = []
    optimise = FrameOptimiser(
        limited,
        SETTINGS,
        warnings.append,
        record,
        (FALLBACKS[0], replace(FALLBACKS[1], value=128)),
    )
    found = [optimise(*frame(40, 256, seed)) for seed in (1, 2)]
    assert ["tiles" in message for message in warnings] == [True]
    for seed, (image, losses) in zip((1, 2), found, strict=True):
        whole, expected = FrameOptimiser(network, SETTINGS, ignore_warning)(*frame(40, 256, seed))
        torch.testing.assert_close(losses, expected, rtol=1e-3, atol=0)
        torch.testing.assert_close(image, whole, rtol=0, atol=2e-3)


@pytest.mark.gpu
def test_a_cuda_graph_gives_the_result_of_its_step() -> None:
    network = load_loss_network().to("cuda", memory_format=torch.channels_last)
    warnings: list[str] = []
    captured = FrameOptimiser(network, SETTINGS, warnings.append, capture)
    plain = FrameOptimiser(network, SETTINGS, warnings.append, lambda work: work)
    for seed in (1, 2):
        (image, losses), (expected, its) = captured(*frame(96, 128, seed, "cuda")), plain(*frame(96, 128, seed, "cuda"))
        torch.testing.assert_close(image, expected, rtol=0, atol=1e-4)
        torch.testing.assert_close(losses, its, rtol=1e-4, atol=0)
    assert not warnings


class TransferRecorder(TorchDispatchMode):
    """Records operations that pass a number between device and host."""

    CROSSINGS = ("_local_scalar_dense", "scalar_tensor", "lift_fresh", "is_nonzero")

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.operations = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.operations += 1
        name = func.overloadpacket.__name__
        if name in self.CROSSINGS:
            self.seen.add(name)
        return func(*args, **(kwargs or {}))


def test_a_captured_step_passes_no_number_between_host_and_device(
    network: VggFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a transfer cannot be captured, and is a synchronisation."""
    monkeypatch.setattr(frame_optimiser, "TOLERANCE", 0.0)
    monkeypatch.setattr(dispatch, "load_kernels", lambda device: None)  # CPU kernels return their sums as numbers
    recorder, plays = TransferRecorder(), []

    def recorded(work: Step) -> Step:
        def play() -> None:
            with recorder:
                work()
            plays.append(recorder.operations)

        return play

    FrameOptimiser(network, SETTINGS, ignore_warning, recorded)(*frame(48, 64, 1))
    assert recorder.seen == set()
    assert len(plays) == SETTINGS.iterations
    with recorder:
        torch.where(torch.ones(2) > 0, torch.ones(2), 0.5)
        float(torch.ones(2).sum())
    assert recorder.seen == {"_local_scalar_dense", "scalar_tensor"}, "transfers are detected"


class MemoryReads(TorchDispatchMode):
    """Records memory that is read by operations but was not allocated by them."""

    def __init__(self) -> None:
        super().__init__()
        self.read: set[int] = set()
        self._made: dict[int, Tensor] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = [each for each in tree_leaves((args, kwargs or {})) if isinstance(each, Tensor)]
        self.read |= {memory(each) for each in given} - self._made.keys()
        result = func(*args, **(kwargs or {}))
        for each in tree_leaves(result):
            if isinstance(each, Tensor) and memory(each) not in self.read:
                self._made[memory(each)] = each  # referenced, so that its memory is not reused
        return result


def memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


@pytest.mark.parametrize("tile", [None, 32])
def test_a_captured_step_reads_only_persistent_memory(
    network: VggFeatures, tile: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph reads the same addresses at each replay: none may belong to the frame of the capture."""
    monkeypatch.setattr(dispatch, "load_kernels", lambda device: None)
    reads: list[MemoryReads] = []

    def record(work: Step) -> Step:
        def play() -> None:
            reads.append(MemoryReads())
            with reads[-1]:
                work()

        return play

    optimise = FrameOptimiser(network, SETTINGS, ignore_warning, record, [Fallback(tile)])
    for seed in (1, 2):
        optimise(*frame(48, 64, seed))
    resident = optimise._captured
    assert resident is not None
    lbfgs = [each for each in vars(resident._lbfgs).values() if isinstance(each, Tensor)]
    persistent = {memory(each) for each in (*resident._objective.tensors(), *lbfgs, *network.state_dict().values())}
    persistent.add(memory(network.mean))
    assert len(reads) > 2 * CHECK_EVERY
    for read_by_step in reads:
        assert len(read_by_step.read) > 20
        assert read_by_step.read <= persistent
