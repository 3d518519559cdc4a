"""Frames are upscaled to the size of the output."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from streamstyle.frames import FramePosition, OutputFrame
from streamstyle.models.upscaler import Upscaler
from streamstyle.models.weights import load_upscaler
from streamstyle.ops.image import to_tensor
from streamstyle.settings import UpscaleSettings
from streamstyle.stages.upscale import upscale_frames


@pytest.fixture(scope="module")
def network() -> Upscaler:
    return load_upscaler().eval().requires_grad_(False)


def output_frame(index: int, height: int, width: int) -> OutputFrame:
    pixels = np.random.default_rng(index).integers(0, 256, (height, width, 3), np.uint8)
    return OutputFrame(to_tensor(pixels), FramePosition(index, 10 * index, 0, seekable=True))


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_a_frame_is_upscaled_and_keeps_its_position(network: Upscaler, factor: int) -> None:
    frames = [output_frame(index, 24, 36) for index in range(3)]
    for before, after in zip(frames, upscale_frames(frames, network, UpscaleSettings(factor)), strict=True):
        assert after.image.shape == (3, 24 * factor, 36 * factor)
        assert after.position == before.position
        small = torch.nn.functional.interpolate(after.image[None], (24, 36), mode="area")[0]
        assert float((small - before.image).abs().mean()) < 0.08, "not the same image"


def test_with_too_little_memory_a_frame_is_upscaled_in_tiles(network: Upscaler) -> None:
    class LimitedUpscaler(Upscaler):
        """Has memory for a tile of 256 pixels and its margin only."""

        def detail(self, image: torch.Tensor) -> torch.Tensor:
            if image.shape[-1] > 256 + 2 * self.receptive_radius:
                raise torch.OutOfMemoryError
            return super().detail(image)

    limited, warnings = LimitedUpscaler(network.config).eval().requires_grad_(False), list[str]()
    limited.load_state_dict(network.state_dict())
    wide = [output_frame(0, 16, 600)] * 2
    (first, second), (whole, _) = (
        list(upscale_frames(wide, each, UpscaleSettings(2), warnings.append)) for each in (limited, network)
    )
    assert torch.allclose(first.image, whole.image, atol=1e-5)
    assert torch.equal(first.image, second.image)
    assert len(warnings) == 2, "a size that failed is tried again"
    assert "tiles of 256 pixels" in warnings[1]
