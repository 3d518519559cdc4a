"""Content and style error of the styles, by VGG-16, and the time of a frame."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import TypeVar

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from streamstyle.gpu.device import compute_dtype, tune_malloc
from streamstyle.media.images import read_image, resize_short_side
from streamstyle.media.probe import probe
from streamstyle.models.style_net import DENSE, SEPARABLE, StyleNet
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import load_loss_network, load_style_net, prepare_style_net
from streamstyle.ops.image import to_tensor
from streamstyle.optimise.losses import Grams, style_grams
from streamstyle.stages.decode import decode
from streamstyle.styles.blending import net_from_image
from streamstyle.styles.library import image_digest
from streamstyle.train.image_data import held_out_images, list_images
from streamstyle.train.loss import STYLE_SCALE, StyleLoss
from streamstyle.train.settings import StyleTrainingSettings

CPU = torch.device("cpu")
PICTURES = 20
SIDE = 256
SCALES = 3
"""Sizes at which style is compared, each half of the one before."""

T = TypeVar("T")


def test_styles(work: Work, pytestconfig: pytest.Config, report: Report) -> None:
    """A built-in style has a smaller loss than the network that the style predictor makes for its image."""
    vgg, images = pytestconfig.getoption("--vgg"), pytestconfig.getoption("--style-images")
    if vgg is None or images is None:
        pytest.skip("give --vgg FILE and --style-images FOLDER")
    exact_network = load_loss_network(vgg)
    goal = StyleLoss(_fast(load_loss_network(vgg)), 1.0, 0.0, 0.0)
    pictures = _pictures(work, pytestconfig.getoption("--photos"), goal)
    paintings = {image_digest(path): read_image(path) for path in list_images(images)}
    rows: list[Row] = []
    guesses: dict[str, Row] = {}
    pairs: list[tuple[Row, Row]] = []
    for style in work.styles:
        painting = paintings.get(style.image_sha256)
        if painting is None:
            continue
        side = min(StyleTrainingSettings().style_size, *painting.shape[:2])
        resized = to_tensor(resize_short_side(painting, side))
        grams = [style_grams(exact_network, F.avg_pool2d(resized, 2**scale)) for scale in range(SCALES)]
        learned = _row(style.name, load_style_net(style.path), goal, grams, pictures)
        rows.append(learned)
        if style.image_sha256 not in guesses:
            guess = _row(f"{style.name}, first guess", net_from_image(painting), goal, grams, pictures)
            guesses[style.image_sha256] = guess
            rows.append(guess)
        if style.builtin:
            pairs.append((learned, guesses[style.image_sha256]))
    counts = " and ".join(f"{len(found)} {kind}" for kind, found in pictures.items())
    report.show(f"{counts}, short side {SIDE}", rows)
    for learned, guess in pairs:
        assert all(float(learned[key] or 0) < float(guess[key] or 0) for key in learned if key.startswith("loss"))


def test_speed_of_the_style_networks(report: Report) -> None:
    """The separable shape takes a fraction of the dense one's time, and that one of the published network's."""
    names, networks = ("published", "dense", "separable"), [StyleNet(), StyleNet(DENSE), StyleNet(SEPARABLE)]
    times = _times_in_turn(networks, (480, 640))
    rows: list[Row] = [
        {"": name, "parameters": sum(weight.numel() for weight in network.parameters()), "s/frame": seconds,
         "of the published": seconds / times[0]}
        for name, network, seconds in zip(names, networks, times, strict=True)
    ]  # fmt: skip
    report.show("the networks at 640x480, medians in turn", rows)
    assert times == sorted(times, reverse=True)


@dataclass(frozen=True)
class Seen:
    """A picture to paint, and what VGG sees in it."""

    image: Tensor
    content: Tensor


def _fast(network: VggFeatures) -> VggFeatures:
    network.to(dtype=compute_dtype(CPU), memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def _pictures(work: Work, photos: Path | None, goal: StyleLoss) -> dict[str, list[Seen]]:
    """Return photos that `learn` holds out, where there are any, and frames of the film, all of one short side."""
    frames = [frame.image for frame in _spread(list(decode(probe(work.film, work.source_settings))))]
    kinds = {"frames": frames}
    if photos is not None:
        kinds["photos"] = [read_image(path) for path in _spread(held_out_images(list_images(photos)))]
    resized = {
        kind: [to_tensor(resize_short_side(image, SIDE))[None] for image in found] for kind, found in kinds.items()
    }
    return {kind: [Seen(image, goal.content_target(image)) for image in found] for kind, found in resized.items()}


def _spread(items: list[T]) -> list[T]:
    return items[:: max(1, len(items) // PICTURES)][:PICTURES]


def _row(name: str, network: StyleNet, goal: StyleLoss, grams: Sequence[Grams], pictures: dict[str, list[Seen]]) -> Row:
    row: Row = {"": name, "parameters": sum(weight.numel() for weight in network.parameters())}
    for kind, seen in pictures.items():
        with torch.inference_mode():
            errors = [_errors(one.content, network(one.image), goal, grams) for one in seen]
        content, *styles = torch.tensor(errors).mean(0).tolist()
        style = fmean(styles)
        row |= {f"content, {kind}": content, f"style, {kind}": styles[0], f"style at {SCALES} sizes, {kind}": style}
        row |= {f"loss, {kind}": content + STYLE_SCALE * style}
    return row


def _errors(content: Tensor, stylised: Tensor, goal: StyleLoss, grams: Sequence[Grams]) -> list[float]:
    """Return the content error, and the style error at each size."""
    content_error, style = goal.errors_from_content(content, stylised, grams[:1])
    return [
        float(each) for each in (content_error, style, *goal.smaller_errors(stylised, [[each] for each in grams[1:]]))
    ]


def _times_in_turn(networks: list[StyleNet], size: tuple[int, int], rounds: int = 15) -> list[float]:
    tune_malloc()
    ready, frame = [prepare_style_net(network, CPU) for network in networks], torch.rand(1, 3, *size)
    seconds: list[list[float]] = [[] for _ in ready]
    with torch.inference_mode():
        for _ in range(rounds):
            for network, taken in zip(ready, seconds, strict=True):
                begun = time.perf_counter()
                network(frame)
                taken.append(time.perf_counter() - begun)
    return [median(taken[2:]) for taken in seconds]
