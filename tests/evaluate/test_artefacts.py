"""Films that eyes dislike, each of which loses on its measure: blurred, frozen, patched, with a trail."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean

import pytest
import torch
from torch import Tensor

from streamstyle.evaluate.artefacts import ArtefactTracker, edge_strength, half_size
from streamstyle.evaluate.metrics import sharpness
from streamstyle.evaluate.reference_flow import Correspondence
from streamstyle.ops.image import to_tensor
from streamstyle.ops.warp import backward_warp
from tests.films import moving_square, texture

FRAMES, WIDTH, HEIGHT = 10, 160, 96
SCENE = moving_square(FRAMES, WIDTH, HEIGHT, side=36, step=(6, 0))
SOURCE = [to_tensor(frame) for frame in SCENE.frames]
BACKWARD = [
    Correspondence(torch.from_numpy(flow), torch.from_numpy(~uncovered).float(), from_later=True)
    for flow, uncovered in zip(SCENE.backward, SCENE.uncovered, strict=True)
]
Film = list[Tensor]


def stylise_per_frame() -> Film:
    """The negative, with a texture that is another one in every frame, and light that grows by three levels a frame."""
    return [
        0.7 - 0.5 * image + 0.1 * to_tensor(texture(WIDTH, HEIGHT, seed=20 + t)) + 3 / 255 * t
        for t, image in enumerate(SOURCE)
    ]


PER_FRAME = stylise_per_frame()


def carry(share: float = 0.6, along_the_flow: bool = True) -> Film:
    """Each frame mixed with the previous output: along the true motion, where that shows the same, or at rest."""
    output = PER_FRAME[:1]
    for image, match in zip(PER_FRAME[1:], BACKWARD[1:], strict=True):
        carried = backward_warp(output[-1], match.flow) if along_the_flow else output[-1]
        output.append(torch.lerp(image, carried, share * match.weight if along_the_flow else share))
    return output


def changed(change: Callable[[Tensor, int], Tensor]) -> Film:
    return [change(image, t) for t, image in enumerate(carry())]


def blurred() -> Film:
    return changed(lambda image, t: torch.nn.functional.avg_pool2d(image, 5, 1, 2, count_include_pad=False))


def frozen() -> Film:
    return PER_FRAME[:1] * FRAMES


def patched() -> Film:
    """A bright patch with hard edges, in another place every third frame."""

    def add_patch(image: Tensor, t: int) -> Tensor:
        image = image.clone()
        left = 20 + 30 * (t // 3)
        image[:, 30:50, left : left + 24] += 25 / 255
        return image

    return changed(add_patch)


def textured() -> Film:
    """A texture of two pixels, new in every frame."""
    random = torch.Generator().manual_seed(0)
    return changed(lambda image, t: image + 8 / 255 * torch.randn(image.shape, generator=random))


def trail() -> Film:
    return carry(along_the_flow=False)


FILMS = {
    "good": carry(), "blurred": blurred(), "frozen": frozen(), "patched": patched(), "textured": textured(),
    "trail": trail(),
}  # fmt: skip


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, float]]:
    """The means over the frames by film and measure; `source` and `per_frame` too."""
    films = {"source": SOURCE, "per_frame": PER_FRAME, **FILMS}
    tracker = ArtefactTracker([0, *[1] * (len(films) - 1)])
    steps = [tracker.step([film[t] for film in films.values()], BACKWARD[t] if t else None) for t in range(FRAMES)]
    means = {}
    for index, name in enumerate(films):
        artefacts = [step[index] for step in steps[1:]]
        means[name] = {
            key: fmean(getattr(each, key) or 0.0 for each in artefacts)
            for key in ("tone_lag", "seam", "ghost", "boundary_error")
        }
        means[name]["sharpness"] = fmean(float(sharpness(image)) for image in films[name])
    return means


def test_source_and_per_frame_film_have_no_artefacts(measured: dict[str, dict[str, float]]) -> None:
    for film in ("source", "per_frame"):
        assert [measured[film][key] for key in ("tone_lag", "seam", "ghost")] == pytest.approx([0, 0, 0], abs=1e-4)


def test_a_blurred_film_loses_sharpness(measured: dict[str, dict[str, float]]) -> None:
    assert measured["blurred"]["sharpness"] < 0.85 * measured["good"]["sharpness"]


@pytest.mark.parametrize(("film", "measure"), [("frozen", "tone_lag"), ("patched", "seam"), ("trail", "ghost")])
def test_each_bad_film_loses_on_its_measure(measured: dict[str, dict[str, float]], film: str, measure: str) -> None:
    others = {name: values[measure] for name, values in measured.items() if name in ("good", "blurred", "textured")}
    assert measured[film][measure] > 3 * max(others.values())


def test_fine_texture_is_no_seam(measured: dict[str, dict[str, float]]) -> None:
    """It is as strong in single pixels as a third of the patch."""
    assert measured["textured"]["sharpness"] > 1.2 * measured["good"]["sharpness"]
    assert measured["patched"]["seam"] > 4 * measured["textured"]["seam"]


def test_a_seam_is_counted_when_it_appears() -> None:
    """A patch in a still film: all of it in the frame where it appears, nothing where it stays."""
    still = Correspondence(torch.zeros(2, 96, 128), torch.ones(96, 128), from_later=True)
    flat = torch.full((3, 96, 128), 0.5)
    patch = flat.clone()
    patch[:, 30:60, 40:80] += 20 / 255
    tracker = ArtefactTracker([0, 0])
    seams = [tracker.step([flat, image], still if t else None)[1].seam for t, image in enumerate([flat, patch, patch])]
    assert seams[0] is None
    assert seams[1] is not None
    assert seams[1] > 1
    assert seams[2] == pytest.approx(0, abs=1e-4)


def test_the_strength_of_an_edge_is_the_height_of_its_step() -> None:
    step = torch.zeros(3, 64, 64)
    step[:, :, 32:] = 40 / 255
    assert float(edge_strength(half_size(step)).max()) == pytest.approx(40, rel=0.1)


def test_a_change_where_the_flow_is_not_trusted_is_a_boundary_error() -> None:
    """A strip that the weight leaves out flashes by ten levels; where the source changes, nothing is compared."""
    flat = torch.full((3, 96, 128), 0.5)
    flash, changed_source, weight = flat.clone(), flat.clone(), torch.ones(96, 128)
    weight[:, 40:60] = 0
    flash[:, :, 40:60] += 10 / 255
    changed_source[:, :, 35:65] += 0.3
    match = Correspondence(torch.zeros(2, 96, 128), weight, from_later=True)
    for source, expected in ((flat, pytest.approx(10)), (changed_source, None)):
        tracker = ArtefactTracker([None, None])
        tracker.step([flat, flat], None)
        assert tracker.step([source, flash], match)[1].boundary_error == expected
