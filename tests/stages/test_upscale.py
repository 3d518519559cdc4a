"""Painted frames at the size of the output."""

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


@pytest.mark.parametrize("times", [2, 3, 4])
def test_a_frame_is_as_many_times_as_large_and_its_time_is_the_same(network: Upscaler, times: int) -> None:
    frames = [output_frame(index, 24, 36) for index in range(3)]
    for before, after in zip(frames, upscale_frames(frames, network, UpscaleSettings(times)), strict=True):
        assert after.image.shape == (3, 24 * times, 36 * times)
        assert after.position == before.position
        small = torch.nn.functional.interpolate(after.image[None], (24, 36), mode="area")[0]
        assert float((small - before.image).abs().mean()) < 0.08, "it is the same picture, in the same place"


def test_without_memory_for_the_whole_a_frame_is_enlarged_in_tiles(network: Upscaler) -> None:
    class Poor(Upscaler):
        """Has memory for a tile of 256 pixels and its margins."""

        def detail(self, image: torch.Tensor) -> torch.Tensor:
            if image.shape[-1] > 256 + 2 * self.receptive_radius:
                raise torch.OutOfMemoryError
            return super().detail(image)

    poor, told = Poor(network.config).eval().requires_grad_(False), list[str]()
    poor.load_state_dict(network.state_dict())
    wide = [output_frame(0, 16, 600)] * 2
    (first, second), (whole, _) = (
        list(upscale_frames(wide, each, UpscaleSettings(2), told.append)) for each in (poor, network)
    )
    assert torch.allclose(first.image, whole.image, atol=1e-5)
    assert torch.equal(first.image, second.image)
    assert len(told) == 2, "what did not suffice is said once, and not tried again"
    assert "tiles of 256 pixels" in told[1]
