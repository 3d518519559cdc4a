"""Disocclusions, motion boundaries and the consistency weight."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from streamstyle.ops.occlusion import consistency_weight, disocclusion_mask, motion_boundary, photometric_weight
from tests.films import Scene, moving_square, pan, still
from tests.scenes import grain


def motion(scene: Scene, t: int = 1) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(scene.backward[t]), torch.from_numpy(scene.forward[t])


def test_a_still_scene_is_trusted_everywhere():
    assert torch.equal(consistency_weight(*motion(still())), torch.ones(64, 96))


def test_only_the_new_columns_of_a_pan_are_not_trusted():
    scene = pan(step=(5, 0))
    assert torch.equal(disocclusion_mask(*motion(scene)), torch.from_numpy(scene.uncovered[1]))
    weight = consistency_weight(*motion(scene))
    assert (weight[:, :5] == 0).all()
    assert (weight[:, 8:] == 1).all()


def test_the_background_uncovered_by_a_moving_square_is_disoccluded():
    scene = moving_square(step=(4, 0))
    uncovered = torch.from_numpy(scene.uncovered[1])
    assert uncovered.sum() == 4 * 24
    assert torch.equal(disocclusion_mask(*motion(scene)), uncovered)


def test_only_the_outline_of_a_moving_square_is_a_motion_boundary():
    scene = moving_square(side=24, step=(2, 0))
    boundary = motion_boundary(torch.from_numpy(scene.backward[1]))
    inside = torch.from_numpy(scene.backward[1, 0] != 0)
    rows, columns = torch.where(inside)
    top, left = rows.min(), columns.min()
    assert not boundary[top + 1 : top + 23, left + 1 : left + 23].any()
    for place in ((top, left + 12), (top + 23, left + 12), (top + 12, left), (top + 12, left + 23)):
        assert boundary[place]
    assert not boundary[: top - 1].any()


def test_disocclusions_grow_and_motion_boundaries_fade():
    flow = torch.zeros(2, 41, 41)
    hole, line = flow.clone(), flow.clone()
    hole[0, 15:26, 15:26] = 30  # the forward flow does not lead back
    weight = consistency_weight(hole, flow)
    assert (weight[14, 16:25] < 0.3).all()
    assert (weight[15:26, 15:26] == 0).all()
    line[0, :, 20:] = -0.2  # the flows cancel within half a pixel, but have an edge
    faded = consistency_weight(line, -line)
    assert not disocclusion_mask(line, -line).any()
    assert motion_boundary(line)[:, 19:21].all()
    assert 0 < faded[20, 19] < 0.6
    assert (faded[:, 24:] == 1).all()


def test_flows_may_disagree_by_half_a_pixel():
    ones = torch.ones(2, 32, 32)
    backward = ones * 3
    assert not disocclusion_mask(backward, -backward + 0.45)[:24, :24].any()
    assert disocclusion_mask(backward, -backward + 0.75)[:24, :24].all()


def test_flow_noise_of_a_tenth_of_a_pixel_at_the_edge_is_tolerated():
    trembling = torch.full((2, 32, 32), 0.1)
    assert torch.equal(consistency_weight(trembling, -trembling), torch.ones(32, 32))
    drifting = torch.full((2, 32, 32), 0.2)
    assert not consistency_weight(drifting, -drifting)[:, -1].any()


def grey(scene: Scene, t: int) -> Tensor:
    return torch.from_numpy(scene.frames[t].mean(-1)).float()


def photometric(scene: Scene, t: int = 1) -> Tensor:
    return photometric_weight(torch.from_numpy(scene.backward[t]), grey(scene, t - 1), grey(scene, t))


def test_what_looks_different_along_the_flow_is_not_trusted():
    scene = pan(step=(5, 0))
    weight = photometric(scene)
    assert (weight[:, :5] == 0).all()  # from outside the image
    assert (weight[:, 8:] == 1).all()
    still_flow = torch.zeros(2, 64, 96)
    there = torch.full((64, 96), 100.0)
    changed = there.clone()
    changed[20:30, 40:50] += 40
    weight = photometric_weight(still_flow, there, changed)
    assert (weight[21:29, 41:49] == 0).all()
    assert (weight[:16] == 1).all()
    assert (photometric_weight(still_flow, there, there + 15) == 1).all()
    assert (photometric_weight(still_flow, there, there + 17) == 0).all()


def test_what_a_bright_square_uncovers_looks_different():
    scene = moving_square(step=(4, 0))
    square = 80 * (torch.from_numpy(scene.backward[1, 0]) != 0).float()
    weight = photometric_weight(
        torch.from_numpy(scene.backward[1]), grey(scene, 0) + square.roll(-4, 1), grey(scene, 1) + square
    )
    uncovered = torch.from_numpy(scene.uncovered[1])
    assert weight[uncovered].mean() < 0.05
    assert weight[square > 0].mean() > 0.8
    assert weight.mean() > 0.85


def test_grain_and_errors_of_half_a_pixel_look_the_same():
    scene = grain(still())  # of 12 levels
    assert photometric(scene).mean() > 0.99
    scene = pan(step=(3, 0))
    off = torch.from_numpy(scene.backward[1]) + 0.5
    weight = photometric_weight(off, grey(scene, 0), grey(scene, 1))
    assert weight[3:-3, 6:-6].mean() > 0.95
    assert photometric_weight(off, grey(scene, 0), grey(still(seed=1), 0)).mean() < 0.5


@given(
    seed=st.integers(0, 1000),
    size=st.floats(0, 100),
    cell=st.integers(1, 20),
)
@settings(max_examples=25, deadline=None)
def test_weights_are_in_0_to_1_and_0_for_pixels_from_outside(seed, size, cell):
    noise = torch.randn(2, 2, 33 // cell + 1, 40 // cell + 1, generator=torch.Generator().manual_seed(seed))
    backward, forward = size * torch.nn.functional.interpolate(noise, size=(33, 40), mode="bilinear")
    weight = consistency_weight(backward, forward)
    assert weight.shape == (33, 40)
    assert weight.dtype == torch.float32
    assert ((weight >= 0) & (weight <= 1)).all()
    assert disocclusion_mask(torch.full_like(backward, 41), forward).all()
    assert not consistency_weight(torch.full_like(backward, 41), forward).any()
