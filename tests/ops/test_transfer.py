"""Transfers to a GPU and back; without one, replacements of its objects record the calls."""

from __future__ import annotations

import gc
import weakref
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from streamstyle.ops import transfer
from streamstyle.ops.image import to_numpy
from streamstyle.ops.luma import BT709
from streamstyle.ops.transfer import to_device, to_host
from streamstyle.ops.yuv import torch_rgb_to_yuv420


def picture() -> Tensor:
    return torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(0))


def test_on_the_cpu_nothing_is_copied() -> None:
    assert to_device(image := picture(), torch.device("cpu")) is image
    assert np.array_equal(to_host(image), to_numpy(image))


def test_uploads_use_pinned_memory_and_are_asynchronous() -> None:
    asked: list[Any] = []

    class Host:
        def pin_memory(self) -> Host:
            asked.append("pinned")
            return self

        def to(self, device: torch.device, *, non_blocking: bool) -> Host:
            asked.append((device.type, non_blocking))
            return self

    to_device(Host(), torch.device("cuda"))  # type: ignore[arg-type]
    assert asked == ["pinned", ("cuda", True)]


def test_without_pinned_memory_the_host_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    class Host:
        def pin_memory(self) -> Host:
            raise torch.AcceleratorError("CUDA error: out of memory")

        def to(self, device: torch.device, *, non_blocking: bool) -> Host:
            asked.append(non_blocking)
            return self

    to_device(Host(), torch.device("cuda"))  # type: ignore[arg-type]
    assert asked == [True], "torch waits where memory is not pinned"
    empty = torch.empty

    def refused(*shape: Any, pin_memory: bool = False, **kind: Any) -> Tensor:
        if pin_memory:
            raise torch.AcceleratorError("CUDA error: out of memory")
        return empty(*shape, **kind)

    class Event:
        def __init__(self, *, blocking: bool) -> None:
            pass

        def record(self) -> None:
            pass

        synchronize = record

    class There(Tensor):
        is_cuda = True  # type: ignore[assignment]

    on_gpu(monkeypatch, lambda: torch.full((20, 30, 3), 7, dtype=torch.uint8), refused, Event)
    assert (to_host(picture().as_subclass(There)) == 7).all()


def test_memory_that_a_failed_gpu_was_writing_to_is_never_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch would query the GPU in a destructor, and end the process if that fails, before the output is closed."""
    kept: list[weakref.ref[Any]] = []

    class There:
        is_cuda, shape, dtype = True, (20, 30, 3), torch.uint8

    class Here:
        def copy_(self, there: There, *, non_blocking: bool) -> None:
            kept.append(weakref.ref(self))

    class Event:
        def __init__(self, *, blocking: bool) -> None:
            pass

        def record(self) -> None:
            pass

        def synchronize(self) -> None:
            raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    on_gpu(monkeypatch, There, lambda *shape, **kind: Here(), Event)
    with suppress(RuntimeError):
        to_host(There())  # type: ignore[arg-type]
    gc.collect()
    assert kept[0]() is not None


def on_gpu(monkeypatch: pytest.MonkeyPatch, made: Any, empty: Any, event: Any) -> None:
    """Replace `to_uint8` by `made`, `torch.empty` by `empty` and CUDA events by `event`."""
    monkeypatch.setattr(transfer, "to_uint8", lambda image: made())
    monkeypatch.setattr(torch, "empty", empty)
    monkeypatch.setattr(torch.cuda, "Event", event)


def test_a_download_is_read_after_it_has_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    here = torch.zeros(20, 30, 3, dtype=torch.uint8)
    queued: list[Tensor] = []

    class There:
        """An image on a GPU, before and after conversion to uint8."""

        is_cuda, shape, dtype = True, here.shape, here.dtype

    class Here:
        def copy_(self, there: There, *, non_blocking: bool) -> None:
            assert non_blocking
            queued.append(torch.full_like(here, 7))

        def numpy(self) -> Any:
            return here.numpy()

    class Event:
        def __init__(self, *, blocking: bool) -> None:
            assert blocking, "must not spin"

        def record(self) -> None:
            assert queued, "recorded before the copy"

        def synchronize(self) -> None:
            here.copy_(queued.pop())

    def pinned(shape: torch.Size, *, dtype: torch.dtype, pin_memory: bool) -> Here:
        assert pin_memory
        return Here()

    on_gpu(monkeypatch, There, pinned, Event)
    assert (to_host(There()) == 7).all()  # type: ignore[arg-type]


@pytest.mark.gpu
def test_an_image_survives_the_round_trip_to_a_gpu() -> None:
    there = to_device(picture(), torch.device("cuda"))
    assert there.is_cuda
    assert np.array_equal(to_host(there), to_numpy(picture()))
    planes = torch.from_numpy(to_host(there, BT709)).int()
    assert (planes - torch_rgb_to_yuv420(picture(), BT709).int()).abs().max() <= 1
