"""A frame's views are RGB images, downscaled by a whole factor."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from streamstyle.frames import Frame, FrameWithFlow, Motion, StylisedFrame
from streamstyle.runs.folder import VIEWS
from streamstyle.runs.previews import downscale_factor, encode_jpeg, flow_to_colour, render_view

MOTION = Motion(torch.zeros(2, 60, 100), torch.ones(60, 100))


def stylised_frame(motion: Motion | None) -> StylisedFrame:
    source = np.full((60, 100, 3), (200, 100, 50), np.uint8)
    image = torch.full((3, 60, 100), 0.5)
    return StylisedFrame(FrameWithFlow(Frame(source, 0, 0), motion), image, per_frame=image / 2)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("factor", "size"), [(1, (60, 100)), (3, (20, 34)), (7, (9, 15))])
def test_every_view_has_the_size_that_the_factor_gives(view: str, factor: int, size: tuple[int, int]) -> None:
    image = render_view(stylised_frame(MOTION), view, factor)
    assert image is not None
    assert (image.shape, image.dtype) == ((*size, 3), np.uint8)


def test_each_view_shows_its_part_of_the_frame() -> None:
    frame = stylised_frame(MOTION)
    assert render_view(frame, "source").mean((0, 1)).tolist() == [200, 100, 50]
    assert (render_view(frame, "output") == 128).all()
    assert (render_view(frame, "per_frame") == 64).all()
    assert (render_view(frame, "weight") == 255).all()


def test_the_first_frame_of_a_shot_has_no_flow_and_no_weight() -> None:
    assert render_view(stylised_frame(None), "flow") is None
    assert render_view(stylised_frame(None), "weight") is None


def test_no_motion_is_white_and_opposite_motions_have_opposite_colours() -> None:
    flow = np.zeros((2, 1, 3), np.float32)
    flow[0, 0] = 0.0, 5.0, -5.0
    still, right, left = flow_to_colour(flow, 100)[0].tolist()
    assert still == [255, 255, 255]
    assert right == [255, 0, 0]
    assert left == [0, 255, 255]


@pytest.mark.parametrize(
    ("into", "factor"), [((100, 60), 1), ((99, 60), 2), ((50, 30), 2), ((10, 60), 10), ((0, 0), 100)]
)
def test_the_downscale_factor_is_the_smallest_that_fits(into: tuple[int, int], factor: int) -> None:
    assert downscale_factor(100, 60, into) == factor


def test_a_jpeg_keeps_the_order_of_the_channels() -> None:
    red = np.full((16, 16, 3), (250, 10, 20), np.uint8)
    bgr = cv2.imdecode(np.frombuffer(encode_jpeg(red), np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(bgr[..., ::-1].astype(int) - red).max() < 8
