import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.frames import Frame, FrameWithFlow
from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.settings import StyleSettings
from streamstyle.stages.stylise import stylise, stylise_image


def test_every_frame_is_stylised_alone_and_in_order() -> None:
    torch.manual_seed(0)
    network = StyleNet(StyleNetConfig(width=4, blocks=1, half_ends=True)).eval()
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 36, 3), np.uint8)
    frames = [FrameWithFlow(Frame(picture, pts=10 * i, index=i), None) for i, picture in enumerate(pictures)]
    stylised = list(stylise(frames, network, StyleSettings(), torch.device("cpu")))
    backwards = list(stylise(reversed(frames), network, StyleSettings(), torch.device("cpu")))
    assert [frame.flowed.frame.pts for frame in stylised] == [0, 10, 20]
    for there, back in zip(stylised, reversed(backwards), strict=True):
        assert there.image.shape == (3, 32, 36)
        assert torch.equal(there.image, back.image)


@pytest.fixture
def network() -> StyleNet:
    torch.manual_seed(0)
    return StyleNet(StyleNetConfig(width=4, blocks=1, half_ends=True)).eval().requires_grad_(False)


@pytest.fixture
def picture() -> Tensor:
    picture = torch.rand(3, 64, 96, generator=torch.manual_seed(1))
    picture[..., :48] *= 0.3  # noise alone has too little contrast to be stylised in full
    return picture


def test_strength_0_leaves_the_image_unchanged(network: StyleNet, picture: Tensor) -> None:
    assert torch.equal(stylise_image(picture, network, StyleSettings(strength=0)), picture)
    assert not torch.allclose(stylise_image(picture, network, StyleSettings(strength=0.5)), picture, atol=0.05)


def test_preserve_colour_keeps_the_source_colours(network: StyleNet, picture: Tensor) -> None:
    grey = picture.mean(0, keepdim=True).expand(3, -1, -1) * 0.4 + 0.3  # far from black and white: nothing is clipped
    stylised = stylise_image(grey, network, StyleSettings(preserve_colour=True))
    assert stylised.std(0).max() < 1e-5, "what is grey stays grey"
    assert (stylised - grey).abs().mean() > 0.01, "but not the same grey"


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_style_scale_is_stylising_at_another_size(network: StyleNet, picture: Tensor, scale: float) -> None:
    stylised = stylise_image(picture, network, StyleSettings(style_scale=scale))
    assert stylised.shape == picture.shape
    size = (round(64 / scale), round(96 / scale))
    seen = F.interpolate(picture[None], size, mode="bicubic", antialias=True).clamp(0, 1)
    there = F.interpolate(network(seen), (64, 96), mode="bicubic", antialias=True)[0].clamp(0, 1)
    assert torch.allclose(stylised, there, atol=1e-5)


def test_out_of_memory_falls_back_to_tiles(network: StyleNet) -> None:
    class LittleMemory(StyleNet):
        def forward(self, image: Tensor) -> Tensor:
            if image[0, 0].numel() > 40 * 700:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().forward(image)

    pictures = np.random.default_rng(0).integers(0, 256, (2, 40, 900, 3), np.uint8)
    frames = [FrameWithFlow(Frame(picture, pts=i, index=i), None) for i, picture in enumerate(pictures)]
    whole = list(stylise(frames, network, StyleSettings(), torch.device("cpu")))
    warnings: list[str] = []
    network.__class__ = LittleMemory
    tiles = list(stylise(frames, network, StyleSettings(), torch.device("cpu"), warnings.append))
    assert len(warnings) == 1
    assert "tiles" in warnings[0]
    for one, other in zip(whole, tiles, strict=True):
        assert torch.allclose(one.image, other.image, atol=2e-5)
