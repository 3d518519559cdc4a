"""Between the host's memory and a GPU's without waiting, through pinned memory, which torch keeps for the next time.

Where the system gives no more pinned memory ordinary memory does: the same, but that the host waits.
"""

from __future__ import annotations

import ctypes

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.ops.image import from_uint8, to_numpy, to_uint8
from streamstyle.ops.luma import LumaWeights
from streamstyle.ops.yuv import rgb_to_yuv420


def to_device(
    tensor: Tensor,  # in the host's memory
    device: torch.device,
) -> Tensor:
    """Return the tensor on the device. To a GPU it is on its way; whatever uses it there is queued behind it."""
    if device.type != "cuda":
        return tensor.to(device)
    return _pin(tensor).to(device, non_blocking=True)


def image_to_device(
    image: NDArray[np.uint8],  # [H, W, 3] RGB, full range
    device: torch.device,
) -> Tensor:
    """Return what `pixels.to_tensor` does, [3, H, W] float32 in [0, 1] on the device, on its way as by `uploaded`."""
    return from_uint8(to_device(torch.from_numpy(image), device))


def to_host(
    image: Tensor,  # [3, H, W] float in [0, 1]
    luma: LumaWeights | None = None,
) -> NDArray[np.uint8]:
    """Return the picture as [H, W, 3] uint8 RGB, as `to_uint8` does.

    From a GPU, and with `luma`, it comes as [3 H / 2, W] planes instead: half as much, and no work for the host. What
    is waited for is the picture, not what another thread has queued behind it.
    """
    if not image.is_cuda:
        return to_numpy(image)
    on_device = to_uint8(image) if luma is None else rgb_to_yuv420(image, luma)
    on_host = _pinned_empty_like(on_device)
    on_host.copy_(on_device, non_blocking=True)
    arrived = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]  # leaves the processor to the encoder
    try:
        arrived.record()
        arrived.synchronize()
    except RuntimeError:
        _leak(on_host)
        raise
    return on_host.numpy()


def _pin(tensor: Tensor) -> Tensor:
    try:
        return tensor.pin_memory()
    except RuntimeError:
        return tensor


def _pinned_empty_like(like: Tensor) -> Tensor:
    try:
        return torch.empty(like.shape, dtype=like.dtype, pin_memory=True)
    except RuntimeError:
        return torch.empty(like.shape, dtype=like.dtype)


def _leak(tensor: Tensor) -> None:
    """Never give back the memory that a GPU which has failed was writing to.

    Torch would ask the GPU whether it is done with it, and where that fails in a destructor the process ends at once,
    with the film not closed.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(tensor))
