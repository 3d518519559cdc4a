"""Stylised frames upscaled by the network, by cv2's filters, and stylised at the larger size."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median
from typing import TypeVar

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from streamstyle.evaluate.evaluator import measure_films
from streamstyle.evaluate.metrics import sharpness
from streamstyle.gpu.device import tune_malloc
from streamstyle.job import FrameCallback, FrameContext
from streamstyle.media.images import read_image, resize_short_side
from streamstyle.media.probe import probe
from streamstyle.models.weights import load_style_net, load_upscaler_for_inference, prepare_style_net
from streamstyle.ops.image import to_tensor
from streamstyle.outputs import open_writer
from streamstyle.pipeline import stylise_video
from streamstyle.settings import ConsistencySettings, EncoderSettings, Method, Settings, SourceSettings, UpscaleSettings
from streamstyle.stages.decode import decode
from streamstyle.stages.writer import VideoWriter
from streamstyle.styles.library import builtin_styles
from streamstyle.styles.spec import BlendPart, StyleBlend
from streamstyle.train.augment import soften
from streamstyle.train.image_data import held_out_images, list_images
from streamstyle.video_info import VideoInfo

CPU = torch.device("cpu")
PICTURES = 42
SOFT = {"halved": 0.0, "a little soft": 0.12, "as soft as painted": 0.2}
"""Weight of a neighbour in the small image; see `train.augment`."""

TWICE = UpscaleSettings(2)
KEPT = EncoderSettings(crf=8, preset="veryfast")
AMOUNT = 1.5
T = TypeVar("T")
UpscaleFn = Callable[[Tensor], Tensor]
"""From [1, 3, H, W] to [1, 3, 2 H, 2 W], in [0, 1]."""


def with_cv2(interpolation: int) -> UpscaleFn:
    """Return what enlarges [1, 3, H, W] twice by one of cv2's filters."""

    def enlarged(image: Tensor) -> Tensor:
        picture = np.ascontiguousarray(image[0].permute(1, 2, 0).numpy())
        larger = cv2.resize(picture, None, fx=2, fy=2, interpolation=interpolation)
        return torch.from_numpy(larger).permute(2, 0, 1)[None].clamp(0, 1)

    return enlarged


bicubic, lanczos = with_cv2(cv2.INTER_CUBIC), with_cv2(cv2.INTER_LANCZOS4)


def lanczos_sharpened(image: Tensor) -> Tensor:
    """Enlarge by Lanczos, and add what a Gaussian takes away: about as sharp as by the network, for nothing."""
    larger = lanczos(image)
    blurred = soften(soften(larger, 0.25), 0.25)
    return (larger + AMOUNT * (larger - blurred)).clamp(0, 1)


def test_what_was_halved_is_made_whole(work: Work, pytestconfig: pytest.Config, report: Report) -> None:
    """Held-out pictures painted in every style, halved and softened: the network is nearer to them than a filter."""
    ways: dict[str, Callable[[Tensor], Tensor]]
    ways = {"bicubic": bicubic, "Lanczos": lanczos, "the network": load_upscaler_for_inference(CPU)}
    rows: list[Row] = []
    with torch.inference_mode():
        paintings = _style_images(work, pytestconfig.getoption("--photos"))
        for name, neighbour in SOFT.items():
            small = [soften(F.avg_pool2d(whole, 2), neighbour) for whole in paintings]
            for way, enlarge in ways.items():
                larger = [enlarge(each) for each in small]
                rows.append({"the small picture": name, "": way, **_similarity_row(larger, paintings)})
    report.show(f"{len(paintings)} paintings made whole again", rows)
    for plain, network in zip(rows[1::3], rows[2::3], strict=True):
        assert float(network["SSIM"] or 0) > float(plain["SSIM"] or 0)


def test_speed_of_enlarging(work: Work, report: Report) -> None:
    """Enlarging a frame costs less than painting it at the larger size."""
    tune_malloc()
    style, network = prepare_style_net(load_style_net(work.style.path), CPU), load_upscaler_for_inference(CPU)
    small, large = torch.rand(1, 3, 360, 640), torch.rand(1, 3, 720, 1280)
    times = _times_in_turn(
        {
            "painted at 640x360": lambda: style(small),
            "enlarged by the network": lambda: network(small),
            "enlarged by Lanczos": lambda: lanczos(small),
            "painted at 1280x720": lambda: style(large),
        }
    )
    painted = times["painted at 640x360"][1]
    rows: list[Row] = [
        {"": name, "s/frame": seconds, "CPU s/frame": work, "CPU, of painting": work / painted}
        for name, (seconds, work) in times.items()
    ]
    report.show("a frame, medians in turn", rows)
    assert times["enlarged by the network"][1] < times["painted at 1280x720"][1]


