"""A painting mixed with the film it was made of."""

import numpy as np
import torch

from streamstyle.frame import FrameWithFlow, Frame, StylisedFrame
from streamstyle.ops.luma import BT601
from streamstyle.ops.pixels import to_tensor
from streamstyle.settings import StyleSettings
from streamstyle.stages.dilute import apply_strength
from tests.scenes import texture


def diluted(settings: StyleSettings) -> StylisedFrame:
    frame = FrameWithFlow(Frame(texture(32, 24), pts=0, index=0), None)
    painting = to_tensor(np.ascontiguousarray(texture(32, 24, seed=3)))
    (result,) = apply_strength([StylisedFrame(frame, painting, naive=painting)], settings)
    return result


def test_at_full_strength_it_is_the_painting_and_at_none_the_film() -> None:
    assert torch.equal(diluted(StyleSettings()).image, diluted(StyleSettings()).naive)
    assert torch.equal(diluted(StyleSettings(strength=0)).image, to_tensor(texture(32, 24)))


def test_the_brightness_of_the_painting_in_the_colours_of_the_film() -> None:
    film, kept = to_tensor(texture(32, 24)) * 255, diluted(StyleSettings(preserve_colour=True))
    luma = torch.tensor(BT601).view(3, 1, 1)
    inside = ((kept.image > 0) & (kept.image < 1)).all(0)
    change = kept.image * 255 - film
    assert torch.allclose(change[0][inside], change[2][inside], atol=1e-3)
    brightness = ((kept.image - kept.naive) * luma).sum(0)[inside]
    assert brightness.abs().max() < 1e-5
