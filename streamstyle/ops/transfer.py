"""Transfers between host and GPU without synchronisation, through pinned memory, which torch caches.

If no more memory can be pinned, pageable memory is used; the host then waits for each transfer.
"""

from __future__ import annotations

import ctypes

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.ops.image import from_levels, to_numpy, to_uint8
from streamstyle.ops.luma import LumaWeights
from streamstyle.ops.yuv import rgb_to_yuv420


def to_device(
    tensor: Tensor,  # in host memory
    device: torch.device,
) -> Tensor:
    """Return the tensor on the device. Copies to a GPU are asynchronous, in the order of the current stream."""
    if device.type != "cuda":
        return tensor.to(device)
    return _pin(tensor).to(device, non_blocking=True)


def image_to_device(
    image: NDArray[np.uint8] | NDArray[np.uint16],  # [H, W, 3] RGB, full range
    device: torch.device,
) -> Tensor:
    """Return the image as [3, H, W] float32 in [0, 1] on the device, copied as by `to_device`."""
    return from_levels(to_device(torch.from_numpy(image), device))


def to_host(
    image: Tensor,  # [3, H, W] float in [0, 1]
    luma: LumaWeights | None = None,
) -> NDArray[np.uint8]:
    """Return the image as [H, W, 3] uint8 RGB, rounded to nearest.

    From a GPU and with `luma`, returns [3 H / 2, W] planes of yuv420p instead: half the bytes, and no conversion on the
    host. The host waits for this copy only, not for later work in the stream.
    """
    if not image.is_cuda:
        return to_numpy(image)
    on_device = to_uint8(image) if luma is None else rgb_to_yuv420(image, luma)
    on_host = _pinned_empty_like(on_device)
    on_host.copy_(on_device, non_blocking=True)
    arrived = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]  # blocking: does not spin
    try:
        arrived.record()
        arrived.synchronize()
    except RuntimeError:
        _leak(on_host)
        raise
    return on_host.numpy()


def to_host_deep(
    image: Tensor,  # [3, H, W] float in [0, 1]
) -> NDArray[np.uint16]:
    """Return the image as [H, W, 3] uint16 RGB, rounded to nearest; the host waits for all work on a GPU."""
    levels = image.detach().mul(65535).round_().clamp_(0, 65535).to(torch.int32)
    return levels.permute(1, 2, 0).contiguous().cpu().numpy().astype(np.uint16)


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
    """Keep pinned memory for ever after the GPU that was writing to it has failed.

    To free it, torch would query the GPU in a destructor; that error would end the process before the output is closed.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(tensor))
