"""A frame stylised by optimisation (Gatys et al. 2016) with each loss network, side by side, evaluated by VGG-16."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from streamstyle.contact_sheet import arrange_in_grid, captioned_cell
from streamstyle.gpu.device import compute_dtype
from streamstyle.media.images import RgbImage, encode_image, read_image, resize_short_side
from streamstyle.media.probe import probe
from streamstyle.models.metadata import LossNetwork
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import load_loss_network
from streamstyle.ops.image import to_numpy, to_tensor
from streamstyle.optimise.losses import style_grams
from streamstyle.stages.decode import decode
from streamstyle.styles.library import image_digest
from streamstyle.train.image_data import list_images
from streamstyle.train.loss import STYLE_SCALE, StyleLoss
from streamstyle.train.settings import StyleTrainingSettings

FRAME = 11
SIDE = 192
STEPS = 80
STEP_SIZE = 0.03


def test_loss_network_look(work: Work, pytestconfig: pytest.Config, report: Report) -> None:
    """Optimisation with any of the loss networks lowers the style error by VGG-16."""
    vgg, images = pytestconfig.getoption("--vgg"), pytestconfig.getoption("--style-images")
    if vgg is None or images is None:
        pytest.skip("give --vgg FILE and --style-images FOLDER")
    judge = load_loss_network(vgg)
    networks = {str(builtin): load_loss_network(builtin=builtin) for builtin in LossNetwork}
    painting = _painting(images, work.style.image_sha256)
    frame = next(islice(decode(probe(work.film, work.source_settings)), FRAME, None)).image
    picture = to_tensor(resize_short_side(frame, SIDE))[None]
    rows, cells = [_row("source", picture, picture, judge, painting, None)], []
    for name, network in networks.items():
        painted, seconds = _optimised(picture, painting, network)
        rows.append(_row(name, painted, picture, judge, painting, seconds))
        cells.append(captioned_cell(to_numpy(painted[0]), name, None))
    report.show(
        f"{work.style.name}, {STEPS} steps of Adam on {picture.shape[3]}x{picture.shape[2]}, as VGG-16 sees it", rows
    )
    _keep(report.results.folder / "loss_network_look.jpg", cells)
    assert all(float(row["style error"] or 0) < float(rows[0]["style error"] or 0) for row in rows[1:])


def _painting(folder: Path, digest: str) -> Tensor:
    found = next(path for path in list_images(folder) if image_digest(path) == digest)
    return to_tensor(resize_short_side(read_image(found), StyleTrainingSettings().style_size))


def _optimised(picture: Tensor, painting: Tensor, network: VggFeatures) -> tuple[Tensor, float]:
    """Return the picture painted, and the seconds a step took."""
    grams = style_grams(network, painting)
    network.to(dtype=compute_dtype(torch.device("cpu")), memory_format=torch.channels_last)  # type: ignore[call-overload]
    goal, painted = StyleLoss(network, 1.0, 0.0, 0.0), picture.clone().requires_grad_()
    content, optimiser, began = (
        goal.content_target(picture),
        torch.optim.Adam([painted], STEP_SIZE),
        time.perf_counter(),
    )
    for step in range(STEPS):
        optimiser.param_groups[0]["lr"] = STEP_SIZE * (1 - step / STEPS)
        optimiser.zero_grad()
        content_error, style_error = goal.errors_from_content(content, painted, [grams])
        (content_error + STYLE_SCALE * style_error).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        with torch.no_grad():
            painted.clamp_(0, 1)
    return painted.detach(), (time.perf_counter() - began) / STEPS


def _row(
    name: str, painted: Tensor, picture: Tensor, judge: VggFeatures, painting: Tensor, seconds: float | None
) -> Row:
    grams = style_grams(judge, painting)
    with torch.no_grad():
        content, style = StyleLoss(judge, 1.0, 0.0, 0.0).errors(picture, painted, [grams])
    return {"": name, "content error": float(content), "style error": float(style), "s/step": seconds}


def _keep(path: Path, cells: list[RgbImage]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encode_image(arrange_in_grid(cells), ".jpg", 88))
