import pytest
import torch
from torch import Tensor

from streamstyle.ops.temporal import temporal_term, total_variation


def pictures() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    carried, stylised = torch.rand(2, 3, 9, 7, generator=generator, dtype=torch.float64)
    return carried, stylised, torch.rand(9, 7, generator=generator, dtype=torch.float64)


def as_written(x: Tensor, temporal: float, pixel: float, tv: float) -> Tensor:
    """The objective as the papers have it, for 0..255 pictures; total variation is that of the change."""
    carried, stylised, trust = (255 * part for part in pictures())
    kept, own = (trust / 255 * (255 * x - carried).square()).mean(), (255 * x - stylised).square().mean()
    change = 255 * (x - temporal_term(*pictures(), temporal, pixel).centre)
    neighbours = change.diff(dim=1).square().sum() + change.diff(dim=2).square().sum()
    return temporal * kept + pixel * own + tv * neighbours / x.numel()


def test_the_term_is_what_the_papers_write() -> None:
    image = torch.rand(3, 9, 7, dtype=torch.float64, requires_grad=True)
    expected = as_written(image, 9000, 691, 300)
    loss, gradient = temporal_term(*pictures(), 9000, 691, 300).loss_and_gradient(image.detach())
    assert torch.isclose(loss, expected)
    assert torch.allclose(gradient, torch.autograd.grad(expected, image)[0])


def test_nothing_pulls_at_the_centre() -> None:
    term = temporal_term(*pictures(), 9000, 691, 300)
    loss, gradient = term.loss_and_gradient(term.centre)
    assert loss == term.minimum
    assert not gradient.any()


def test_curvature_is_the_second_derivative_inside_the_picture() -> None:
    term, spot = temporal_term(*pictures(), 9000, 691, 300), torch.zeros(3, 9, 7, dtype=torch.float64)
    spot[1, 4, 5] = 1e-3
    slopes = [term.loss_and_gradient(term.centre + sign * spot)[1][1, 4, 5] for sign in (1, -1)]
    assert torch.isclose((slopes[0] - slopes[1]) / 2e-3, term.curvature()[0, 4, 5])


def test_newly_uncovered_places_show_their_own_stylisation() -> None:
    carried, stylised, _ = pictures()
    trust = torch.ones(9, 7, dtype=torch.float64)
    trust[:, 3:] = 0
    centre = temporal_term(carried, stylised, trust, 9000, 691).centre
    assert torch.equal(centre[..., 3:], stylised[..., 3:])
    share = (centre - stylised)[..., :3] / (carried - stylised)[..., :3]
    assert torch.allclose(share, torch.tensor(9000 / 9691, dtype=torch.float64))


@pytest.mark.parametrize("pixel_weight", [0.0, 691.0])
def test_a_still_film_that_is_trusted_keeps_its_picture(pixel_weight: float) -> None:
    picture, _, _ = pictures()
    term = temporal_term(picture, picture, torch.ones(9, 7, dtype=torch.float64), 9000, pixel_weight)
    assert torch.allclose(term.centre, picture)
    assert term.minimum == 0


def test_without_pixel_weight_uncovered_places_are_still_finite() -> None:
    carried, stylised, _ = pictures()
    term = temporal_term(carried, stylised, torch.zeros(9, 7, dtype=torch.float64), 9000, 0)
    assert torch.equal(term.centre, stylised)


def test_weights_mean_the_same_at_every_size() -> None:
    carried, stylised, trust = pictures()
    image = torch.rand(3, 9, 7, dtype=torch.float64)
    small = temporal_term(carried, stylised, trust, 9000, 691)
    large = temporal_term(carried.repeat(1, 2, 2), stylised.repeat(1, 2, 2), trust.repeat(2, 2), 9000, 691)
    assert torch.isclose(small.loss_and_gradient(image)[0], large.loss_and_gradient(image.repeat(1, 2, 2))[0])


def test_total_variation_of_a_flat_picture_is_nothing() -> None:
    loss, gradient = total_variation(torch.full((3, 5, 4), 0.3))
    assert loss == 0
    assert not gradient.any()
