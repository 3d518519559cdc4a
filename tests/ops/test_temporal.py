import pytest
import torch
from torch import Tensor

from streamstyle.ops.temporal import TemporalTerm, total_variation


def a_term(trust: Tensor | None = None, **weights: float) -> TemporalTerm:
    generator = torch.Generator().manual_seed(1)
    carried, stylised = torch.rand(2, 3, 9, 7, generator=generator, dtype=torch.float64)
    if trust is None:
        trust = torch.rand(9, 7, generator=generator, dtype=torch.float64)
    values = {"temporal_weight": 9000.0, "pixel_weight": 691.0, "tv_weight": 0.5} | weights
    return TemporalTerm(carried, stylised, trust, **values)


def test_gradient_is_the_slope_of_the_loss_where_the_mask_is_soft() -> None:
    term = a_term()
    image = torch.rand(3, 9, 7, dtype=torch.float64)
    _, gradient = term.loss_and_gradient(image)
    for _ in range(5):
        direction = torch.randn(3, 9, 7, dtype=torch.float64)
        up, down = (term.loss_and_gradient(image + sign * 1e-5 * direction)[0] for sign in (1, -1))
        assert torch.isclose((up - down) / 2e-5, (gradient * direction).sum(), rtol=1e-6)


def test_nothing_pulls_at_the_minimiser() -> None:
    term = a_term(tv_weight=0.0)
    _, gradient = term.loss_and_gradient(term.minimiser())
    _, elsewhere = term.loss_and_gradient(term.stylised)
    assert gradient.abs().max() < 1e-12 * elsewhere.abs().max()


def test_newly_uncovered_places_show_their_own_stylisation() -> None:
    trust = torch.ones(9, 7, dtype=torch.float64)
    trust[:, 3:] = 0
    term = a_term(trust)
    assert torch.equal(term.minimiser()[..., 3:], term.stylised[..., 3:])
    share = (term.minimiser() - term.stylised)[..., :3] / (term.carried - term.stylised)[..., :3]
    assert torch.allclose(share, torch.tensor(9000 / 9691, dtype=torch.float64))


@pytest.mark.parametrize("pixel_weight", [0.0, 691.0])
def test_a_still_film_that_is_trusted_keeps_its_picture(pixel_weight: float) -> None:
    term = a_term(torch.ones(9, 7, dtype=torch.float64), pixel_weight=pixel_weight)
    still = TemporalTerm(term.carried, term.carried, term.trust, 9000.0, pixel_weight)
    assert torch.allclose(still.minimiser(), term.carried)


def test_without_pixel_weight_uncovered_places_are_still_finite() -> None:
    term = a_term(torch.zeros(9, 7, dtype=torch.float64), pixel_weight=0.0)
    assert torch.equal(term.minimiser(), term.stylised)


def test_curvature_is_the_second_derivative() -> None:
    term = a_term(tv_weight=0.0)
    spot = torch.zeros(3, 9, 7, dtype=torch.float64)
    spot[1, 4, 5] = 1e-3
    image = torch.rand(3, 9, 7, dtype=torch.float64)
    slopes = [term.loss_and_gradient(image + sign * spot)[1][1, 4, 5] for sign in (1, -1)]
    assert torch.isclose((slopes[0] - slopes[1]) / 2e-3, term.curvature()[0, 4, 5])


def test_weights_mean_the_same_at_every_size() -> None:
    small = a_term()
    large = TemporalTerm(
        small.carried.repeat(1, 2, 2), small.stylised.repeat(1, 2, 2), small.trust.repeat(2, 2), 9000.0, 691.0
    )
    image = torch.rand(3, 9, 7, dtype=torch.float64)
    untiled = TemporalTerm(small.carried, small.stylised, small.trust, 9000.0, 691.0)
    assert torch.isclose(untiled.loss_and_gradient(image)[0], large.loss_and_gradient(image.repeat(1, 2, 2))[0])


def test_total_variation_of_a_flat_picture_is_nothing() -> None:
    loss, gradient = total_variation(torch.full((3, 5, 4), 0.3))
    assert loss == 0
    assert not gradient.any()
