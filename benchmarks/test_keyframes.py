"""Networks that learned from a painted key frame: the style error of frames around it, against the painting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from streamstyle.media.images import RgbImage, encode_image
from streamstyle.media.probe import probe
from streamstyle.models.metadata import LossNetwork
from streamstyle.models.weights import load_loss_network, load_style_net
from streamstyle.ops.image import to_numpy, to_tensor
from streamstyle.optimise.losses import style_error, style_grams
from streamstyle.option_values import parse_keyframe
from streamstyle.stages.decode import decode
from streamstyle.styles.blending import net_from_image
from streamstyle.train.painted_frames import read_painted_frames

GAPS = (-25, -15, -5, 0, 5, 15, 25)
"""Frames from the key frame."""


def test_keyframes(pytestconfig: pytest.Config, work: Work, report: Report) -> None:
    """What learned from the painting is nearer to it than what the style predictor makes of it."""
    option = pytestconfig.getoption("--keyframe")
    if option is None or not work.styles_named:
        pytest.skip("give --film, --keyframe TIME=IMAGE and --style FILE, what was learned from it")
    video = probe(work.film, replace(work.source_settings, end=None))
    (key,) = read_painted_frames(video, [parse_keyframe(option)])
    frames = list(decode(video))
    index = next(frame.index for frame in frames if frame.pts == key.pts)
    images = {gap: frames[index + gap].image for gap in GAPS if 0 <= index + gap < len(frames)}
    networks: dict[str, Callable[[Tensor], Tensor]] = {
        "the film": lambda image: image,
        "style predictor": net_from_image(key.painting),
        **{style.name: load_style_net(style.path) for style in work.styles},
    }
    judge = load_loss_network(builtin=LossNetwork.vgg16)
    grams = style_grams(judge, to_tensor(key.painting))
    rows: list[Row] = []
    for name, network in networks.items():
        errors = {}
        for gap, image in images.items():
            with torch.inference_mode():
                painted = network(to_tensor(image)[None])
                errors[f"{gap:+d}"] = float(style_error(judge(painted), [grams]))
            _keep(report.results.folder / "keyframes" / f"{name}{gap:+03d}.png", to_numpy(painted[0]))
        rows.append({"network": name, **errors})
    report.show(f"style error towards {option}, frames from the key frame", rows)
    predicted, *learned = rows[1:]
    assert all(row[f"{gap:+d}"] < predicted[f"{gap:+d}"] for row in learned for gap in images)  # type: ignore[operator]


def _keep(path: Path, image: RgbImage) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_image(image, ".png"))
