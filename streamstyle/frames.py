"""Records that pass between the stages, with shape, type and unit of each field; and the window of previous frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

Feedback: TypeAlias = "Mapping[str, Tensor | int]"
"""What a method carries from one frame to the next, by name: together with the next frames, all that it needs to
continue. It is stored in checkpoints, so its tensors must not be changed in place."""


@dataclass(frozen=True, slots=True)
class FramePosition:
    """Where a frame is found again in its video."""

    index: int
    """Count from 0 within the part of the video that is processed."""
    pts: int
    """Presentation time in ticks of `VideoInfo.time_base`."""
    shot: int
    """Number of cuts before it."""
    seekable: bool
    """Whether seeking to `pts` finds it; otherwise the video has to be decoded from its beginning."""
    duration: int = 0
    """Ticks for which it is shown; 0 if unknown."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame at the working size."""

    image: NDArray[np.uint8]
    """[H, W, 3] RGB, full range."""
    pts: int
    """Presentation time in ticks of `VideoInfo.time_base`, as in the source."""
    index: int
    """Count from 0 within the part of the video that is processed."""
    shot: int = 0
    """Number of cuts before this frame."""
    seekable: bool = True
    """Whether its time and those before are as the file stores them, so that seeking to `pts` finds it."""
    duration: int = 0
    """Ticks for which it is shown; 0 if unknown."""
    captions: bytes = b""
    """Closed captions stored in the frame: `cc_data` of ATSC A/53, which hold EIA-608 and CEA-708; empty for none."""
    deep: NDArray[np.uint16] | None = None
    """[H, W, 3] RGB: `image` in 16 bits; None if the video has 8."""
    alpha: NDArray[np.uint16] | None = None
    """[H, W], 65535 opaque: kept aside, for the output; None if the video has none."""

    @property
    def pixels(self) -> NDArray[Any]:
        """[H, W, 3] RGB, uint8 or uint16: `deep`, or `image` where there is no more."""
        return self.image if self.deep is None else self.deep

    @property
    def position(self) -> FramePosition:
        """Where it is found again."""
        return FramePosition(self.index, self.pts, self.shot, self.seekable, self.duration)


@dataclass(frozen=True, slots=True)
class Motion:
    """Flow from an earlier frame to this one, and how far to trust it."""

    backward: Tensor
    """[2, H, W] float32, pixels (u right, v down): p + backward(p) is where p was in the earlier frame."""
    weight: Tensor
    """[H, W] float32 in [0, 1]: consistency weight, 1 = trust what is carried over."""
    gap: int = 1
    """Frames from the earlier one to this one."""


@dataclass(frozen=True, slots=True)
class FrameWithFlow:
    """A frame and its motion."""

    frame: Frame
    motion: Motion | None
    """From the previous frame; None for the first frame of a shot: nothing is carried across a cut."""
    lookback: tuple[Motion, ...] = ()
    """From earlier frames of the shot, the nearest first, where `ConsistencySettings.lookback` asks for them."""
    reverse: Motion | None = None
    """From this frame to the previous one, where several passes need it."""

    @property
    def motions(self) -> tuple[Motion, ...]:
        """`motion` and `lookback`, the nearest first."""
        return () if self.motion is None else (self.motion, *self.lookback)

    def trusted_less(self, share: float | Tensor) -> FrameWithFlow:
        """Return the same with less trust in what is carried: `share` of it a frame, one number or [H, W]."""
        if self.motion is None or (isinstance(share, float | int) and share == 1):
            return self
        motion, *lookback = (replace(each, weight=each.weight * share**each.gap) for each in self.motions)
        return replace(self, motion=motion, lookback=tuple(lookback))


@dataclass(frozen=True, slots=True)
class StylisedFrame:
    """A stylised frame, with what the next stages need of how it was made."""

    flowed: FrameWithFlow
    image: Tensor
    """[3, H, W] float32 in [0, 1], on the device of the run."""
    per_frame: Tensor
    """[3, H, W] float32 in [0, 1]: the frame stylised by the network alone, with the painting near a painted key frame;
    with method ruder, which has no such network, the frame itself."""
    losses: Mapping[str, float] = field(default_factory=dict)
    """Weighted terms of the objective at the optimised image; empty if nothing was optimised."""
    feedback: Feedback = field(default_factory=dict)
    """What is carried from here to the next frame."""


