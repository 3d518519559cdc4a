from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.frames import Frame, FrameWithFlow, Motion, StylisedFrame
from streamstyle.looks import BlendPart, Look, LookKey, Looks, Stretch, StyleBlend
from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.ops.image import to_numpy
from streamstyle.settings import StyleSettings
from streamstyle.stages.stylise import stylise, stylise_image
from streamstyle.styles.frame_looks import FrameLooks, LookNetworks
from streamstyle.styles.library import get_style
from tests.video_io import random_style

CPU = torch.device("cpu")


def random_blend(folder: Path) -> StyleBlend:
    return StyleBlend("nonsense", (BlendPart(random_style(folder)),))


def stylise_in(looks: Looks, frames: Iterable[FrameWithFlow]) -> Iterator[StylisedFrame]:
    """Times are the ticks of the frames."""
    return stylise(frames, FrameLooks(looks, step=1), LookNetworks(looks, CPU), CPU)


def film(pictures: np.ndarray) -> list[FrameWithFlow]:
    """Frames that are fully trusted to stand still, one a second."""
    motion = Motion(torch.zeros(2, 32, 36), torch.ones(32, 36))
    further = Motion(motion.backward, motion.weight, gap=2)
    return [FrameWithFlow(Frame(picture, i, i), motion, (further,)) for i, picture in enumerate(pictures)]


def test_a_frame_of_strength_0_stays_as_it_is_and_carries_nothing(tmp_path: Path) -> None:
    blend = StyleBlend("wave", (BlendPart(get_style("wave").path),))
    keys = LookKey(0, Look(blend, strength=0.0)), LookKey(1, Look(blend, strength=0.0)), LookKey(2, Look(blend))
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 36, 3), np.uint8)
    first, second, third = stylise_in(Looks((Stretch(keys),)), film(pictures))
    for frame, picture in zip((first, second), pictures, strict=False):
        assert np.array_equal(to_numpy(frame.image), picture)
        assert not frame.flowed.motions
    assert not np.array_equal(to_numpy(third.image), pictures[2])
    assert third.flowed.motions


def test_while_a_look_changes_less_is_carried(tmp_path: Path) -> None:
    wave, night = (Look(StyleBlend(name, (BlendPart(get_style(name).path),))) for name in ("wave", "starry_night"))
    looks = Looks((Stretch((LookKey(1, wave), LookKey(17, night))),))
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 36, 3), np.uint8)
    first, _, third = stylise_in(looks, film(pictures))
    assert [float(motion.weight.mean()) for motion in first.flowed.motions] == [1, 1]
    assert [float(motion.weight.mean()) for motion in third.flowed.motions] == pytest.approx([0.5, 0.25]), (
        "8/16, squared"
    )


def test_a_frame_between_two_keys_is_stylised_in_their_blend(tmp_path: Path) -> None:
    wave, night = (Look(StyleBlend(name, (BlendPart(get_style(name).path),))) for name in ("wave", "starry_night"))
    looks = Looks((Stretch((LookKey(0, wave), LookKey(4, night))),))
    pictures = np.random.default_rng(0).integers(0, 256, (4, 32, 36, 3), np.uint8)
    blend = StyleBlend("blend", (BlendPart(wave.style.parts[0].path, 3), BlendPart(night.style.parts[0].path, 1)))
    quarter = list(stylise_in(looks, film(pictures)))[1]
    alone = list(stylise_in(Looks.constant(Look(blend)), film(pictures)))[1]
    assert torch.allclose(quarter.image, alone.image, atol=1e-6)


def test_every_frame_is_stylised_alone_and_in_order(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 36, 3), np.uint8)
    frames = [FrameWithFlow(Frame(picture, pts=10 * i, index=i), None) for i, picture in enumerate(pictures)]
    stylised = list(stylise_in(Looks.constant(Look(random_blend(tmp_path))), frames))
    backwards = list(stylise_in(Looks.constant(Look(random_blend(tmp_path))), reversed(frames)))
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

    class OneNetwork(LookNetworks):
        def __init__(self) -> None:
            pass

        def network(self, look: Look) -> StyleNet:
            return network

    looks = FrameLooks(Looks.constant(Look(StyleBlend("any", (BlendPart(Path("any")),)))))
    whole = list(stylise(frames, looks, OneNetwork(), CPU))
    warnings: list[str] = []
    network.__class__ = LittleMemory
    tiles = list(stylise(frames, looks, OneNetwork(), CPU, warnings.append))
    assert len(warnings) == 1
    assert "tiles" in warnings[0]
    for one, other in zip(whole, tiles, strict=True):
        assert torch.allclose(one.image, other.image, atol=2e-5)
