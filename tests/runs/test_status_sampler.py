from __future__ import annotations

import numpy as np
import pytest
import torch

from streamstyle.evaluate.metrics import squared_difference, warping_error
from streamstyle.frames import Frame, FrameWithFlow, Motion, StylisedFrame
from streamstyle.ops.image import to_tensor
from streamstyle.runs.status_sampler import OnlineWarpingError
from tests.scenes import Scene, pan


def frames(scene: Scene, noise: float = 0.0) -> list[StylisedFrame]:
    random = torch.Generator().manual_seed(0)
    found = []
    for index, picture in enumerate(scene.frames):
        weight = torch.from_numpy((~scene.uncovered[index]).astype(np.float32))
        motion = Motion(torch.from_numpy(scene.backward[index]), weight) if index else None
        image = to_tensor(picture)
        shaken = image + noise * torch.randn(image.shape, generator=random)
        found.append(StylisedFrame(FrameWithFlow(Frame(picture, index, index), motion), image, per_frame=shaken))
    return found


def test_a_pan_that_is_carried_along_is_steady_and_what_flickers_is_not() -> None:
    steadiness = OnlineWarpingError()
    for frame in frames(pan(frames=12, width=192, height=128), noise=0.1):
        steadiness.add(frame)
    means = steadiness.mean()
    assert means["output"] < 1e-6
    assert means["per_frame"] == pytest.approx(2 * 0.1**2, rel=0.1)


def test_it_is_the_warping_error_of_the_film_on_fewer_pixels() -> None:
    film = frames(pan(frames=24, width=192, height=128, step=(1, 2)), noise=0.2)
    steadiness, whole = OnlineWarpingError(), []
    for before, frame in zip([None, *film], film, strict=False):
        steadiness.add(frame)
        if before is not None and (motion := frame.flowed.motion) is not None:
            squared = squared_difference(frame.per_frame, before.per_frame, motion.backward)
            whole.append(float(warping_error(squared, motion.weight)))
    assert steadiness.mean()["per_frame"] == pytest.approx(np.mean(whole), rel=0.05)


def test_without_flow_there_is_nothing_to_say() -> None:
    steadiness = OnlineWarpingError()
    for frame in frames(pan(frames=3))[:1] * 3:
        steadiness.add(frame)
    assert steadiness.mean() == {}
