"""How far what is carried along the flow is trusted, besides the consistency weight of the flow.

The luma of the source is carried, too. Where it differs from the frame, flow was wrong, and what is carried is a ghost
(`source_trust`), or hides something small (`particle_trust`). Before that, the carried source is brought into the light
of the frame (`match_source`). Flow that changes too fast from pixel to pixel would smear (`stretch_trust`).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.gpu.dispatch import find_kernels
from streamstyle.ops.filters import block_means, enlarge_means, smooth_blocks
from streamstyle.ops.occlusion import squared_gradient

GHOST = 0.25
"""Root mean square difference of luma over 5x5 pixels at which a quarter of the trust is left."""

SAME = 0.012
"""Root mean square difference of luma over 5x5 pixels at which half of `LEAST_TRUST` is given."""

LEAST_TRUST = 0.25
"""Trust in what the flow alone does not trust, but which shows the same thing."""

SOURCE_TRUST = (GHOST**-2, SAME**-2, LEAST_TRUST)
"""Arguments of the kernel."""

PARTICLE = 0.05
"""Root mean square over 5x5 pixels of the excess (`local_excess`) at which a quarter of the trust is left: 32 levels
of a speck of 2x2 pixels."""

_GRAIN = 5.0
"""The same, as a multiple of the mean excess around, which is that of grain, or of flow that is wrong by more than a
pixel in fine detail."""

PARTICLE_TRUST = (_GRAIN**2, PARTICLE**2)
"""Arguments of the kernel."""

STRETCH = 0.4
"""Change of the flow from a pixel to the next, root mean square over 5x5 pixels, at which a quarter of the trust is
left. A zoom by a tenth per frame has 0.14, a rotation by ten degrees 0.25."""

SCENE_CHANGE = 0.04
"""Unexplained share of the source's variance at which half of the trust is left; in a shot it is mostly below 0.015."""

_GAINS_OF_LIGHT = (0.25, 4.0)
"""Smallest and largest change of contrast that is taken for one of light."""

_OUTLIER = 0.25
"""Squared error, relative to the variance, from which on a block counts as another thing rather than another light."""

_LITTLE = 1e-5
"""Variance of luma, or trust, that counts as none."""


def source_trust(
    carried: Tensor,  # [H, W] float32: luma of the source, carried as the image is
    source: Tensor,  # [H, W] float32 in [0, 1]: luma of the frame
    trust: Tensor,  # [H, W] float32 in [0, 1]: consistency weight
) -> Tensor:  # [H, W]
    """Return the trust, less where the carried source differs, and some where it does not.

        max(trust, LEAST_TRUST / (1 + (e / SAME^2)^2)) / (1 + (e / GHOST^2)^2)^2

    e is the mean squared difference over 5x5 pixels; edge pixels are repeated outside the image. Flow that is not sure
    of itself is often right: half of what is not trusted in a film of feathers shows the same thing.
    """
    if kernels := find_kernels(carried, source, trust):
        return kernels.run("source_trust", carried, source, trust, *SOURCE_TRUST)[0]
    return torch_source_trust(carried, source, trust)


def torch_source_trust(carried: Tensor, source: Tensor, trust: Tensor) -> Tensor:
    """The torch twin of `source_trust`, and its specification."""
    ghost, same, most = SOURCE_TRUST
    squared = (carried - source).square()
    least = most / (1 + (_mean_around(squared) * same).square())
    return _reduce_trust(torch.maximum(trust, least), ghost * squared)


def _reduce_trust(trust: Tensor, errors: Tensor) -> Tensor:
    """Return the trust divided by (1 + e^2)^2, where e is the mean error over 5x5 pixels."""
    return trust / (1 + _mean_around(errors).square()).square()


def _mean_around(errors: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(errors[None, None], (2, 2, 2, 2), mode="replicate"), 5, stride=1)[0, 0]


def particle_trust(
    carried: Tensor,  # [H, W] float32: luma of the source, carried as the image is
    source: Tensor,  # [H, W] float32 in [0, 1]: luma of the frame
    trust: Tensor,  # [H, W] float32 in [0, 1]
) -> Tensor:  # [H, W]
    """Return the trust, less at small things that only one of the two shows: snow, rain, sparks.

    No flow follows them, and `source_trust` hardly sees a speck of two pixels. With e the mean square of the excess
    over 5x5 pixels, trust is divided by (1 + (e / t)^2)^2, where t is PARTICLE^2 and more where there is excess all
    around. (Without that, grain boils, and a film of spokes and bricks flickers twice as much.)
    """
    excess = local_excess(carried, source)
    around = smooth_blocks(block_means(excess[None]))[0]
    if kernels := find_kernels(excess, around, trust):
        return kernels.run("particle_trust", excess, around, trust, *PARTICLE_TRUST)[0]
    return torch_particle_trust(excess, around, trust)


