from __future__ import annotations

import numpy as np
import pytest
import torch

from streamstyle.frames import Frame, FrameWithFlow, Motion, StylisedFrame
from streamstyle.runs.folder import VIEWS
from streamstyle.runs.previews import downscale_factor, flow_to_colour, render_view


def frame(motion: Motion | None) -> StylisedFrame:
    picture = np.full((60, 100, 3), (200, 100, 50), np.uint8)
    image = torch.full((3, 60, 100), 0.5)
    return StylisedFrame(FrameWithFlow(Frame(picture, 0, 0), motion), image, per_frame=image / 2)


MOTION = Motion(torch.zeros(2, 60, 100), torch.ones(60, 100))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("shrink", "size"), [(1, (60, 100)), (3, (20, 34)), (7, (9, 15))])
def test_every_view_is_a_picture_of_the_size_asked_for(view: str, shrink: int, size: tuple[int, int]) -> None:
    picture = render_view(frame(MOTION), view, shrink)
    assert picture is not None
    assert (picture.shape, picture.dtype) == ((*size, 3), np.uint8)


def test_each_shows_what_it_says() -> None:
    assert render_view(frame(MOTION), "source").mean((0, 1)).tolist() == [200, 100, 50]
    assert (render_view(frame(MOTION), "output") == 128).all()
    assert (render_view(frame(MOTION), "per_frame") == 64).all()
    assert (render_view(frame(MOTION), "weight") == 255).all()


def test_the_first_frame_of_a_shot_has_no_flow_to_show() -> None:
    assert render_view(frame(None), "flow") is None
    assert render_view(frame(None), "weight") is None


def test_what_is_still_is_white_and_opposite_ways_have_opposite_colours() -> None:
    flow = np.zeros((2, 1, 3), np.float32)
    flow[0, 0] = 0.0, 5.0, -5.0
    still, right, left = flow_to_colour(flow, 100)[0].tolist()
    assert still == [255, 255, 255]
    assert right == [255, 0, 0]
    assert left == [0, 255, 255]


@pytest.mark.parametrize(
    ("into", "factor"), [((100, 60), 1), ((99, 60), 2), ((50, 30), 2), ((10, 60), 10), ((0, 0), 100)]
)
def test_a_picture_shrinks_until_it_fits(into: tuple[int, int], factor: int) -> None:
    assert downscale_factor(100, 60, into) == factor
