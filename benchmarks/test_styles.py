"""The styles side by side: how near to content and painting, as VGG-16 sees it, and how long a frame takes."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import pytest
import torch
from torch import Tensor

from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from streamstyle.media.picture import read_picture, resize_short_side
from streamstyle.nets.allocation import keep_freed_memory
from streamstyle.nets.ready import ready_style
from streamstyle.nets.relative import Grams, grams_of
from streamstyle.nets.transformer import FAST, TransformerNet
from streamstyle.nets.weights import load_loss_network, load_style
from streamstyle.ops.pixels import to_tensor
from streamstyle.painter import any_style_painter
from streamstyle.settings import LearnSettings
from streamstyle.stages.source import decode, probe
from streamstyle.train.goal import Goal
from streamstyle.train.pictures import list_pictures

CPU = torch.device("cpu")
PICTURES = 20
SIDE = 320


def test_styles(work: Work, pytestconfig: pytest.Config, report: Report) -> None:
    """A style learned at length is nearer to its painting than the first guess of the network for any style."""
    vgg, images = pytestconfig.getoption("--vgg"), pytestconfig.getoption("--style-images")
    if vgg is None or images is None:
        pytest.skip("give --vgg FILE and --style-images FOLDER")
    goal = Goal(load_loss_network(vgg), 1.0, 0.0, 0.0)
    pictures = _pictures(work, pytestconfig.getoption("--photos"))
    rows: list[Row] = []
    for path in list_pictures(images):
        style = next((style for style in work.styles if style.name == path.stem), None)
        if style is None:
            continue
        painting = read_picture(path)
        grams = grams_of(goal.network, to_tensor(resize_short_side(painting, LearnSettings().style_size)))
        learned = _row(style.name, load_style(style.path), goal, grams, pictures)
        guessed = _row(f"{style.name}, first guess", any_style_painter(painting), goal, grams, pictures)
        rows += [learned, guessed]
        assert float(learned["style error"] or 0) < float(guessed["style error"] or 0)
    report.show(f"{len(pictures)} pictures that no style was trained on, short side {SIDE}", rows)


def test_speed_of_the_style_networks(report: Report) -> None:
    """The network that ships takes a fraction of the published one's time."""
    published = TransformerNet()
    shipped = TransformerNet(FAST)
    times = _times_in_turn([published, shipped], (480, 640))
    rows: list[Row] = [
        {"": name, "parameters": sum(weight.numel() for weight in network.parameters()), "s/frame": seconds,
         "of the published": seconds / times[0]}
        for name, network, seconds in zip(("published", "shipped"), (published, shipped), times, strict=True)
    ]  # fmt: skip
    report.show("the networks at 640x480, medians in turn", rows)
    assert times[1] < times[0]


def _pictures(work: Work, photos: Path | None) -> list[Tensor]:
    if photos is not None:
        found = list_pictures(photos)[:PICTURES]
        return [to_tensor(resize_short_side(read_picture(path), SIDE))[None] for path in found]
    frames = list(decode(probe(work.film, work.part)))
    chosen = frames[:: max(1, len(frames) // PICTURES)][:PICTURES]
    return [to_tensor(resize_short_side(frame.image, SIDE))[None] for frame in chosen]


def _row(name: str, network: TransformerNet, goal: Goal, grams: Grams, pictures: list[Tensor]) -> Row:
    with torch.inference_mode():
        errors = [torch.stack(goal.errors(picture, network(picture), [grams])) for picture in pictures]
    content, style = torch.stack(errors).mean(0).tolist()
    return {"": name, "content error": content, "style error": style}


def _times_in_turn(networks: list[TransformerNet], size: tuple[int, int], rounds: int = 15) -> list[float]:
    keep_freed_memory()
    ready, frame = [ready_style(network, CPU) for network in networks], torch.rand(1, 3, *size)
    seconds: list[list[float]] = [[] for _ in ready]
    with torch.inference_mode():
        for _ in range(rounds):
            for network, taken in zip(ready, seconds, strict=True):
                begun = time.perf_counter()
                network(frame)
                taken.append(time.perf_counter() - begun)
    return [median(taken[2:]) for taken in seconds]
