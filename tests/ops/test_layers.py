"""The layers that method live carries."""

import pytest
import torch
from torch import Tensor

from streamstyle.evaluate.metrics import sharpness
from streamstyle.ops.filters import enlarge_means, gaussian_blur
from streamstyle.ops.layers import (
    DETAIL_SIGMA,
    MAX_GAIN,
    PLANES,
    TONE_SHARE,
    LayerBlend,
    blend_layers,
    correct_tone,
    detail_gain,
    gradient_blocks,
    merge_layers,
    restore_contrast,
    start_layers,
    tone_difference,
)

pytestmark = pytest.mark.usefixtures("_with_each_backend")

HEIGHT, WIDTH = 40, 56
KEEP = LayerBlend(9000, 691, TONE_SHARE, keep=(1.0, 1.0), second_share=0.25)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def blend(carried: Tensor, trust: float, blend: LayerBlend = KEEP, tone: float = 0.0) -> tuple[Tensor, Tensor]:
    size = (HEIGHT, WIDTH)
    return blend_layers(
        carried,
        random(3, *size, seed=2),
        random(3, *size, seed=3),
        random(*size, seed=4),
        torch.full(size, float(trust)),
        torch.full((3, HEIGHT // 8, WIDTH // 8), tone),
        blend,
    )


def test_the_first_frame_of_a_shot_is_shown_as_it_is() -> None:
    stylised = random(3, HEIGHT, WIDTH)
    planes = start_layers(stylised, random(HEIGHT, WIDTH, seed=1))
    assert planes.shape == (PLANES, HEIGHT, WIDTH)
    shown, gain = merge_layers(planes, planes[3:6], stylised, None)
    torch.testing.assert_close(shown, stylised)
    torch.testing.assert_close(gain, torch.ones(1, HEIGHT // 8, WIDTH // 8))


def test_without_trust_every_layer_is_that_of_the_frame() -> None:
    planes, shown = blend(random(PLANES, HEIGHT, WIDTH), trust=0)
    assert torch.equal(planes[:3], random(3, HEIGHT, WIDTH, seed=2))
    for detail in (planes[3:6], planes[6:9], shown):
        assert torch.equal(detail, random(3, HEIGHT, WIDTH, seed=3))
    assert torch.equal(planes[9], random(HEIGHT, WIDTH, seed=4))


def test_trusted_detail_is_carried_unchanged_and_what_is_coarse_is_averaged() -> None:
    carried = random(PLANES, HEIGHT, WIDTH)
    planes, shown = blend(carried, trust=1)
    torch.testing.assert_close(planes[3:9], carried[3:9])
    torch.testing.assert_close(shown, 0.75 * carried[3:6] + 0.25 * carried[6:9])
    share = 9000 / 9691
    torch.testing.assert_close(planes[:3], share * carried[:3] + (1 - share) * random(3, HEIGHT, WIDTH, seed=2))


def test_a_detail_layer_that_is_not_kept_is_replaced() -> None:
    planes, _ = blend(
        random(PLANES, HEIGHT, WIDTH), 1, LayerBlend(9000, 691, TONE_SHARE, keep=(1.0, 0.0), second_share=0)
    )
    torch.testing.assert_close(planes[3:6], random(PLANES, HEIGHT, WIDTH)[3:6])
    assert torch.equal(planes[6:9], random(3, HEIGHT, WIDTH, seed=3))


def test_a_share_of_the_difference_in_tone_is_corrected() -> None:
    carried = random(PLANES, HEIGHT, WIDTH)
    corrected, uncorrected = (blend(carried, 1, tone=tone)[0][:3] for tone in (0.1, 0.0))
    torch.testing.assert_close(corrected - uncorrected, torch.full_like(corrected, TONE_SHARE * 0.1 * 9000 / 9691))


def test_the_difference_in_tone_leaves_out_what_is_not_trusted() -> None:
    carried, trust = random(3, HEIGHT, WIDTH), torch.ones(HEIGHT, WIDTH)
    stylised = carried + 0.1
    stylised[:, 10:20, 10:20] = 1
    trust[10:20, 10:20] = 0
    torch.testing.assert_close(tone_difference(carried, stylised, trust), torch.full((3, HEIGHT // 8, WIDTH // 8), 0.1))


@pytest.mark.parametrize("width", [WIDTH, WIDTH - 1])
def test_contrast_lost_by_averaging_is_restored(width: int) -> None:
    stylised = torch.stack([smooth(seed)[:, :width] for seed in (1, 2, 3)])
    grey = torch.lerp(stylised, stylised.mean((1, 2), keepdim=True).expand_as(stylised), 0.25)
    restored = restore_contrast(grey, stylised)
    assert (restored - stylised).abs().mean() < 0.8 * (grey - stylised).abs().mean()
    torch.testing.assert_close(restore_contrast(stylised, grey), stylised)  # none is taken away
    torch.testing.assert_close(gaussian_blur(restored, 2.6).mean(), grey.mean(), atol=5e-3, rtol=0)


def smooth(seed: int) -> Tensor:
    return enlarge_means(
        torch.rand(1, -(-HEIGHT // 8), -(-WIDTH // 8), generator=torch.manual_seed(seed)), HEIGHT, WIDTH
    )[0]


def test_the_gain_restores_contrast_within_limits_and_smoothly() -> None:
    stylised = random(3, HEIGHT, WIDTH)
    coarse = gaussian_blur(stylised, DETAIL_SIGMA)
    detail = stylised - coarse
    gain = detail_gain(detail / 1.5, coarse, stylised, None)
    torch.testing.assert_close(gain, torch.full((1, 5, 7), 1.5), atol=1e-2, rtol=0)
    assert torch.equal(detail_gain(detail / 9, coarse, stylised, None), torch.full((1, 5, 7), MAX_GAIN))
    smoothed = detail_gain(detail / 1.5, coarse, stylised, torch.ones(1, 5, 7))
    torch.testing.assert_close(smoothed, torch.full((1, 5, 7), 1.125), atol=1e-2, rtol=0)


def test_layers_of_different_frames_make_a_picture_as_sharp_as_one_frame() -> None:
    stylised, earlier = (gaussian_blur(random(3, HEIGHT, WIDTH, seed=seed), 1.0) for seed in (1, 2))
    planes = start_layers(earlier, earlier[0])
    shown = stylised - gaussian_blur(stylised, DETAIL_SIGMA)
    flat = gaussian_blur(earlier, DETAIL_SIGMA) + shown
    image, gain = merge_layers(planes, shown, stylised, None)
    assert sharpness(flat) < 0.85 * sharpness(stylised)
    assert abs(sharpness(image) / sharpness(stylised) - 1) < 0.04
    assert gain.min() > 1.05


def test_the_gain_is_one_where_there_is_nothing_to_see() -> None:
    flat = torch.full((3, HEIGHT, WIDTH), 0.5)
    assert torch.equal(detail_gain(torch.zeros_like(flat), flat, flat, None), torch.ones(1, 5, 7))


def test_where_the_coarse_layer_alone_is_sharper_than_the_frame_no_more_detail_is_added() -> None:
    sharp, flat = random(3, HEIGHT, WIDTH), torch.full((3, HEIGHT, WIDTH), 0.5)
    assert detail_gain(0.1 * random(3, HEIGHT, WIDTH, seed=1), sharp, flat, None).max() <= 1


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (9, 1), (17, 8)])
def test_gradients_of_blocks_end_at_the_edge(height: int, width: int) -> None:
    step = torch.zeros(3, height, width)
    step[:, :, width // 2 :] = 1
    means = gradient_blocks(step, 2 * step, 3 * step)
    total = height * 3 * (width > 1)  # a step of 1 in every row
    pixels = torch.nn.functional.avg_pool2d(
        torch.ones(1, height, width), 8, ceil_mode=True, count_include_pad=False, divisor_override=1
    )
    torch.testing.assert_close((means * pixels).sum((1, 2)), total * torch.tensor([1.0, 2, 4, 9]))


@pytest.mark.parametrize("trusted", [1.0, 0.6])
def test_tone_in_a_still_scene_converges(trusted: float) -> None:
    stylised = torch.full((3, HEIGHT, WIDTH), 0.5)
    coarse = stylised + 0.01 * torch.randn(3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))
    trust = torch.full((HEIGHT, WIDTH), trusted)
    share = 9000 * trust / (9000 * trust + 691)
    for _ in range(200):
        coarse = torch.lerp(stylised, correct_tone(coarse, stylised, trust), share)
    assert (coarse - stylised).abs().max() < 1e-5  # by the mean of 3x3 blocks it grows without end
