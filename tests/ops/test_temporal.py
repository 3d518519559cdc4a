"""The temporal term, and merging of outputs one, two and four frames back."""

import pytest
import torch
from torch import Tensor

from streamstyle.frames import Motion
from streamstyle.ops.temporal import carry_outputs, temporal_term, total_variation
from streamstyle.ops.warp import backward_warp


def pictures() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    carried, stylised = torch.rand(2, 3, 9, 7, generator=generator, dtype=torch.float64)
    return carried, stylised, torch.rand(9, 7, generator=generator, dtype=torch.float64)


def formula(x: Tensor, temporal: float, pixel: float, tv: float) -> Tensor:
    """The objective as in the papers, for images in 0..255; the total variation is that of x - centre."""
    carried, stylised, trust = (255 * part for part in pictures())
    kept, own = (trust / 255 * (255 * x - carried).square()).mean(), (255 * x - stylised).square().mean()
    change = 255 * (x - temporal_term(*pictures(), temporal, pixel).centre)
    neighbours = change.diff(dim=1).square().sum() + change.diff(dim=2).square().sum()
    return temporal * kept + pixel * own + tv * neighbours / x.numel()


def test_the_term_equals_the_formula_of_the_papers() -> None:
    image = torch.rand(3, 9, 7, dtype=torch.float64, requires_grad=True)
    expected = formula(image, 9000, 691, 300)
    loss, gradient = temporal_term(*pictures(), 9000, 691, 300).loss_and_gradient(image.detach())
    assert torch.isclose(loss, expected)
    assert torch.allclose(gradient, torch.autograd.grad(expected, image)[0])


def test_the_gradient_at_the_centre_is_0() -> None:
    term = temporal_term(*pictures(), 9000, 691, 300)
    loss, gradient = term.loss_and_gradient(term.centre)
    assert loss == term.minimum
    assert not gradient.any()


def test_disoccluded_pixels_show_their_own_stylisation() -> None:
    carried, stylised, _ = pictures()
    trust = torch.ones(9, 7, dtype=torch.float64)
    trust[:, 3:] = 0
    centre = temporal_term(carried, stylised, trust, 9000, 691).centre
    assert torch.equal(centre[..., 3:], stylised[..., 3:])
    share = (centre - stylised)[..., :3] / (carried - stylised)[..., :3]
    assert torch.allclose(share, torch.tensor(9000 / 9691, dtype=torch.float64))


@pytest.mark.parametrize("pixel_weight", [0.0, 691.0])
def test_a_trusted_still_film_keeps_its_image(pixel_weight: float) -> None:
    picture, _, _ = pictures()
    term = temporal_term(picture, picture, torch.ones(9, 7, dtype=torch.float64), 9000, pixel_weight)
    assert torch.allclose(term.centre, picture)
    assert term.minimum == 0


def test_without_pixel_weight_disoccluded_pixels_stay_finite() -> None:
    carried, stylised, _ = pictures()
    term = temporal_term(carried, stylised, torch.zeros(9, 7, dtype=torch.float64), 9000, 0)
    assert torch.equal(term.centre, stylised)


def test_weights_mean_the_same_at_every_size() -> None:
    carried, stylised, trust = pictures()
    image = torch.rand(3, 9, 7, dtype=torch.float64)
    small = temporal_term(carried, stylised, trust, 9000, 691)
    large = temporal_term(carried.repeat(1, 2, 2), stylised.repeat(1, 2, 2), trust.repeat(2, 2), 9000, 691)
    assert torch.isclose(small.loss_and_gradient(image)[0], large.loss_and_gradient(image.repeat(1, 2, 2))[0])


def test_total_variation_of_a_flat_image_is_0() -> None:
    loss, gradient = total_variation(torch.full((3, 5, 4), 0.3))
    assert loss == 0
    assert not gradient.any()


HEIGHT, WIDTH = 6, 8


def outputs() -> dict[int, Tensor]:
    generator = torch.Generator().manual_seed(2)
    return dict(enumerate(torch.rand(5, 3, HEIGHT, WIDTH, generator=generator), start=1))


def motion(gap: int, weight: Tensor | float, step: float = 0.0) -> Motion:
    backward = torch.zeros(2, HEIGHT, WIDTH)
    backward[0] = step
    return Motion(backward, torch.as_tensor(weight).expand(HEIGHT, WIDTH).clone(), gap)


def test_one_frame_back_is_the_previous_output_warped() -> None:
    merged = carry_outputs(outputs(), [motion(1, 0.7, step=1.5)])
    assert torch.equal(merged.image, backward_warp(outputs()[1], motion(1, 1, step=1.5).backward))
    assert torch.equal(merged.trust, torch.full((HEIGHT, WIDTH), 0.7))


def test_where_the_nearest_output_is_trusted_others_are_ignored() -> None:
    alone = carry_outputs(outputs(), [motion(1, 1.0)])
    three = carry_outputs(outputs(), [motion(1, 1.0), motion(2, 1.0), motion(4, 1.0)])
    assert torch.equal(alone.image, three.image)
    assert torch.equal(alone.trust, three.trust)


def test_pixels_the_nearest_output_lacks_come_from_further_back() -> None:
    covered = torch.ones(HEIGHT, WIDTH)
    covered[:, 2:] = 0
    still_covered = torch.ones(HEIGHT, WIDTH)
    still_covered[:, 5:] = 0
    merged = carry_outputs(outputs(), [motion(1, covered), motion(2, still_covered), motion(4, 1.0)])
    one, two, four = (outputs()[gap] for gap in (1, 2, 4))
    assert torch.equal(merged.image, torch.cat((one[..., :2], two[..., 2:5], four[..., 5:]), -1))
    assert torch.equal(merged.trust, torch.ones(HEIGHT, WIDTH))


def test_without_trusted_outputs_the_trust_is_0() -> None:
    merged = carry_outputs(outputs(), [motion(1, 0.0), motion(2, 0.0)])
    assert not merged.trust.any()
    assert torch.equal(merged.image, outputs()[1])


def test_merged_outputs_equal_the_sum_of_terms_in_the_paper() -> None:
    generator = torch.Generator().manual_seed(4)
    weights = torch.rand(3, HEIGHT, WIDTH, generator=generator)
    merged = carry_outputs(outputs(), [motion(gap, weight) for gap, weight in zip((1, 2, 4), weights, strict=True)])
    one, two, four = weights
    exclusive = [one, (two - one).clamp_min(0), (four - one - two).clamp_min(0)]

    def formula(x: Tensor) -> Tensor:
        return sum(weight * (x - outputs()[gap]).square() for gap, weight in zip((1, 2, 4), exclusive, strict=True))

    x, y = torch.rand(2, 3, HEIGHT, WIDTH, generator=generator)
    ours = merged.trust * ((x - merged.image).square() - (y - merged.image).square())
    assert torch.allclose(ours, formula(x) - formula(y), atol=1e-6)
