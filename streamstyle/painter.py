"""Stylises the frames of a film and makes them consistent in time, each by the method and in the look of its shot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, groupby, tee

import torch

from streamstyle.frames import Feedback, FrameWithFlow, StylisedFrame, part_of_feedback
from streamstyle.gpu.memory import Warn
from streamstyle.mask_films import MaskFilms
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import load_consistency_loss_network
from streamstyle.settings import Method, Settings
from streamstyle.stages.carry_paintings import carry_paintings
from streamstyle.stages.consistency import consistency
from streamstyle.stages.flow import estimate_motion
from streamstyle.stages.live import live
from streamstyle.stages.mask import INSIDE, OUTSIDE, mix_by_mask
from streamstyle.stages.stylise import stylise
from streamstyle.styles.frame_looks import FrameLooks, LookNetworks
from streamstyle.styles.painted_frames import PaintedFrame, read_kept_frames
from streamstyle.styles.spec import StyleBlend
from streamstyle.timing import StageTimer


class Painter:
    """Stylises frames and makes them consistent in time, by any method but ruder."""

    def __init__(
        self, settings: Settings, networks: LookNetworks, device: torch.device, warn: Warn, timer: StageTimer
    ) -> None:
        self._settings, self._networks, self._device = settings.consistency, networks, device
        self._warn, self._timed = warn, timer.measure_iter
        self._loss_network: VggFeatures | None = None
        if Method.consistent in settings.methods:
            optimised = replace(settings.consistency, method=Method.consistent)
            self._loss_network = load_consistency_loss_network(optimised, device)
        self._motion_by = partial(estimate_motion, preset=settings.flow.flow)

    def paint(
        self,
        frames: Iterable[FrameWithFlow],
        looks: FrameLooks,
        feedback: Feedback,
        paintings: Sequence[PaintedFrame] = (),
    ) -> Iterator[StylisedFrame]:
        """Return the frames in their looks, and near key frames as their `paintings` show them."""
        stylised = stylise(frames, looks, self._networks, self._device, self._warn)
        if paintings:
            stylised = carry_paintings(stylised, paintings, looks.time_base, self._motion_by)
        return self._timed("consistency", self._make_consistent(self._timed("stylise", stylised), looks, feedback))

    def paint_masked(
        self,
        frames: Iterable[FrameWithFlow],
        looks: FrameLooks,
        masks: MaskFilms,
        feedback: Feedback,
        paintings: Sequence[PaintedFrame],
    ) -> Iterator[StylisedFrame]:
        """Return the frames painted inside and outside the masks, each carried on its own, and mixed."""
        inside, outside = tee(frames)
        return mix_by_mask(
            self.paint(inside, looks, part_of_feedback(feedback, INSIDE), paintings),
            self.paint(outside, looks.outside(), part_of_feedback(feedback, OUTSIDE)),
            masks.at,
            feedback,
        )

    def _make_consistent(
        self, frames: Iterable[StylisedFrame], looks: FrameLooks, feedback: Feedback
    ) -> Iterator[StylisedFrame]:
        """Yield the frames made consistent in time, each by its method; where that changes a shot begins."""
        for method, those in groupby(frames, lambda stylised: looks.method_at(stylised.flowed.frame)):
            begins_shot, same = _look_at_first(those)
            carried = {} if begins_shot else feedback  # of another method, perhaps
            yield from self._by_method(Method(method or self._settings.method), same, carried)
            feedback = {}

    def _by_method(
        self, method: Method, frames: Iterator[StylisedFrame], feedback: Feedback
    ) -> Iterator[StylisedFrame]:
        """Return the frames made consistent in time by a method, johnson's as they are."""
        if method is Method.johnson:
            return frames
        if method is Method.live:
            return live(frames, self._settings, feedback)
        return consistency(frames, self._settings, self._loss_network, self._warn, feedback)


def _look_at_first(frames: Iterator[StylisedFrame]) -> tuple[bool, Iterator[StylisedFrame]]:
    """Return whether nothing is carried to the first of the frames, and all of them."""
    first = next(frames)
    return first.flowed.motion is None, chain([first], frames)


def paintings_to_carry(style: StyleBlend, settings: Settings) -> list[PaintedFrame]:
    """Return the key frames whose paintings are shown near them; none where other frames would look otherwise."""
    look = settings.style
    as_learned = look.strength == 1 and look.style_scale == 1 and not look.preserve_colour
    if settings.script or settings.consistency.method is Method.johnson or not as_learned:
        return []
    return read_kept_frames(style)