@dataclass(frozen=True, slots=True)
class OutputFrame:
    """An image of the output, in place of one frame of the video."""

    image: Tensor
    """[3, H, W] float32 in [0, 1], at the size of the output, on the device of the run."""
    position: FramePosition
    """Of the frame that it replaces."""
    stylised: StylisedFrame | None = None
    """What it was made from; None if nothing was stylised."""
    captions: bytes = b""
    """Those of the frame that it replaces, as `Frame.captions`."""
    alpha: NDArray[np.uint16] | None = None
    """That of the frame that it replaces, as `Frame.alpha`."""

    @classmethod
    def from_stylised(cls, stylised: StylisedFrame) -> OutputFrame:
        """Return the output of a stylised frame, not upscaled."""
        frame = stylised.flowed.frame
        return cls(stylised.image, frame.position, stylised, frame.captions, frame.alpha)

    @property
    def independent(self) -> bool:
        """Whether it depends on no frame before it: the first of a shot, or not stylised at all."""
        return self.stylised is None or self.stylised.flowed.motion is None

    @property
    def feedback(self) -> Feedback:
        """What is carried from here to the next frame."""
        return {} if self.stylised is None else self.stylised.feedback


Item = TypeVar("Item")


class LookbackWindow(Generic[Item]):
    """The previous frames of a shot, or what was made of them, as many as the furthest lookback needs."""

    def __init__(
        self,
        lookback: Sequence[int],  # frames back, rising
        items: Iterable[Item] = (),  # of the frames before the first one that is appended, the latest last
    ) -> None:
        self._lookback = lookback
        self._items = deque(items, maxlen=max(lookback))

    def by_gap(self) -> dict[int, Item]:
        """Return the items that `lookback` names, by frames back, the nearest first; none from before the shot."""
        return {gap: self._items[-gap] for gap in self._lookback if gap <= len(self._items)}

    def __iter__(self) -> Iterator[Item]:
        """Yield the items, the latest last."""
        return iter(self._items)

    def append(self, item: Item) -> None:
        """Add the item of the current frame."""
        self._items.append(item)

    def start_shot(self) -> None:
        """Forget all items: the next one is the first of a shot."""
        self._items.clear()


def join_feedback(parts: Mapping[str, Feedback]) -> Feedback:
    """Return what several methods carry side by side, by names, as one."""
    return {f"{part}/{name}": value for part, feedback in parts.items() for name, value in feedback.items()}


def part_of_feedback(feedback: Feedback, part: str) -> Feedback:
    """Return what `join_feedback` was given for one name."""
    return {name.removeprefix(f"{part}/"): value for name, value in feedback.items() if name.startswith(f"{part}/")}


def outputs_to_feedback(
    outputs: Iterable[Tensor],  # [3, H, W] each, the latest last
) -> Feedback:
    """Return the last outputs as what is carried to the next frame."""
    return {f"output.{number:02}": output for number, output in enumerate(outputs)}


def outputs_from_feedback(feedback: Feedback) -> list[Tensor]:
    """Return the outputs that `outputs_to_feedback` was given."""
    return [cast("Tensor", feedback[name]) for name in sorted(feedback)]


def with_lookback(
    frames: Iterable[Frame],
    lookback: Sequence[int],  # frames back, rising
    needs_motion: Callable[[Frame], bool] = lambda frame: True,
) -> Iterator[tuple[Frame, dict[int, Frame]]]:
    """Yield each frame with the earlier frames of its shot, by frames back, the nearest first; none if not needed."""
    window: LookbackWindow[Frame] = LookbackWindow(lookback)
    shot: int | None = None
    for frame in frames:
        if frame.shot != shot:
            window.start_shot()
        shot = frame.shot
        yield frame, window.by_gap() if needs_motion(frame) else {}
        window.append(frame)
