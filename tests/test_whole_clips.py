"""The table over whole films: what is kept is used again."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from benchmarks import flow_folder
from benchmarks.flow_folder import kept_flow
from benchmarks.whole_clips import main
from benchmarks.worst_frames import worst_place
from streamstyle.media.probe import probe
from streamstyle.settings import FlowPreset, SourceSettings
from tests.films import pan, still, write_film


def run(film: Path, keep: Path, methods: str) -> str:
    """The first row of the table."""
    arguments = ["--film", str(film), "--style", "wave", "--methods", methods, "--size", "64x48", "--keep", str(keep)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output.splitlines()[2]


def test_films_flows_and_values_are_kept(tmp_path: Path) -> None:
    """A second run writes no file; a method that is added makes its own film and values, and no flow."""
    film = write_film(tmp_path / "pan.mkv", pan(14, 64, 48).frames)
    row = run(film, tmp_path / "kept", "live")
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").rglob("*.*")}
    assert len([path for path in files if path.suffix == ".npy"]) == 13 + 1  # all pairs, and frame 12 with frame 2
    assert run(film, tmp_path / "kept", "live") == row
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").rglob("*.*")} == files
    both = run(film, tmp_path / "kept", "live,live:steadiness=0")
    added = {path for path in (tmp_path / "kept").rglob("*.*") if path not in files}
    assert {path.suffix for path in added} == {".mkv", ".json"}
    assert both.split("|")[3].split(",")[0].strip() == row.split("|")[3].strip()


def test_a_flow_that_is_kept_is_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is that of the first time, rounded to half precision."""
    video = probe(write_film(tmp_path / "pan.mkv", pan(3, 64, 48).frames), SourceSettings())
    reference = kept_flow(FlowPreset.medium, tmp_path / "flows", {})
    with reference.open_correspondences(video, (1,)) as correspondences:
        computed = [each.by_gap[1].flow for each in list(correspondences)[1:]]
    monkeypatch.delattr(flow_folder, "compute_both_ways")
    with reference.open_correspondences(video, (1,)) as correspondences:
        read = [each.by_gap[1].flow for each in list(correspondences)[1:]]
    assert len(read) == 2
    assert all(torch.equal(one, other) for one, other in zip(computed, read, strict=True))
    assert float(computed[0].abs().mean()) > 0.5


def test_the_worst_place_is_where_the_films_differ_most(tmp_path: Path) -> None:
    """Two still films of four frames; in the third, the lower right quarter of one is white."""
    frames = still(4, 64, 48).frames
    changed = frames.copy()
    changed[1, :10, :10] = 255
    changed[2, 24:, 32:] = 255
    films = [write_film(tmp_path / "one.mkv", frames), write_film(tmp_path / "two.mkv", changed)]
    place = worst_place(films)
    assert place.shape == (24, 64, 3)
    assert place[:, 32:].mean() > 250
    assert abs(place[:, :32].astype(int) - frames[2, 24:, 32:]).mean() < 3
