"""Two paintings of a film, mixed by a mask."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.frames import Frame, FrameWithFlow, Motion, StylisedFrame, join_feedback, part_of_feedback
from streamstyle.stages.mask import INSIDE, OUTSIDE, mix_by_mask

HEIGHT, WIDTH = 90, 120
STILL = Motion(torch.zeros(2, HEIGHT, WIDTH), torch.ones(HEIGHT, WIDTH))


def painting(level: float, count: int = 1, motion: Motion | None = STILL) -> Iterator[StylisedFrame]:
    """Frames of one grey; the first one of the film carries nothing."""
    image = torch.full((3, HEIGHT, WIDTH), level)
    source = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for index in range(count):
        flowed = FrameWithFlow(Frame(source, index, index), motion if index else None)
        yield StylisedFrame(flowed, image, image, feedback={"age": index})


def half(right: int = 60) -> NDArray[np.uint8]:
    """White left of a column."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[:, :right] = 255
    return mask


def mixed(masks: list[NDArray[np.uint8] | None], **options: object) -> list[StylisedFrame]:
    count = len(masks)
    return list(mix_by_mask(painting(0.8, count), painting(0.2, count), lambda frame: masks[frame.index], **options))


def test_white_is_inside_black_is_outside_and_the_edge_between_is_soft() -> None:
    (frame,) = mixed([half()])
    row = frame.image[0, 40]
    assert torch.equal(row[:55], torch.full((55,), 0.8))
    assert torch.equal(row[65:], torch.full((55,), 0.2))
    assert (row.diff() <= 0).all()
    assert 3 <= int(((row > 0.21) & (row < 0.79)).sum()) <= 8


def test_grey_is_between() -> None:
    (frame,) = mixed([np.full((HEIGHT, WIDTH), 128, np.uint8)])
    assert torch.allclose(frame.image, torch.full_like(frame.image, 0.5), atol=0.01)


def test_what_a_codec_leaves_in_black_and_white_does_not_show() -> None:
    mask = half()
    mask[:, :50] = 251
    mask[:, 70:] = 4
    (frame,) = mixed([mask])
    assert torch.equal(frame.image[0, 40, :45], torch.full((45,), 0.8))
    assert torch.equal(frame.image[0, 40, 75:], torch.full((45,), 0.2))


def test_without_a_mask_a_frame_is_inside() -> None:
    first, second = mixed([None, half()])
    assert torch.equal(first.image, torch.full_like(first.image, 0.8))
    assert torch.equal(second.image, mixed([half()])[0].image), "no mask is carried from one without"


def test_a_jittering_mask_is_steadied_along_the_flow() -> None:
    frames = mixed([half(60 + 3 * (index % 2)) for index in range(20)])
    columns = torch.stack([frame.image[0, 40] for frame in frames[10:]])
    raw = torch.stack([mixed([half(60 + 3 * (index % 2))])[0].image[0, 40] for index in range(2)])
    assert columns.diff(dim=0).abs().max() < 0.5 * raw.diff(dim=0).abs().max()


def test_a_mask_that_moves_by_itself_arrives_within_a_few_frames() -> None:
    frames = mixed([half(30)] * 3 + [half(90)] * 8)
    assert frames[3].image[0, 40, 60] > 0.4
    assert frames[10].image[0, 40, 60] > 0.78


def test_where_the_flow_is_not_trusted_the_mask_is_as_it_is() -> None:
    lost = Motion(STILL.backward, torch.zeros(HEIGHT, WIDTH))
    masks = [half(30), half(90)]
    frames = list(mix_by_mask(painting(0.8, 2, lost), painting(0.2, 2, lost), lambda frame: masks[frame.index]))
    assert torch.equal(frames[1].image, mixed([half(90)])[0].image)


def test_what_is_carried_is_that_of_both_and_the_mask() -> None:
    whole = mixed([half(30), half(50), half(70), half(90)])
    assert part_of_feedback(whole[1].feedback, INSIDE) == {"age": 1}
    assert part_of_feedback(whole[1].feedback, OUTSIDE) == {"age": 1}
    rest = [list(painting(level, 4))[2:] for level in (0.8, 0.2)]
    masks = {2: half(70), 3: half(90)}
    resumed = list(mix_by_mask(*rest, lambda frame: masks[frame.index], whole[1].feedback))
    for one, other in zip(resumed, whole[2:], strict=True):
        assert torch.equal(one.image, other.image)


def test_a_frame_depends_on_those_before_if_one_of_the_two_does() -> None:
    (frame,) = mix_by_mask(list(painting(1.0, 2, None))[1:], list(painting(1.0, 2))[1:], lambda frame: half())
    assert frame.flowed.motion is STILL


def test_feedback_of_several_is_told_apart_by_name() -> None:
    tensor = torch.zeros(1)
    parts: dict[str, dict[str, Tensor | int]] = {"in": {"a": 1, "b": tensor}, "out": {"a": 2}}
    joined = join_feedback(parts)
    assert {name: part_of_feedback(joined, name) for name in parts} == parts
