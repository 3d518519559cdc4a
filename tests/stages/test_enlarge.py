"""Painted frames at the size of the output."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from streamstyle.frame import Frame, StylisedFrame
from streamstyle.nets.upscaler import Upscaler
from streamstyle.nets.weights import load_upscaler
from streamstyle.settings import EnlargeSettings
from streamstyle.stages.enlarge import enlarge
from tests.painting import painted


@pytest.fixture(scope="module")
def network() -> Upscaler:
    return load_upscaler().eval().requires_grad_(False)


def frames(count: int) -> list[StylisedFrame]:
    pictures = np.random.default_rng(0).integers(0, 256, (count, 24, 36, 3), np.uint8)
    return [painted(Frame(picture, pts=10 * index, index=index)) for index, picture in enumerate(pictures)]


@pytest.mark.parametrize("times", [2, 3, 4])
def test_a_frame_is_as_many_times_as_large_and_what_the_next_looks_back_to_is_not(
    network: Upscaler, times: int
) -> None:
    for before, after in zip(frames(3), enlarge(frames(3), network, EnlargeSettings(times)), strict=True):
        assert after.output.shape == (3, 24 * times, 36 * times)
        assert torch.equal(after.image, before.image)
        assert after.flowed.frame.pts == before.flowed.frame.pts
        small = torch.nn.functional.interpolate(after.output[None], (24, 36), mode="area")[0]
        assert float((small - before.image).abs().mean()) < 0.08, "it is the same picture, in the same place"


def test_without_enlarging_a_frame_is_written_as_it_is() -> None:
    frame = frames(1)[0]
    assert frame.output is frame.image


def test_without_memory_for_the_whole_a_frame_is_enlarged_in_tiles(network: Upscaler) -> None:
    class Poor(Upscaler):
        """Has memory for a tile of 256 pixels and its margins."""

        def detail(self, image: torch.Tensor) -> torch.Tensor:
            if image.shape[-1] > 256 + 2 * self.reach:
                raise torch.OutOfMemoryError
            return super().detail(image)

    poor, told = Poor(network.config).eval().requires_grad_(False), list[str]()
    poor.load_state_dict(network.state_dict())
    wide = [painted(Frame(np.random.default_rng(0).integers(0, 256, (16, 600, 3), np.uint8), pts=0, index=0))] * 2
    (first, second), (whole, _) = (
        list(enlarge(wide, each, EnlargeSettings(2), told.append)) for each in (poor, network)
    )
    assert torch.allclose(first.output, whole.output, atol=1e-5)
    assert torch.equal(first.output, second.output)
    assert len(told) == 2, "what did not suffice is said once, and not tried again"
    assert "tiles of 256 pixels" in told[1]
