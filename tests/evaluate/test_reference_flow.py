"""Reference flow: computed, and read from files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from streamstyle.errors import SettingsError, VideoError
from streamstyle.evaluate.evaluator import measure_films
from streamstyle.evaluate.metrics import FilmMetrics
from streamstyle.evaluate.reference_flow import (
    Correspondence,
    ReferenceFlow,
    compute_both_ways,
    correspondences_along,
    invert_flow,
    parse_reference_flow,
)
from streamstyle.media.flo import write_flo
from streamstyle.settings import FlowPreset
from tests.films import Scene, cut, moving_square, pan, write_film

SIZE = {"width": 128, "height": 96}


def metrics_along(film: Path, reference_flow: ReferenceFlow) -> FilmMetrics:
    return measure_films([film], film, None, reference_flow)[0]


def test_an_unknown_reference_flow_is_an_error() -> None:
    with pytest.raises(SettingsError, match="--flow-reference cannot be slow"):
        parse_reference_flow("slow")


def write_flows(folder: Path, scene: Scene) -> Path:
    folder.mkdir()
    for frame in range(1, len(scene.frames)):
        write_flo(folder / f"frame_{frame:04}.flo", scene.forward[frame])
    return folder


def test_flow_in_files_is_composed_over_five_frames(tmp_path: Path) -> None:
    """A square that moves 4 pixels a frame: along its flow nothing changes, whatever it hides."""
    scene = moving_square(7, side=30, step=(4, 0), **SIZE)
    film = write_film(tmp_path / "square.mkv", scene.frames)
    measures = metrics_along(film, parse_reference_flow(str(write_flows(tmp_path / "flow", scene))))
    still = write_flows(tmp_path / "still", Scene(scene.frames, scene.backward, 0 * scene.forward, scene.uncovered))
    unmoved = metrics_along(film, parse_reference_flow(str(still)))
    assert measures.warping_error[1] < 0.05 * unmoved.warping_error[1]
    assert measures.warping_error[5] < 0.05 * unmoved.warping_error[5]


def test_pixels_hidden_by_a_mask_file_do_not_count(tmp_path: Path) -> None:
    """The left half flashes; it counts until a mask says that it is hidden."""
    frames = np.repeat(pan(1, **SIZE).frames // 2, 2, 0)
    frames[1, :, :64] += 60
    film = write_film(tmp_path / "flash.mkv", frames)
    folder = tmp_path / "flow"
    folder.mkdir()
    write_flo(folder / "0.flo", np.zeros((2, 96, 128), np.float32))
    assert metrics_along(film, parse_reference_flow(str(folder))).warping_error[1] > 0.02
    mask = np.zeros((96, 128), np.uint8)
    mask[:, :66] = 255
    cv2.imwrite(str(folder / "0.png"), mask)
    assert metrics_along(film, parse_reference_flow(str(folder))).warping_error[1] < 1e-3


def test_a_forward_flow_is_inverted_where_something_arrives() -> None:
    """A square that moves 4 pixels a frame: what it uncovers has no counterpart, all else its true motion."""
    scene = moving_square(3, side=30, step=(4, 0), **SIZE)
    forward, hidden = torch.from_numpy(scene.forward[1]), torch.zeros(96, 128, dtype=torch.bool)
    hidden[:, 1:] = (forward[0, :, 1:] == 0) & (torch.from_numpy(scene.backward[1][0, :, 1:]) != 0)
    inverted = invert_flow(Correspondence(forward, (~hidden).float(), from_later=False))
    visible = torch.from_numpy(~scene.uncovered[1])
    assert inverted.from_later
    expected = torch.from_numpy(scene.backward[1])
    torch.testing.assert_close(inverted.flow[:, visible], expected[:, visible], atol=0.01, rtol=0)
    assert float(inverted.weight[~visible].mean()) < 0.2
    assert float(inverted.weight[visible].mean()) > 0.99


def test_a_zoom_leaves_no_holes_in_its_inverse() -> None:
    y, x = torch.meshgrid(torch.arange(64.0) - 32, torch.arange(96.0) - 48, indexing="ij")
    inverted = invert_flow(Correspondence(0.1 * torch.stack((x, y)), torch.ones(64, 96), from_later=False))
    assert float(inverted.weight.min()) > 0.99
    torch.testing.assert_close(inverted.flow, -0.1 / 1.1 * torch.stack((x, y)), atol=0.11, rtol=0)


def test_flow_in_files_is_not_used_across_a_cut(tmp_path: Path) -> None:
    scene = cut(pan(4, **SIZE), pan(4, seed=7, **SIZE))
    film = write_film(tmp_path / "two.mkv", scene.frames)
    measures = metrics_along(film, parse_reference_flow(str(write_flows(tmp_path / "flow", scene))))
    assert measures.curves["warping_error_1"][4] is None
    assert measures.warping_error[1] < 1e-3


def test_frames_can_be_compared_only_now_and_then(tmp_path: Path) -> None:
    """With flow for every third frame at gap 2, the others have no error there; at gap 1 all have one."""
    compute = partial(compute_both_ways, preset=FlowPreset.ultrafast)
    opener = partial(correspondences_along, flow_both_ways=compute, every={2: 3})
    film = write_film(tmp_path / "pan.mkv", pan(8, **SIZE).frames)
    measures = measure_films([film], film, None, ReferenceFlow("sparse", opener), gaps=(1, 2))[0]
    assert [error is not None for error in measures.curves["warping_error_1"]] == [False, *[True] * 7]
    assert [error is not None for error in measures.curves["warping_error_2"]] == [n in (3, 6) for n in range(8)]


def test_flow_files_that_do_not_fit_the_film_are_an_error(tmp_path: Path) -> None:
    scene = pan(4, **SIZE)
    film = write_film(tmp_path / "film.mkv", scene.frames)
    with pytest.raises(VideoError, match="2 flows"):
        metrics_along(film, parse_reference_flow(str(write_flows(tmp_path / "few", pan(3, **SIZE)))))
    with pytest.raises(VideoError, match="64x48"):
        metrics_along(film, parse_reference_flow(str(write_flows(tmp_path / "small", pan(4, 64, 48)))))
    broken = write_flows(tmp_path / "broken", scene)
    (broken / "frame_0001.flo").write_bytes(b"PIEH")
    with pytest.raises(VideoError, match=r"not a \.flo file"):
        metrics_along(film, parse_reference_flow(str(broken)))
