"""The warping error of a run in progress is measured on a grid of pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from streamstyle.evaluate.metrics import squared_difference, warping_error
from streamstyle.frames import Frame, FrameWithFlow, Motion, StylisedFrame
from streamstyle.ops.image import to_tensor
from streamstyle.runs.status_sampler import OnlineWarpingError
from tests.scenes import Scene, pan


def stylised_frames(scene: Scene, noise: float = 0.0) -> list[StylisedFrame]:
    """Each frame of the scene as its own output, with its true flow; its per-frame stylisation has noise."""
    random = torch.Generator().manual_seed(0)
    stylised = []
    for index, frame in enumerate(scene.frames):
        weight = torch.from_numpy((~scene.uncovered[index]).astype(np.float32))
        motion = Motion(torch.from_numpy(scene.backward[index]), weight) if index else None
        image = to_tensor(frame)
        noisy = image + noise * torch.randn(image.shape, generator=random)
        stylised.append(StylisedFrame(FrameWithFlow(Frame(frame, index, index), motion), image, per_frame=noisy))
    return stylised


def test_a_pan_has_no_warping_error_and_noise_twice_its_variance() -> None:
    error = OnlineWarpingError()
    for frame in stylised_frames(pan(frames=12, width=192, height=128), noise=0.1):
        error.add(frame)
    means = error.mean()
    assert means["output"] < 1e-6
    assert means["per_frame"] == pytest.approx(2 * 0.1**2, rel=0.1)


def test_it_agrees_with_the_warping_error_on_all_pixels() -> None:
    film = stylised_frames(pan(frames=24, width=192, height=128, step=(1, 2)), noise=0.2)
    error, whole = OnlineWarpingError(), []
    for before, frame in zip([None, *film], film, strict=False):
        error.add(frame)
        if before is not None and (motion := frame.flowed.motion) is not None:
            squared = squared_difference(frame.per_frame, before.per_frame, motion.backward)
            whole.append(float(warping_error(squared, motion.weight)))
    assert error.mean()["per_frame"] == pytest.approx(np.mean(whole), rel=0.05)


def test_without_flow_there_is_no_warping_error() -> None:
    error = OnlineWarpingError()
    for frame in stylised_frames(pan(frames=3))[:1] * 3:
        error.add(frame)
    assert error.mean() == {}
