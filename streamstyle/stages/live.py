"""Method `live`: each stylised frame is blended with what is carried along the flow from the frames before.

No loss network is needed. What is carried are the layers of `ops/layers.py`, which keep their detail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor

from streamstyle.frames import Feedback, Frame, LookbackWindow, Motion, StylisedFrame
from streamstyle.ops.carried_trust import match_source, particle_trust, source_trust, stretch_trust
from streamstyle.ops.contrast import LOW_CONTRAST
from streamstyle.ops.filters import gaussian_blur
from streamstyle.ops.layers import (
    DETAIL_SIGMA,
    GAIN_SHARE,
    TONE_SHARE,
    LayerBlend,
    blend_layers,
    merge_layers,
    restore_contrast,
    start_layers,
    tone_difference,
)
from streamstyle.ops.luma import BT601
from streamstyle.ops.temporal import CarriedOutput, carry_outputs
from streamstyle.ops.transfer import to_device
from streamstyle.settings import ConsistencySettings

_LAYERS, _GAIN, _AGE, _LIGHT, _FLASH = "layers.", "gain", "age", "light", "flash"
"""Names in the feedback."""

_PERIOD = 24
"""Frames from one replacement of a detail layer to the next, at a steadiness of 0.5."""

_FLASH_LEVELS = 25
"""Difference of the mean from that of the last frame before, in levels, from which on a frame may be one of a flash."""

_FLASH_FRAMES = 3
"""Length of the longest flash, whose frames are shown as they are and not carried on; what takes longer is the new
light."""

_BLOCK = 8
"""Side in pixels of the blocks whose means contrast is measured by, as in `ops/contrast.py`."""

_LEAST_CONTRAST = 0.01
"""Share of the contrast below which that of a picture is not restored any more."""


@dataclass(frozen=True, slots=True)
class _State:
    """What is carried from a frame to the next, besides the layers."""

    age: int = 0
    """Frames since the first of the shot."""
    gain: Tensor | None = None
    """[1, H/8, W/8] float32: gain of the detail; None in the first frame of a shot."""
    light: int = 0
    """Mean level of the last frame that was not of a flash, 0 to 255."""
    flash: int = 0
    """Frames of a flash just before."""


@dataclass(frozen=True, slots=True)
class _Fade:
    """How far a frame has faded into one colour, and its stylisation with it.

    Layers are carried without the fade, so that none of a painting is seen after it has faded, or missing before.
    """

    contrast: float
    """Share of the contrast that is left, above 0 to 1."""
    colour: tuple[float, float, float]
    """Mean of the frame, in [0, 1]."""

    @classmethod
    def from_frame(cls, frame: Frame) -> _Fade:
        """Measure it as `fade_with_contrast` does, which has faded the stylisation."""
        height, width = frame.image.shape[:2]
        size = (-(-width // _BLOCK), -(-height // _BLOCK))
        blocks = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA).reshape(-1, 3) / 255
        red, green, blue = (float(mean) for mean in blocks.mean(0))
        contrast = float(np.sqrt(np.square(blocks - blocks.mean(0)).mean())) / LOW_CONTRAST
        return cls(min(1.0, max(contrast, _LEAST_CONTRAST)), (red, green, blue))

    def remove(self, image: Tensor) -> Tensor:  # [3, H, W]
        """Return a stylisation at full contrast."""
        return image if self.contrast == 1 else self._scale(image, 1 / self.contrast)

    def apply(self, image: Tensor) -> Tensor:  # [3, H, W]
        """Return an image at the contrast of the frame."""
        return image if self.contrast == 1 else self._scale(image, self.contrast)

    def _scale(self, image: Tensor, factor: float) -> Tensor:
        planes = zip(image, self.colour, strict=True)
        return torch.stack([factor * plane + (1 - factor) * mean for plane, mean in planes])


def live(
    frames: Iterable[StylisedFrame],
    settings: ConsistencySettings,
    feedback: Feedback | None = None,  # of the frame before the first, if the run is resumed
) -> Iterator[StylisedFrame]:
    """Yield every frame blended with the layers of the frames before; the first frame of a shot is left as it is."""
    window, state = _from_feedback(feedback or {}, settings)
    for stylised in frames:
        source = _luma(stylised.flowed.frame, stylised.per_frame.device)
        fade = _Fade.from_frame(stylised.flowed.frame)
        image, light = fade.remove(stylised.per_frame), round(255 * sum(fade.colour) / 3)
        if stylised.flowed.motion is None:
            window.start_shot()
            state, layers = _State(light=light), start_layers(image, source)
        else:
            motions = [_unstretched(motion, source.device) for motion in stylised.flowed.motions]
            carried = carry_outputs(window.by_gap(), motions, "lanczos")
            if abs(light - state.light) > _FLASH_LEVELS and state.flash < _FLASH_FRAMES:
                layers, state = carried.image, replace(state, flash=state.flash + 1)
            else:
                layers, image, state = _blend(carried, image, source, replace(state, light=light, flash=0), settings)
        window.append(layers)
        yield replace(stylised, image=fade.apply(image), feedback=_to_feedback(window, state))


def _blend(
    carried: CarriedOutput, stylised: Tensor, source: Tensor, state: _State, settings: ConsistencySettings
) -> tuple[Tensor, Tensor, _State]:
    """Return the layers, the image that is shown, and the state of a frame."""
    age = state.age + 1
    detail = stylised - gaussian_blur(stylised, DETAIL_SIGMA)
    carried_source, same_scene = match_source(carried.image[9], source, carried.trust)
    carried.image[9] = carried_source
    trust = source_trust(carried_source, source, carried.trust) * same_scene
    trust = particle_trust(carried_source, source, trust)
    tone = tone_difference(carried.image[:3], stylised, trust)
    blend = _layer_blend(age, settings)
    layers, shown = blend_layers(carried.image, stylised, detail, source, trust, tone, blend)
    share = GAIN_SHARE * _haste(settings.steadiness)
    image, gain = merge_layers(layers, shown, stylised, state.gain, share)
    return layers, restore_contrast(image, stylised), replace(state, age=age, gain=gain)


def _layer_blend(age: int, settings: ConsistencySettings) -> LayerBlend:
    """Return the blend of a frame: every `period` frames a detail layer is replaced, by turns.

    It is replaced while its share is 0, and its share rises to 1 until the other one is replaced. A steadiness below
    0.5 keeps less of what is carried.
    """
    period = _period(settings)
    turn, since = divmod(age, period)
    rising = since / period if turn else 1.0
    keep = [min(1.0, 0.5 + settings.steadiness)] * 2
    if since == 0:
        keep[turn % 2] = 0.0
    return LayerBlend(
        temporal_weight=settings.effective_temporal_weight,
        pixel_weight=settings.effective_pixel_weight,
        tone_share=TONE_SHARE * _haste(settings.steadiness),
        keep=(keep[0], keep[1]),
        second_share=rising if turn % 2 else 1 - rising,
    )


def cycle(settings: ConsistencySettings) -> int:
    """Return the number of frames after which each detail layer has been replaced once."""
    return 2 * _period(settings)


def _period(settings: ConsistencySettings) -> int:
    return round(_PERIOD * 4 ** (2 * settings.steadiness - 1))


def _haste(steadiness: float) -> float:
    """Return the speed at which tone and contrast follow the frame, relative to that at 0.5 and below."""
    return min(1.0, 2.1 - 2 * steadiness)


def _unstretched(motion: Motion, device: torch.device) -> Motion:
    """Return a motion on the device, with less trust where it would smear."""
    backward, weight = to_device(motion.backward, device), to_device(motion.weight, device)
    return replace(motion, backward=backward, weight=stretch_trust(backward, weight))


def _luma(frame: Frame, device: torch.device) -> Tensor:
    """Return the luma of a frame, [H, W] float32 in [0, 1]."""
    weights = np.array([BT601], np.float32) / 255
    return to_device(torch.from_numpy(cv2.transform(frame.image.astype(np.float32), weights)), device)


def _to_feedback(window: LookbackWindow[Tensor], state: _State) -> Feedback:
    feedback: dict[str, Tensor | int] = {f"{_LAYERS}{number:02}": each for number, each in enumerate(window)}
    feedback |= {_AGE: state.age, _LIGHT: state.light, _FLASH: state.flash}
    if state.gain is not None:
        feedback[_GAIN] = state.gain
    return feedback


def _from_feedback(feedback: Feedback, settings: ConsistencySettings) -> tuple[LookbackWindow[Tensor], _State]:
    layers = [feedback[name] for name in sorted(feedback) if name.startswith(_LAYERS)]
    window = LookbackWindow(settings.lookback, [each for each in layers if isinstance(each, Tensor)])
    gain = feedback.get(_GAIN)
    age, light, flash = (int(feedback.get(name, 0)) for name in (_AGE, _LIGHT, _FLASH))
    return window, _State(age, gain if isinstance(gain, Tensor) else None, light, flash)