def test_a_film_enlarged(work: Work, tmp_path: Path, report: Report) -> None:
    """The enlarged film is sharper than by Lanczos; how much it flickers is measured along the same motion."""
    size = work.source_settings.size or (640, 360)
    small = replace(work.source_settings, size=size)
    large = replace(small, size=(2 * size[0], 2 * size[1]))
    rows: list[Row] = []
    for style in work.some_styles:
        films = {
            name: tmp_path / f"{style.name}-{name}.mkv"
            for name in ("network", "Lanczos", "Lanczos, sharpened", "direct")
        }
        mix = StyleBlend(style.name, (BlendPart(style.path),))
        with ExitStack() as opened:
            ways = {films["Lanczos"]: lanczos, films["Lanczos, sharpened"]: lanczos_sharpened}
            copied = _upscaling_callback(work.film, small, ways, opened)
            _stylise(work.film, small, films["network"], mix, TWICE, copied)
        _stylise(work.film, large, films["direct"], mix, UpscaleSettings(1), None)
        _, *found = measure_films([films[name] for name in films], work.film, large, work.flow_reference, gaps=(1, 5))
        plain, edges = found[1], {name: _edges(path) for name, path in films.items()}
        for name, measures in zip(films, found, strict=True):
            error = measures.warping_error[1] / plain.warping_error[1]
            rows.append(
                {
                    "style": style.name,
                    "": name,
                    "warping error, gap 1": measures.warping_error[1],
                    "of Lanczos'": error,
                    "by its edges": error / edges[name] * edges["Lanczos"],
                    "gap 5, of Lanczos'": measures.warping_error[5] / plain.warping_error[5],
                    "sharpness, of Lanczos'": measures.sharpness / plain.sharpness,
                }
            )
        assert found[0].sharpness > plain.sharpness
    report.show(
        f"{work.film.name}, live, {size[0]}x{size[1]} twice as large, flow reference: {work.flow_reference.name}", rows
    )


def _style_images(work: Work, photos: Path | None) -> list[Tensor]:
    """Return photos that no training has seen, or frames of the film, painted in one style after the other."""
    if photos is not None:
        pictures = _evenly_spaced([*map(read_image, held_out_images(list_images(photos)))])
    else:
        pictures = [frame.image for frame in _evenly_spaced([*decode(probe(work.film, work.source_settings))])]
    painters = [load_style_net(style.path).eval() for style in builtin_styles()]
    even = [resize_short_side(picture, 256) for picture in pictures]
    cut = [to_tensor(each[:256, : each.shape[1] // 2 * 2])[None] for each in even]
    return [painters[number % len(painters)](each) for number, each in enumerate(cut)]


def _evenly_spaced(items: list[T]) -> list[T]:
    return items[:: max(1, len(items) // PICTURES)][:PICTURES]


def _similarity_row(made: list[Tensor], whole: list[Tensor]) -> Row:
    errors = [float((one - other).square().mean()) for one, other in zip(made, whole, strict=True)]
    return {
        "PSNR": fmean(-10 * np.log10(error) for error in errors),
        "SSIM": fmean(structural_similarity(one, other) for one, other in zip(made, whole, strict=True)),
        "sharpness, of the whole's": fmean(
            float(sharpness(one[0]) / sharpness(other[0])) for one, other in zip(made, whole, strict=True)
        ),
    }


def structural_similarity(made: Tensor, whole: Tensor) -> float:
    """Return the mean SSIM of brightness, in windows of a Gaussian of 1.5 pixels (Wang et al. 2004)."""

    def around(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    x, y = (image[0].mean(0).numpy().astype(np.float64) for image in (made, whole))
    mean_x, mean_y = around(x), around(y)
    spread = around(x * x) - mean_x**2 + around(y * y) - mean_y**2
    shared = around(x * y) - mean_x * mean_y
    alike = (2 * mean_x * mean_y + 0.01**2) * (2 * shared + 0.03**2)
    return float((alike / ((mean_x**2 + mean_y**2 + 0.01**2) * (spread + 0.03**2))).mean())


def _times_in_turn(work: Mapping[str, Callable[[], object]], rounds: int = 15) -> dict[str, tuple[float, float]]:
    """Return the medians of seconds, by the clock and of the processor, that each takes."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    with torch.inference_mode():
        for _ in range(rounds):
            for name, do in work.items():
                began = time.perf_counter(), time.process_time()
                do()
                taken[name].append((time.perf_counter() - began[0], time.process_time() - began[1]))
    return {
        name: (median(seconds for seconds, _ in each), median(work for _, work in each)) for name, each in taken.items()
    }


def _edges(film: Path) -> float:
    """Return the mean squared gradient, which a warping error grows with where all is a little beside its place."""
    frames = (to_tensor(frame.image).mean(0) for frame in decode(probe(film, SourceSettings())))
    return fmean(float(each.diff(dim=0).square().mean() + each.diff(dim=1).square().mean()) for each in frames)


def _upscaling_callback(
    film: Path, part: SourceSettings, ways: Mapping[Path, UpscaleFn], opened: ExitStack
) -> FrameCallback:
    """Return what looks at a run, and writes what it paints enlarged in other ways."""
    larger = probe(film, part).upscaled(TWICE.upscale)
    sinks = [(enlarge, opened.enter_context(_open_writer(larger, path))) for path, enlarge in ways.items()]

    def look(moment: FrameContext) -> None:
        for enlarge, sink in sinks:
            sink.write(enlarge(moment.stylised.image[None])[0], moment.stylised.flowed.frame.pts)

    return look


@contextmanager
def _open_writer(film: VideoInfo, output: Path) -> Iterator[VideoWriter]:
    with open_writer(film, output, KEPT) as sink:
        yield sink
        sink.publish()


def _stylise(
    film: Path,
    part: SourceSettings,
    output: Path,
    mix: StyleBlend,
    enlarging: UpscaleSettings,
    look: FrameCallback | None,
) -> None:
    settings = Settings(
        source=part, consistency=ConsistencySettings(method=Method.live), upscale=enlarging, encoder=KEPT
    )
    stylise_video(probe(film, part), output, mix, settings, lambda _: None, threading.Event(), look)
