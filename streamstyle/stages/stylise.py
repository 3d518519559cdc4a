"""Each frame alone, as the style network paints it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch

from streamstyle.frame import FlowedFrame, StylisedFrame
from streamstyle.nets.transformer import TransformerNet
from streamstyle.ops.pixels import to_tensor


def stylise(frames: Iterable[FlowedFrame], network: TransformerNet, device: torch.device) -> Iterator[StylisedFrame]:
    """Yield every frame with its per-frame stylisation."""
    for flowed in frames:
        image = to_tensor(flowed.frame.image, device)
        with torch.inference_mode():
            painted = network(image[None])[0]
        yield StylisedFrame(flowed, painted)
