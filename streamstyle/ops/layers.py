"""A stylised film as layers that are carried along the flow without blur, for method `live`.

Blur comes from averaging: stylisations of successive frames differ in their texture even along the true flow, and the
mean of many has none. So only the coarse layer is averaged, as `temporal_term` does. What is finer lies in two detail
layers, which are carried as they are or replaced, never averaged. By turns, every `period` frames, one of them is
replaced by the detail of the current frame, and is blended in over the frames that follow.

Besides, the luma of the source is carried, as the image is: it shows where flow was wrong (`ops/carried_trust.py`).
Tone is drawn towards that of the frame's own stylisation (`tone_difference`), and the detail is multiplied so that the
picture is as sharp as that (`detail_gain`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.gpu.dispatch import find_kernels
from streamstyle.ops.filters import (
    add_doubled,
    block_means,
    enlarge_means,
    gaussian_blur,
    halve,
    smooth_blocks,
    soften_blocks,
)

PLANES = 10
"""Planes of the layers: three coarse, three each of two detail layers, and the luma of the source."""

DETAIL_SIGMA = 1.0
"""Pixels: standard deviation of the Gaussian that separates detail from the coarse layer."""

BAND_SIGMA = 2.0
"""Pixels at half the size: standard deviation of the Gaussian below whose size contrast is restored."""

TONE_SHARE = 0.7
"""Usual share of a difference in tone that is corrected per frame."""

GAIN_SHARE = 0.25
"""Usual share of the current frame in the gain of the detail, against the gain of the frames before."""

MIN_GAIN, MAX_GAIN = 0.5, 2.0

MAX_BAND_GAIN = 1.5

_FAINT_ENERGY = 2e-5
"""Squared detail that counts as none, so that the gain is 1 where there is nothing to see."""

_FAINT_GRADIENT = 1e-5
"""The same of squared gradients."""


@dataclass(frozen=True, slots=True)
class LayerBlend:
    """How much of the carried layers is kept in one frame."""

    temporal_weight: float
    """Of the carried coarse layer, times trust."""
    pixel_weight: float
    """Of the frame's own coarse layer."""
    tone_share: float
    """Share of the difference in tone that is corrected."""
    keep: tuple[float, float]
    """Shares of the carried detail layers, times trust; the rest is the frame's own detail."""
    second_share: float
    """Share of the second detail layer in the detail that is shown."""


def start_layers(
    stylised: Tensor,  # [3, H, W] float32 in [0, 1]
    source: Tensor,  # [H, W] float32 in [0, 1]: luma
) -> Tensor:  # [10, H, W]
    """Return the layers of the first frame of a shot."""
    detail = stylised - gaussian_blur(stylised, DETAIL_SIGMA)
    return torch.cat((stylised, detail, detail, source[None]))


def tone_difference(
    carried: Tensor,  # [3, H, W] float32: the carried coarse layer
    stylised: Tensor,  # [3, H, W] float32 in [0, 1]
    trust: Tensor,  # [H, W] float32 in [0, 1]
) -> Tensor:  # [3, H/8, W/8], rounded up
    """Return the local mean of `stylised - carried` where what is carried is trusted."""
    means = soften_blocks(tone_blocks(carried, stylised, trust))
    return means[:3] / means[3:].clamp_min(1e-3)


def correct_tone(
    carried: Tensor,  # [3, H, W] float32
    stylised: Tensor,  # [3, H, W] float32 in [0, 1]
    trust: Tensor,  # [H, W] float32 in [0, 1]
    share: float = TONE_SHARE,  # of the difference that is corrected
) -> Tensor:  # [3, H, W]
    """Return what is carried with its tone drawn towards that of the frame's own stylisation."""
    return carried + share * enlarge_means(tone_difference(carried, stylised, trust), *trust.shape)


def tone_blocks(carried: Tensor, stylised: Tensor, trust: Tensor) -> Tensor:  # [4, H/8, W/8], rounded up
    """Return the means of `trust (stylised - carried)` and of `trust` over blocks."""
    if kernels := find_kernels(carried, stylised, trust):
        return kernels.run("tone_blocks", carried, stylised, trust)[0]
    return torch_tone_blocks(carried, stylised, trust)


