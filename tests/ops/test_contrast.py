from __future__ import annotations

import torch

from streamstyle.ops.contrast import LOW_CONTRAST, fade_with_contrast


def test_a_frame_with_contrast_keeps_its_stylisation_exactly() -> None:
    image, stylised = torch.rand(3, 40, 56, generator=torch.manual_seed(0)), torch.rand(3, 40, 56)
    image[:, :20] /= 4
    assert torch.equal(fade_with_contrast(stylised, image), stylised)


def test_a_flat_frame_remains_flat() -> None:
    image = torch.tensor([0.0, 0.2, 1.0])[:, None, None].expand(3, 24, 32)
    torch.testing.assert_close(fade_with_contrast(torch.rand(3, 24, 32), image), image)


def test_the_stylisation_fades_in_with_the_film() -> None:
    halves = torch.zeros(3, 32, 32)
    halves[..., 16:] = 1
    stylised = torch.full((3, 32, 32), 0.8)
    brightness = [
        float(fade_with_contrast(stylised, share * halves).mean()) for share in (0.0, 0.03, LOW_CONTRAST, 0.12, 1.0)
    ]
    assert brightness == sorted(brightness)
    assert abs(brightness[2] - (0.4 + LOW_CONTRAST / 4)) < 0.01, "half of each: half the share is half the contrast"
    assert brightness[-1] > 0.79
