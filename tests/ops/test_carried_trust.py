"""Trust in what is carried, by the luma of the source."""

import pytest
import torch
from torch import Tensor

from streamstyle.ops.carried_trust import (
    LEAST_TRUST,
    local_excess,
    match_source,
    particle_trust,
    source_trust,
    stretch_trust,
)
from streamstyle.ops.filters import enlarge_means

pytestmark = pytest.mark.usefixtures("_with_each_backend")

HEIGHT, WIDTH = 40, 56


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def smooth(seed: int) -> Tensor:
    return enlarge_means(
        torch.rand(1, -(-HEIGHT // 8), -(-WIDTH // 8), generator=torch.manual_seed(seed)), HEIGHT, WIDTH
    )[0]


def test_a_ghost_is_not_trusted_and_small_differences_are() -> None:
    source, trust = torch.full((HEIGHT, WIDTH), 0.5), torch.full((HEIGHT, WIDTH), 0.8)
    ghost = source.clone()
    ghost[10:30, 20:40] = 0.9
    reduced = source_trust(ghost, source, trust)
    assert reduced[12:28, 22:38].max() < 0.05
    assert torch.equal(reduced[:7], trust[:7])
    assert source_trust(source + 0.02, source, trust).min() > 0.79


def test_what_the_flow_does_not_trust_is_trusted_a_little_where_it_shows_the_same() -> None:
    source, trust = random(HEIGHT, WIDTH), torch.zeros(HEIGHT, WIDTH)
    carried = source.clone()
    carried[:, 30:] += 0.05
    raised = source_trust(carried, source, trust)
    torch.testing.assert_close(raised[:, :28], torch.full((HEIGHT, 28), LEAST_TRUST))
    assert raised[:, 32:].max() < 0.01 * LEAST_TRUST


def test_another_light_is_the_same_scene() -> None:
    carried, trust = smooth(1), torch.full((HEIGHT, WIDTH), 0.8)
    brighter = 0.3 + 0.5 * carried
    matched, same = match_source(carried, brighter, trust)
    torch.testing.assert_close(matched, brighter, atol=2e-3, rtol=0)
    assert same > 0.999
    brighter[10:20, 10:20] = 0  # nor does something that comes in change the light
    matched, same = match_source(carried, brighter, trust)
    torch.testing.assert_close(matched[:, 30:], brighter[:, 30:], atol=0.02, rtol=0)
    assert same > 0.8


def test_a_mixture_with_another_picture_is_another_scene() -> None:
    carried, other, trust = smooth(1), smooth(2), torch.ones(HEIGHT, WIDTH)
    shares = [float(match_source(carried, torch.lerp(carried, other, share), trust)[1]) for share in (0.1, 0.5, 1.0)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.9
    assert shares[-1] < 0.1


def test_a_speck_is_not_hidden_by_what_is_carried_nor_left_behind() -> None:
    background, trust = 0.2 + 0.3 * smooth(1), torch.full((HEIGHT, WIDTH), 0.8)
    carried, source = background.clone(), background.clone()
    source[10:12, 10:12] += 0.3
    carried[30:32, 40:42] += 0.3
    reduced = particle_trust(carried, source, trust)
    for row, column in ((10, 10), (30, 40)):
        assert reduced[row : row + 2, column : column + 2].max() < 0.1
    torch.testing.assert_close(reduced[16:26], trust[16:26])
    assert source_trust(carried, source, trust)[10, 10] > 0.7  # which alone does not see it


@pytest.mark.parametrize("levels", [3, 12])
def test_grain_is_not_made_of_specks(levels: float) -> None:
    background, trust = smooth(1), torch.full((HEIGHT, WIDTH), 0.8)
    grainy = background + levels / 255 * torch.randn(HEIGHT, WIDTH, generator=torch.Generator().manual_seed(3))
    assert particle_trust(background, grainy, trust).mean() > 0.9 * 0.8
    grainy[10:12, 10:12] += 0.5
    assert particle_trust(background, grainy, trust)[10, 10] < 0.1


def test_what_moved_by_a_pixel_has_no_excess() -> None:
    image = random(HEIGHT, WIDTH)
    assert local_excess(image[:, 1:], image[:, :-1])[1:-1, 1:-1].max() == 0
    shifted = local_excess(image[:, 2:], image[:, :-2])
    assert shifted.max() > 0
    assert torch.equal(shifted, local_excess(image[:, :-2], image[:, 2:]))


@pytest.mark.parametrize(("zoom", "turn"), [(0.1, 0.0), (0.0, 0.17), (0.05, 0.1)])
def test_a_fast_pan_a_zoom_and_a_rotation_do_not_smear(zoom: float, turn: float) -> None:
    rows, columns = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    flow = torch.stack((20 + zoom * columns - turn * rows, zoom * rows + turn * columns))
    trust = torch.full((HEIGHT, WIDTH), 0.8)
    assert stretch_trust(flow, trust).min() > 0.6


def test_fast_flow_that_stretches_what_it_carries_is_not_trusted() -> None:
    flow = torch.full((2, HEIGHT, WIDTH), 20.0)
    flow[0, :, 24:32] += 0.8 * torch.arange(8)  # a pixel of the frame before becomes five
    flow[0, :, 32:] += 0.8 * 7
    reduced = stretch_trust(flow, torch.ones(HEIGHT, WIDTH))
    assert reduced[:, 26:30].max() < 0.02
    assert reduced[:, :20].min() > 0.99
    assert reduced[:, 36:].min() > 0.99
