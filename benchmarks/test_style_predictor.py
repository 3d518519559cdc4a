"""Style predictors on held-out photos and paintings: errors by VGG-16, colours, and a sheet of images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.report import Report, Row
from streamstyle.contact_sheet import arrange_in_grid, captioned_cell
from streamstyle.gpu.device import compute_dtype
from streamstyle.media.images import RgbImage, encode_image, read_image, resize_short_side
from streamstyle.models.metadata import LossNetwork
from streamstyle.models.style_predictor import StylePredictor
from streamstyle.models.weights import load_loss_network, load_style_predictor
from streamstyle.ops.image import to_numpy, to_tensor
from streamstyle.optimise.losses import Grams
from streamstyle.styles.blending import net_from_image
from streamstyle.train.image_data import held_out_images, list_images
from streamstyle.train.loss import STYLE_SCALE, StyleLoss, grams_by_scale
from streamstyle.train.palette import palette, palette_distance

PHOTOS, PAINTINGS = 2, 10
SIDE = 160


def test_style_predictor(pytestconfig: pytest.Config, report: Report) -> None:
    """Every style predictor comes nearer to a painting than the photo itself is."""
    option = pytestconfig.getoption
    if option("--photos") is None or option("--paintings") is None:
        pytest.skip("give --photos FOLDER and --paintings FOLDER")
    predictors = {"built in": load_style_predictor()}
    predictors |= {path.stem: load_style_predictor(path) for path in option("--style-predictor") or []}
    photos = [_resized(path) for path in _spread(option("--photos"), PHOTOS)]
    paintings = [read_image(path) for path in _spread(option("--paintings"), PAINTINGS)]
    judge = _judge()
    grams = [grams_by_scale(judge.network, to_tensor(painting), 2, judge.style_layers) for painting in paintings]
    rows = [_row("the photos", [[photo[None] for photo in photos]] * len(paintings), photos, paintings, grams, judge)]
    cells: list[list[RgbImage]] = []
    for name, predictor in predictors.items():
        stylised = [_stylised(painting, predictor, photos) for painting in paintings]
        rows.append(_row(name, stylised, photos, paintings, grams, judge))
        shown = [images[index % PHOTOS][0] for index, images in enumerate(stylised)]
        cells.append(
            [captioned_cell(to_numpy(image), name, painting) for image, painting in zip(shown, paintings, strict=True)]
        )
    report.show(f"{PHOTOS} photos x {PAINTINGS} paintings, all held out, short side {SIDE}", rows)
    path = report.results.folder / "style_predictors.jpg"
    path.write_bytes(
        encode_image(arrange_in_grid([cell for group in zip(*cells, strict=True) for cell in group]), ".jpg", 88)
    )
    assert all(float(row["style"] or 0) < float(rows[0]["style"] or 0) for row in rows[1:])


def _judge() -> StyleLoss:
    network = load_loss_network(builtin=LossNetwork.vgg16)
    network.to(compute_dtype(torch.device("cpu"))).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return StyleLoss(network, 1.0, 0.0, 0.0)


def _spread(folder: Path, count: int) -> Sequence[Path]:
    held_out = held_out_images(list_images(folder))
    return held_out[:: max(1, len(held_out) // count)][:count]


def _resized(path: Path) -> Tensor:
    """Return the middle of a photo, [3, SIDE, SIDE]."""
    image = resize_short_side(read_image(path), SIDE)
    top, left = ((side - SIDE) // 2 for side in image.shape[:2])
    return to_tensor(np.ascontiguousarray(image[top : top + SIDE, left : left + SIDE]))


def _stylised(painting: RgbImage, predictor: StylePredictor, photos: Sequence[Tensor]) -> list[Tensor]:
    network = net_from_image(painting, predictor).eval()
    with torch.inference_mode():
        return [network(photo[None]) for photo in photos]


def _row(
    name: str,
    stylised: Sequence[Sequence[Tensor]],  # for each painting one [1, 3, H, W] for each photo
    photos: Sequence[Tensor],
    paintings: Sequence[RgbImage],
    style_targets: Sequence[Sequence[Grams]],  # for each painting at its size and at half of it
    judge: StyleLoss,
) -> Row:
    contents, styles, half_styles, distances = [], [], [], []
    torch.manual_seed(0)
    targets = [judge.content_target(photo[None]) for photo in photos]
    for images, painting, (grams, half_grams) in zip(stylised, paintings, style_targets, strict=True):
        for image, target in zip(images, targets, strict=True):
            with torch.inference_mode():
                content, style = judge.errors_from_content(target, image, [grams])
                (half_style,) = judge.smaller_errors(image, [[half_grams]])
            contents.append(float(content))
            styles.append(float(style))
            half_styles.append(float(half_style))
            distances.append(255 * float(palette_distance(image, palette(painting)[None])) ** 0.5)
    mean_content, mean_style = fmean(contents), fmean(styles)
    return {
        "": name,
        "content": mean_content,
        "style": mean_style,
        "style, half size": fmean(half_styles),
        "loss": mean_content + STYLE_SCALE * mean_style,
        "palette distance, levels": fmean(distances),
    }
