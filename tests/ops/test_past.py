"""Outputs one, two and four frames back: of each counts what no nearer one shows."""

import torch
from torch import Tensor

from streamstyle.frame import Motion
from streamstyle.ops.past import carry_outputs
from streamstyle.ops.warp import backward_warp

HEIGHT, WIDTH = 6, 8


def outputs(count: int = 5) -> list[Tensor]:
    generator = torch.Generator().manual_seed(2)
    return list(torch.rand(count, 3, HEIGHT, WIDTH, generator=generator))


def motion(gap: int, weight: Tensor | float, step: float = 0.0) -> Motion:
    backward = torch.zeros(2, HEIGHT, WIDTH)
    backward[0] = step
    return Motion(backward, torch.as_tensor(weight).expand(HEIGHT, WIDTH).clone(), gap)


def test_one_frame_back_is_the_previous_output_warped() -> None:
    past = carry_outputs(outputs(), [motion(1, 0.7, step=1.5)])
    assert torch.equal(past.image, backward_warp(outputs()[-1], motion(1, 1, step=1.5).backward))
    assert torch.equal(past.trust, torch.full((HEIGHT, WIDTH), 0.7))


def test_where_the_nearest_is_trusted_no_other_counts() -> None:
    alone = carry_outputs(outputs(), [motion(1, 1.0)])
    three = carry_outputs(outputs(), [motion(1, 1.0), motion(2, 1.0), motion(4, 1.0)])
    assert torch.equal(alone.image, three.image)
    assert torch.equal(alone.trust, three.trust)


def test_what_the_nearest_does_not_show_comes_from_further_back() -> None:
    covered = torch.ones(HEIGHT, WIDTH)
    covered[:, 2:] = 0
    still_covered = torch.ones(HEIGHT, WIDTH)
    still_covered[:, 5:] = 0
    past = carry_outputs(outputs(), [motion(1, covered), motion(2, still_covered), motion(4, 1.0)])
    one, two, four = (outputs()[-gap] for gap in (1, 2, 4))
    assert torch.equal(past.image, torch.cat((one[..., :2], two[..., 2:5], four[..., 5:]), -1))
    assert torch.equal(past.trust, torch.ones(HEIGHT, WIDTH))


def test_where_nothing_is_trusted_nothing_is() -> None:
    past = carry_outputs(outputs(), [motion(1, 0.0), motion(2, 0.0)])
    assert not past.trust.any()
    assert torch.equal(past.image, outputs()[-1])


def test_it_is_the_sum_of_the_parabolas_of_the_paper() -> None:
    generator = torch.Generator().manual_seed(4)
    weights = torch.rand(3, HEIGHT, WIDTH, generator=generator)
    past = carry_outputs(outputs(), [motion(gap, weight) for gap, weight in zip((1, 2, 4), weights, strict=True)])
    one, two, four = weights
    exclusive = [one, (two - one).clamp_min(0), (four - one - two).clamp_min(0)]

    def as_written(x: Tensor) -> Tensor:
        return sum(weight * (x - outputs()[-gap]).square() for gap, weight in zip((1, 2, 4), exclusive, strict=True))

    x, y = torch.rand(2, 3, HEIGHT, WIDTH, generator=generator)
    ours = past.trust * ((x - past.image).square() - (y - past.image).square())
    assert torch.allclose(ours, as_written(x) - as_written(y), atol=1e-6)
