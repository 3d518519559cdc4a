"""Between the host's memory and a GPU's without waiting, through pinned memory, which torch keeps for the next time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.ops.pixels import levels


def uploaded(
    tensor: Tensor,  # in the host's memory
    device: torch.device,
) -> Tensor:
    """Return the tensor on the device. To a GPU it is on its way; whatever uses it there is queued behind it."""
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def departing(
    image: Tensor,  # [3, H, W] float in [0, 1]
) -> Callable[[], NDArray[np.uint8]]:
    """Send the picture on its way to the host; return what waits for it: [H, W, 3] uint8 RGB, as `to_uint8` has it."""
    there = levels(image)
    if not there.is_cuda:
        return there.numpy
    here = torch.empty(there.shape, dtype=there.dtype, pin_memory=True)
    here.copy_(there, non_blocking=True)
    arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
    arrived.record()

    def received() -> NDArray[np.uint8]:
        arrived.synchronize()
        return here.numpy()

    return received
