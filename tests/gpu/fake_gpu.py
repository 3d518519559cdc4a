"""A fake GPU: its tensors have shape, dtype and device but no data, and cannot be combined with those of the host.

Torch's FakeTensorMode derives what each operation would return on a GPU, and raises an error for tensors of different
devices. On top of it, `FakeGPU` counts synchronisations and answers them in place of the GPU.
"""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

CUDA = torch.device("cuda:0")

Network = TypeVar("Network", bound=nn.Module)


class _Indexing(TorchFunctionMode):
    """Indexing by views only: torch's own indexing needs the CUDA runtime, which a build for CPUs lacks."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is Tensor.__getitem__:
            return _view(*args)
        if func is Tensor.__setitem__:
            view = _view(args[0], args[1])
            return torch.ops.aten.copy_(view, args[2]) if isinstance(args[2], Tensor) else view.fill_(args[2])
        return _IN_DISPATCH.get(func, func)(*args, **(kwargs or {}))


def _read_scalar(tensor: Tensor) -> Any:
    return torch.ops.aten._local_scalar_dense(tensor)


_IN_DISPATCH: dict[Any, Any] = {
    Tensor.copy_: torch.ops.aten.copy_.default,
    Tensor.contiguous: torch.ops.aten.contiguous.default,
    Tensor.__invert__: torch.ops.aten.bitwise_not.default,
    **dict.fromkeys((Tensor.__bool__, Tensor.__float__, Tensor.__int__, Tensor.item), _read_scalar),
}
"""Python method → the same operation without the method's Python part."""


def _view(tensor: Tensor, index: Any) -> Tensor:
    parts = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        given = sum(part is not None for part in parts) - 1
        parts[place : place + 1] = [slice(None)] * (tensor.ndim - given)
    axis = 0
    for part in parts:
        if part is None:
            tensor = tensor.unsqueeze(axis)
        elif isinstance(part, int):
            tensor = tensor.select(axis, part)
            continue
        else:
            assert isinstance(part, slice), "only indices that give views are supported"
            tensor = torch.ops.aten.slice(tensor, axis, part.start, part.stop, part.step or 1)
        axis += 1
    return tensor


class FakeGPU(TorchDispatchMode):
    """Within it all tensors are fake. `syncs` counts synchronisations of the host by operation."""

    def __init__(self) -> None:
        super().__init__()
        self.syncs: Counter[str] = Counter()
        self.uploads = 0
        """Asynchronous copies to the GPU."""
        self.operations = 0
        """Operations on the GPU."""
        self._fake = FakeTensorMode(allow_non_fake_inputs=True)
        self._indexing = _Indexing()
        self._pinned: list[Tensor] = []

    def __enter__(self) -> FakeGPU:
        self._fake.__enter__()
        super().__enter__()
        self._indexing.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._indexing.__exit__(*error)
        super().__exit__(*error)
        self._fake.__exit__(*error)

    def pinned(self, like: Tensor) -> Tensor:
        """Return pinned memory of the shape of a tensor."""
        self._pinned.append(torch.empty(like.shape, dtype=like.dtype))
        return self._pinned[-1]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, kwargs = func.overloadpacket.__name__, kwargs or {}
        if name == "_local_scalar_dense":
            self.syncs[name] += 1
            return False if args[0].dtype == torch.bool else 1.0
        if name == "_pin_memory":
            self._pinned.append(args[0])
            return args[0]
        if name in ("nonzero", "masked_select", "is_nonzero", "_unique2"):
            self.syncs[name] += 1
        result = _grid_sample(*args) if name == "grid_sampler_2d" else func(*args, **kwargs)
        self._count(name, args, kwargs, result)
        return result

    def _count(self, name: str, args: Any, kwargs: Any, result: Any) -> None:
        places = {each.device.type for each in (*args, result) if isinstance(each, Tensor)}
        self.operations += "cuda" in places
        if name in ("_to_copy", "copy_") and places == {"cpu", "cuda"}:
            pinned = any(each is kept for each in args for kept in self._pinned)
            if (kwargs.get("non_blocking") or args[2:] == (True,)) and pinned:
                self.uploads += result.is_cuda
            else:
                self.syncs[name] += 1


def _grid_sample(image: Tensor, grid: Tensor, *_: Any) -> Tensor:
    """Return an image of the size of the result: torch's own fake implementation uses unsupported indexing."""
    assert image.device == grid.device
    return image.new_empty(*image.shape[:2], *grid.shape[1:3])


def to_fake_gpu(tensor: Tensor) -> Tensor:
    """Return a fake copy of the tensor on the GPU; within a FakeGPU."""
    return tensor.to(CUDA, non_blocking=True)


def network_to_fake_gpu(network: Network) -> Network:
    """Replace the weights of a network on the CPU by fakes on the GPU; within a FakeGPU."""
    for module in network.modules():
        for name, weight in module._parameters.items():
            if weight is not None:
                module._parameters[name] = nn.Parameter(to_fake_gpu(weight.detach()), requires_grad=False)
        for name, kept in module._buffers.items():
            if kept is not None:
                module._buffers[name] = to_fake_gpu(kept)
    return network


def fake_event(**_: Any) -> SimpleNamespace:
    """Stands in for `torch.cuda.Event`."""
    return SimpleNamespace(record=lambda: None, synchronize=lambda: None)
