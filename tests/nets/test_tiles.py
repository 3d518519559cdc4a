"""Tiles of an image: each pixel in one core, margins around."""

import pytest
import torch

from streamstyle.nets.tiles import split_into_tiles


@pytest.mark.parametrize(("height", "width"), [(1, 1), (15, 16), (100, 333), (1080, 1920)])
def test_cores_cover_every_pixel_once_and_margins_reach_as_far_as_they_should(height: int, width: int) -> None:
    seen = torch.zeros(height, width)
    for tile in split_into_tiles(height, width, side=100, margin=48, grid=16):
        tile.target(seen).add_(1)
        assert torch.equal(tile.inner(tile.crop(seen)), tile.target(seen))
        for span, size in ((tile.rows, height), (tile.columns, width)):
            assert span.first == max(0, span.start - 48)
            assert span.last == min(size, span.end + 48)
            assert span.start % 16 == 0
    assert (seen == 1).all()