def torch_particle_trust(excess: Tensor, around: Tensor, trust: Tensor) -> Tensor:
    """The torch twin of the kernel `particle_trust`, and its specification; `around` is [H/8, W/8], rounded up."""
    grain, least = PARTICLE_TRUST
    enlarged = enlarge_means(around[None], *excess.shape)[0]
    return _reduce_trust(trust, excess.square() / (enlarged.square() * grain + least))


def stretch_trust(
    backward: Tensor,  # [2, H, W] float32, pixels
    trust: Tensor,  # [H, W] float32 in [0, 1]: consistency weight
) -> Tensor:  # [H, W]
    """Return the trust, less where the flow stretches and folds what it carries.

    The consistency weight allows the more of that the faster the motion is. With e the mean over 5x5 pixels of
    |grad u|^2 + |grad v|^2, trust is divided by (1 + (e / STRETCH^2)^2)^2.
    """
    if kernels := find_kernels(backward, trust):
        return kernels.run("stretch_trust", backward, trust, STRETCH**-2)[0]
    return torch_stretch_trust(backward, trust, STRETCH**-2)


def torch_stretch_trust(backward: Tensor, trust: Tensor, scale: float) -> Tensor:
    """The torch twin of the kernel `stretch_trust`, and its specification."""
    return _reduce_trust(trust, squared_gradient(backward) * scale)


def local_excess(
    image: Tensor,  # [H, W] float32
    other: Tensor,  # [H, W] float32
) -> Tensor:  # [H, W]
    """Return how far a pixel of one image lies outside the values of 3x3 pixels of the other, whichever is further.

    An error of the flow up to a pixel explains what is within. Edge pixels are repeated outside.
    """
    if kernels := find_kernels(image, other):
        return kernels.run("local_excess", image, other)[0]
    return torch_local_excess(image, other)


def torch_local_excess(image: Tensor, other: Tensor) -> Tensor:
    """The torch twin of `local_excess`, and its specification."""
    both = torch.stack((image, other))
    signed = F.pad(torch.cat((both, -both))[None], (1, 1, 1, 1), mode="replicate")
    high, other_high, low, other_low = F.max_pool2d(signed, 3, stride=1)[0]
    outside = torch.stack((image - other_high, -other_low - image, other - high, -low - other))
    return outside.amax(0).clamp_min(0)


def match_source(
    carried: Tensor,  # [H, W] float32: luma of the source, carried as the image is
    source: Tensor,  # [H, W] float32 in [0, 1]: luma of the frame
    trust: Tensor,  # [H, W] float32 in [0, 1]: consistency weight
) -> tuple[Tensor, Tensor]:  # [H, W], []
    """Return the carried source in the light of the frame, and how far the frame still shows the same scene, 0 to 1.

    The light of a whole picture differs by a gain and an offset, as in a flash or a fade. They are fitted to means of
    blocks, where grain and small errors of the flow hardly count, and once more with less weight where the first fit is
    wrong, as at a ghost. `change` is the share of the variance that the fit leaves unexplained, of each block up to a
    quarter. It grows in a dissolve, which no flow follows, and 1 / (1 + (change / SCENE_CHANGE)^4) goes to 0.
    """
    x, y, weight = (block_means(each[None])[0] for each in (carried, source, trust))
    gain, offset, unexplained = _fit_light(x, y, weight)
    gain, offset, unexplained = _fit_light(x, y, weight / (1 + unexplained / _OUTLIER).square())
    saturated = unexplained / (1 + unexplained / _OUTLIER)
    change = (weight * saturated).sum() / (weight.sum() + _LITTLE)
    return carried * gain + offset, 1 / (1 + (change / SCENE_CHANGE) ** 4)


def _fit_light(x: Tensor, y: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # [], [], [H/8, W/8]
    """Return gain and offset from x to y, and the squared error relative to the variance of y."""
    total = weight.sum() + _LITTLE
    mean_x, mean_y = (weight * x).sum() / total, (weight * y).sum() / total
    variance_x, variance_y = (weight * (x - mean_x).square()).sum(), (weight * (y - mean_y).square()).sum()
    covariance = (weight * (x - mean_x) * (y - mean_y)).sum()
    gain = ((covariance / total + _LITTLE) / (variance_x / total + _LITTLE)).clamp(*_GAINS_OF_LIGHT)
    offset = mean_y - gain * mean_x
    return gain, offset, (y - gain * x - offset).square() / (variance_y / total + _LITTLE)