def torch_tone_blocks(carried: Tensor, stylised: Tensor, trust: Tensor) -> Tensor:
    """The torch twin of `tone_blocks`, and its specification."""
    return block_means(torch.cat((trust * (stylised - carried), trust[None])))


def blend_layers(
    carried: Tensor,  # [10, H, W] float32: the layers of the frames before, warped
    stylised: Tensor,  # [3, H, W] float32 in [0, 1]
    detail: Tensor,  # [3, H, W] float32: of `stylised`
    source: Tensor,  # [H, W] float32 in [0, 1]: luma
    trust: Tensor,  # [H, W] float32 in [0, 1]
    tone: Tensor,  # [3, H/8, W/8] float32 from `tone_difference`
    blend: LayerBlend,
) -> tuple[Tensor, Tensor]:  # [10, H, W], [3, H, W]
    """Return the layers of the frame, and the detail that is shown."""
    if kernels := find_kernels(carried, stylised, detail, source, trust, tone):
        numbers = (blend.temporal_weight, blend.pixel_weight, blend.tone_share, *blend.keep, blend.second_share)
        planes, shown = kernels.run("blend_layers", carried, stylised, detail, source, trust, tone, *numbers)
        return planes, shown
    return torch_blend_layers(carried, stylised, detail, source, trust, tone, blend)


def torch_blend_layers(
    carried: Tensor,
    stylised: Tensor,
    detail: Tensor,
    source: Tensor,
    trust: Tensor,
    tone: Tensor,
    blend: LayerBlend,
) -> tuple[Tensor, Tensor]:
    """The torch twin of `blend_layers`, and its specification."""
    temporal = blend.temporal_weight * trust
    share = temporal / (temporal + blend.pixel_weight).clamp_min(1e-12)
    toned = carried[:3] + blend.tone_share * enlarge_means(tone, *trust.shape)
    coarse = torch.lerp(stylised, toned, share)
    first = torch.lerp(detail, carried[3:6], blend.keep[0] * trust)
    second = torch.lerp(detail, carried[6:9], blend.keep[1] * trust)
    carried_source = torch.lerp(source, carried[9], share)
    planes = torch.cat((coarse, first, second, carried_source[None]))
    return planes, torch.lerp(first, second, blend.second_share)


def detail_gain(
    shown: Tensor,  # [3, H, W] float32: detail
    coarse: Tensor,  # [3, H, W] float32: the coarse layer without its own detail
    stylised: Tensor,  # [3, H, W] float32 in [0, 1]
    previous: Tensor | None,  # [1, H/8, W/8] float32: gain of the frame before
    share: float = GAIN_SHARE,  # of this frame's own gain, against the previous one
) -> Tensor:  # [1, H/8, W/8] float32
    """Return the gain g of `shown` that makes the picture as sharp as the frame's own stylisation, smoothed in time.

        mean(|grad(coarse + g shown)|^2) = mean(|grad stylised|^2)

    locally, the larger solution, or the g that comes nearest. Two layers mixed in equal parts have half the energy of
    one. And what is of the size that separates the layers lies in both by half: detail and coarse layer of one frame
    add up to it, those of different frames to less.
    """
    squared, product, of_coarse, aim = smooth_blocks(gradient_blocks(shown, coarse, stylised))
    squared, lacking = squared + _FAINT_GRADIENT, aim + _FAINT_GRADIENT - of_coarse
    gain = ((product.square() + squared * lacking).clamp_min_(0).sqrt_() - product) / squared
    gain = gain.clamp_(MIN_GAIN, MAX_GAIN)[None]
    return gain if previous is None else torch.lerp(previous, gain, share)


def gradient_blocks(shown: Tensor, coarse: Tensor, stylised: Tensor) -> Tensor:  # [4, H/8, W/8], rounded up
    """Return the means over blocks of |grad s|^2, grad s . grad c, |grad c|^2 and |grad j|^2 of images [3, H, W] each.

    s, c and j are `shown`, `coarse` and `stylised`. A gradient is the differences to the right and to the lower
    neighbour, 0 at the edge, where there is none; products are sums over the channels, too.
    """
    if kernels := find_kernels(shown, coarse, stylised):
        return kernels.run("gradient_blocks", shown, coarse, stylised)[0]
    return torch_gradient_blocks(shown, coarse, stylised)


def torch_gradient_blocks(shown: Tensor, coarse: Tensor, stylised: Tensor) -> Tensor:
    """The torch twin of `gradient_blocks`, and its specification."""
    s, c, j = (_gradients(each) for each in (shown, coarse, stylised))
    return block_means(torch.stack([(a * b).sum((0, 1)) for a, b in ((s, s), (s, c), (c, c), (j, j))]))


def _gradients(image: Tensor) -> Tensor:  # [3, H, W] -> [2, 3, H, W]
    return torch.stack((F.pad(image.diff(dim=2), (0, 1)), F.pad(image.diff(dim=1), (0, 0, 0, 1))))


def energy_blocks(shown: Tensor, detail: Tensor) -> Tensor:  # [2, H/8, W/8], rounded up
    """Return the mean squared magnitudes of two details, [3, H, W] each, over blocks."""
    if kernels := find_kernels(shown, detail):
        return kernels.run("energy_blocks", shown, detail)[0]
    return torch_energy_blocks(shown, detail)


def torch_energy_blocks(shown: Tensor, detail: Tensor) -> Tensor:
    """The torch twin of `energy_blocks`, and its specification."""
    return block_means(torch.stack((shown.square().sum(0), detail.square().sum(0))))


def merge_layers(
    planes: Tensor,  # [10, H, W] float32
    shown: Tensor,  # [3, H, W] float32: detail
    stylised: Tensor,  # [3, H, W] float32 in [0, 1]
    previous: Tensor | None,  # [1, H/8, W/8] float32: gain of the frame before
    share: float = GAIN_SHARE,  # as for `detail_gain`
) -> tuple[Tensor, Tensor]:  # [3, H, W] float32 in [0, 1], [1, H/8, W/8]
    """Return the image that is shown, the coarse layer without its own detail and the detail times its gain, and the
    gain."""
    coarse = gaussian_blur(planes[:3], DETAIL_SIGMA)
    gain = detail_gain(shown, coarse, stylised, previous, share)
    return add_detail(coarse, shown, gain), gain


def add_detail(coarse: Tensor, shown: Tensor, gain: Tensor) -> Tensor:
    """Return the coarse layer and the detail times its gain, [3, H, W], clipped to [0, 1]."""
    if kernels := find_kernels(coarse, shown, gain):
        return kernels.run("add_detail", coarse, shown, gain[0])[0]
    return torch_add_detail(coarse, shown, gain)


def torch_add_detail(coarse: Tensor, shown: Tensor, gain: Tensor) -> Tensor:
    """The torch twin of `add_detail`, and its specification."""
    return coarse.addcmul(shown, enlarge_means(gain, *shown.shape[1:])).clamp_(0, 1)


def restore_contrast(
    image: Tensor,  # [3, H, W] float32 in [0, 1]: what is shown
    stylised: Tensor,  # [3, H, W] float32 in [0, 1]
) -> Tensor:  # [3, H, W] float32 in [0, 1]
    """Return the image with the local contrast of the frame's own stylisation where it has less, of what is finer than
    twice `BAND_SIGMA`: of that, averaging has greyed the coarse layer. It is computed at half the size."""
    halves = (halve(each) for each in (image, stylised))
    band, own = (half - gaussian_blur(half, BAND_SIGMA) for half in halves)
    energy = smooth_blocks(energy_blocks(band, own)) + _FAINT_ENERGY
    gain = (energy[1:] / energy[:1]).sqrt().clamp(1, MAX_BAND_GAIN)
    lacking = band * (enlarge_means(gain, *band.shape[1:]) - 1)
    return add_doubled(image, lacking)
